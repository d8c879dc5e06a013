/** The commands about jobs against a real daemon: what a person types, in order. */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { run } from '../../src/cli/run.js';
import { buildJobPlist, parsePrint } from '../../src/launchd/index.js';
import { captureContext } from '../helpers/cli-context.js';
import { commandEnvironment, MAIN, type Outcome, runCommand } from '../helpers/command.js';
import { useDirectory } from '../plugin/bundles.js';

const LABEL = 'com.example.ticker';
const directory = useDirectory();
const environment = () => commandEnvironment(directory());

/** A program of its own. */
const program = (...args: readonly string[]) => runCommand(directory(), args, 90_000);

/** The same, in this process, which takes a tenth of the time. */
async function launchport(...args: readonly string[]): Promise<Outcome> {
  const context = captureContext(environment(), directory());
  const code = await run(args, context);
  return { code, stdout: context.output(), stderr: context.errors() };
}

/** A command that goes on: its lines as they come, and its end on SIGINT. */
function following(...args: readonly string[]) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: environment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  const waiting: { readonly test: (line: string) => boolean; readonly resolve: () => void }[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    for (const { test, resolve } of waiting) if (test(line)) resolve();
  });
  const ended = new Promise<number | null>((resolve) => {
    child.on('close', resolve);
  });
  return {
    lines,
    line: (test: (line: string) => boolean) =>
      new Promise<void>((resolve) => {
        if (lines.some(test)) resolve();
        else waiting.push({ test, resolve });
      }),
    interrupt: () => {
      child.kill('SIGINT');
      return ended;
    },
  };
}

it.runIf(process.platform === 'linux')(
  'loads, prints, follows, signals, disables and unloads a job of the daemon, and tells what happened',
  async () => {
    const log = join(directory(), 'ticker.log');
    const plist = join(directory(), `${LABEL}.plist`);
    const script = 'trap "echo usr1" USR1; echo ready $$; while :; do sleep 0.1; done';
    writeFileSync(
      plist,
      buildJobPlist({
        Label: LABEL,
        ProgramArguments: ['/bin/sh', '-c', script],
        StandardOutPath: log,
        StandardErrorPath: log,
      }),
      { mode: 0o600 },
    );
    expect(await launchport('plist', 'lint', plist)).toMatchObject({ code: 0, stdout: `${plist}: ok\n` });

    const without = await launchport('job', 'list');
    expect(without.code).toBe(3);
    expect(without.stderr).toContain('launchport system start');

    expect(await program('system', 'start')).toMatchObject({ code: 0 });
    const events = following('events', '--json');
    const logs: ReturnType<typeof following>[] = [];
    try {
      // The stream begins when the daemon has been asked for it: something is made to happen until it tells.
      let isHeard = false;
      const heard = events
        .line((line) => line.includes('com.example.other'))
        .then(() => {
          isHeard = true;
        });
      // Only a change is an event.
      for (let isDisabled = false; !isHeard; isDisabled = !isDisabled) {
        const verb = isDisabled ? 'enable' : 'disable';
        expect(await launchport('job', verb, 'com.example.other')).toMatchObject({ code: 0 });
      }
      await heard;

      const loaded = await launchport('job', 'bootstrap', plist);
      expect(loaded).toMatchObject({ code: 0, stderr: '' });
      const target = loaded.stdout.replace(/: loaded\n$/, '');
      expect(target).toMatch(new RegExp(`^(user/\\d+|system)/${LABEL}$`));
      const started = await launchport('job', 'kickstart', '--json', LABEL);
      const [{ pid }] = JSON.parse(started.stdout) as [{ pid: number }];

      const follow = following('job', 'logs', '-f', LABEL);
      logs.push(follow);
      await follow.line((line) => line === `ready ${pid}`);
      expect(await launchport('job', 'kill', 'USR1', target)).toMatchObject({ code: 0 });
      await follow.line((line) => line === 'usr1');
      expect(await follow.interrupt()).toBe(0);

      const printed = await launchport('job', 'print', LABEL);
      const status = JSON.parse((await launchport('job', 'print', LABEL, '--json')).stdout);
      expect(status).toMatchObject({ target, state: 'running', pid, runs: 1, stdoutPath: log });
      expect(parsePrint(printed.stdout, status.target)).toMatchObject({ state: 'running', pid });
      expect((await launchport('job', 'list')).stdout).toMatch(new RegExp(`^${pid} +0 +${LABEL}$`, 'm'));
      expect((await launchport('complete', '--', 'job', 'print', 'com.ex')).stdout).toBe(`${LABEL}\n`);

      expect(await launchport('job', 'bootout', LABEL)).toMatchObject({ code: 0 });
      expect(await launchport('job', 'print', LABEL)).toMatchObject({ code: 4 });
      await launchport('job', 'disable', LABEL);
      expect(await launchport('job', 'bootstrap', plist)).toMatchObject({ code: 5 });
      expect((await launchport('job', 'list', '--disabled')).stdout).toContain(`disabled  ${LABEL}\n`);

      await events.line((line) => line.includes(LABEL) && line.includes('"disabled"'));
      const kinds = events.lines
        .map((line) => JSON.parse(line) as { kind: string; label: string })
        .filter(({ label }) => label === LABEL)
        .map(({ kind }) => kind);
      expect(kinds).toEqual(['loaded', 'spawned', 'exiting', 'exited', 'removed', 'disabled']);
      expect(await events.interrupt()).toBe(0);
    } finally {
      await Promise.all([events, ...logs].map((each) => each.interrupt()));
      expect(await program('system', 'stop')).toMatchObject({ code: 0 });
    }
  },
  180_000,
);

it.runIf(process.platform === 'linux')('asks systemd when told to, and says what is missing', async () => {
  const asked = join(directory(), 'asked');
  const bin = join(directory(), 'bin');
  mkdirSync(bin);
  writeFileSync(
    join(bin, 'systemctl'),
    `#!/bin/sh\necho "$@" >> '${asked}'\necho 'Failed to connect to bus: No medium found' >&2\nexit 1\n`,
    { mode: 0o755 },
  );
  const path = { PATH: `${bin}:${process.env.PATH}` };
  const listed = await runCommand(directory(), ['job', '--systemd', 'print', LABEL, '--json'], 60_000, path);
  expect(JSON.parse(listed.stderr).error.code).toBe('ERR_LAUNCHD_NO_DOMAIN');
  expect(listed.code).toBe(8);
  expect(readFileSync(asked, 'utf8')).toContain('--user');
});
