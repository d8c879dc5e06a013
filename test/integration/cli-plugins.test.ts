/** CLI plugins as processes: what reaches them, and how they end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { commandEnvironment, MAIN } from '../helpers/command.js';
import { makeBundle, useDirectory } from '../plugin/bundles.js';

const directory = useDirectory();

/** A CLI plugin whose executable is this script. */
function makePlugin(name: string, script: string): void {
  const bundle = makeBundle(join(directory(), 'plugins'), name);
  writeFileSync(join(bundle, 'bin', name), script, { mode: 0o755 });
}

/** Starts the command line as a shell would, with no terminal. */
function start(
  args: readonly string[],
  more: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string } = {},
) {
  const child = spawn(process.execPath, [MAIN, '--plugin-dir', join(directory(), 'plugins'), ...args], {
    env: { ...commandEnvironment(directory()), ...more.env },
    cwd: more.cwd ?? directory(),
    stdio: ['pipe', 'pipe', 'pipe'],
    // Away from a terminal, whose signals would not be passed on.
    detached: true,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, stdout, stderr }));
  return { child, ended };
}

it('hands a plugin its arguments, input, environment and directory, and ends with its code', async () => {
  makePlugin(
    'show',
    `#!/bin/sh
printf '%s\\n' "$0" "$#" "$1" "$2" "$3" "$MARK" "$(pwd -P)"
cat
echo problem >&2
exit 42
`,
  );
  const cwd = join(directory(), 'elsewhere');
  mkdirSync(cwd);
  const { child, ended } = start(['show', '--json', 'a b', '--plugin-dir'], { env: { MARK: 'here' }, cwd });
  child.stdin.end('from stdin\n');
  expect(await ended).toEqual({
    code: 42,
    signal: null,
    stdout: [
      join(directory(), 'plugins/show/bin/show'),
      '3',
      '--json',
      'a b',
      '--plugin-dir',
      'here',
      realpathSync(cwd),
      'from stdin\n',
    ].join('\n'),
    stderr: 'problem\n',
  });
});

it('ends by the signal that ended the plugin', async () => {
  makePlugin('hit', '#!/bin/sh\nkill -KILL $$\n');
  const { ended } = start(['hit']);
  expect(await ended).toMatchObject({ code: null, signal: 'SIGKILL' });
});

it('passes signals on, and leaves the end to the plugin', async () => {
  makePlugin(
    'wait',
    `#!${process.execPath}
for (const signal of ['SIGTERM', 'SIGINT', 'SIGUSR1'])
  process.on(signal, () => {
    console.log(signal);
    if (signal === 'SIGTERM') process.exit(9);
  });
setInterval(() => {}, 1000);
console.log('ready');
`,
  );
  const { child, ended } = start(['wait']);
  // One after the other: signals have no order among themselves.
  let seen = '';
  child.stdout.on('data', (chunk) => {
    seen += chunk;
    const next = { ready: 'SIGINT', SIGINT: 'SIGUSR1', SIGUSR1: 'SIGTERM' } as const;
    const last = seen.trim().split('\n').at(-1) as keyof typeof next;
    if (seen.endsWith('\n') && next[last] !== undefined) child.kill(next[last]);
  });
  expect(await ended).toMatchObject({ code: 9, signal: null, stdout: 'ready\nSIGINT\nSIGUSR1\nSIGTERM\n' });
});

it('runs the help of a plugin, and says when its interpreter is missing', async () => {
  makePlugin('talk', '#!/bin/sh\necho "usage: talk; got $*"\n');
  expect(await start(['help', 'talk']).ended).toMatchObject({ code: 0, stdout: 'usage: talk; got --help\n' });
  makePlugin('mute', '#!/no/such/interpreter\n');
  expect(await start(['mute']).ended).toMatchObject({
    code: 6,
    stderr: expect.stringMatching(/bin\/mute: cannot be started.*ERR_PLUGIN_BINARY.*#!\/bin\/sh/s),
  });
});
