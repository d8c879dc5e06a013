/** The commands about containers as a person types them: real daemon, real runtime, real busybox. */
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdtempSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReadStream } from 'node:tty';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadBinding } from '../../src/native/index.js';
import { commandEnvironment, MAIN, NO_INTERFACES, runCommand } from '../helpers/command.js';
import { busyboxImage, writeLayout } from '../helpers/oci-image.js';
import { sandboxProblem } from '../helpers/sandbox-fixture.js';

const problem = sandboxProblem();
if (problem !== undefined) console.warn(`containers-cli.test.ts skipped: ${problem}`);

/** Milliseconds for one step, which a busy machine cannot reach. */
const PATIENCE = 120_000;

let directory = '';
const launchport = (...args: readonly string[]) => runCommand(directory, args, PATIENCE, NO_INTERFACES);
/** A container without a network, which would be made on this machine. */
const runBusybox = (...args: readonly string[]) => ['run', '--rm', '--network', 'none', ...args];

/** A command that goes on; `input` is all of its stdin. */
function start(args: readonly string[], input?: Uint8Array) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: commandEnvironment(directory),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(input);
  const parts: Buffer[] = [];
  const waiting: { readonly text: string; readonly resolve: () => void }[] = [];
  child.stdout.on('data', (bytes: Buffer) => {
    parts.push(bytes);
    const all = Buffer.concat(parts);
    for (const { text, resolve } of waiting) if (all.includes(text)) resolve();
  });
  let errors = '';
  child.stderr.on('data', (bytes: Buffer) => {
    errors += bytes.toString();
  });
  const ended = new Promise<{ readonly code: number | null; readonly out: Buffer; readonly err: string }>(
    (done) => {
      child.on('close', (code) => done({ code, out: Buffer.concat(parts), err: errors }));
    },
  );
  const shows = (text: string) =>
    Promise.race([
      ended,
      new Promise<void>((resolve) => {
        if (Buffer.concat(parts).includes(text)) resolve();
        else waiting.push({ text, resolve });
      }),
    ]);
  return { kill: (signal: NodeJS.Signals) => child.kill(signal), ended, shows };
}

describe.skipIf(problem !== undefined)('containers on the command line', { timeout: 300_000 }, () => {
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'lp-cc-'));
    const layout = writeLayout(join(directory, 'layout'), busyboxImage());
    expect(await launchport('system', 'start', '--timeout', '100')).toMatchObject({ code: 0 });
    expect(await launchport('image', 'import', '--name', 'busybox', layout)).toMatchObject({ code: 0 });
  }, PATIENCE);
  afterAll(async () => {
    await launchport('system', 'stop');
    rmSync(directory, { recursive: true, force: true });
  }, PATIENCE);

  it('run passes every byte, the end of input, both outputs and the exit code', async () => {
    const bytes = randomBytes(1_500_000);
    const cat = start(runBusybox('-i', 'busybox', 'cat'), bytes);
    const { code, out } = await cat.ended;
    expect([code, out.equals(bytes)]).toEqual([0, true]);
    const mixed = await launchport(...runBusybox('busybox', 'sh', '-c', 'echo out; echo err >&2; exit 42'));
    expect(mixed).toEqual({ code: 42, stdout: 'out\n', stderr: 'err\n' });
    const killed = await launchport(...runBusybox('busybox', 'sh', '-c', 'kill -9 $$'));
    expect(killed.code).toBe(137);
    expect((await launchport(...runBusybox('busybox', 'no-such-command'))).code).toBe(127);
    const missing = await launchport(...runBusybox('alpine:latest', 'true'));
    expect(missing.code).toBe(4);
    expect(missing.stderr).toContain('launchport image import');
    expect((await launchport('ps', '-a', '-q')).stdout).toBe('');
  });

  it('signals of the command go to the process', async () => {
    const script = 'trap "echo got; exit 9" TERM; echo ready; while :; do sleep 0.1; done';
    const running = start(runBusybox('busybox', 'sh', '-c', script));
    await running.shows('ready');
    running.kill('SIGTERM');
    const { code, out } = await running.ended;
    expect([code, out.toString()]).toEqual([9, 'ready\ngot\n']);
  });

  it('a detached container is listed, entered, followed to its last line, stopped and removed', async () => {
    const script = 'trap "echo last; exit 0" TERM; echo first; while :; do sleep 0.1; done';
    const made = await launchport(
      'run',
      '-d',
      '--name',
      'web',
      '--network',
      'none',
      'busybox',
      'sh',
      '-c',
      script,
    );
    expect(made).toEqual({ code: 0, stdout: 'web\n', stderr: '' });
    expect(JSON.parse((await launchport('ps', '--json')).stdout)).toMatchObject([
      { id: 'web', status: { state: 'running' } },
    ]);
    const logs = start(['logs', '-f', 'web']);
    await logs.shows('first');
    expect(await launchport('exec', '-e', 'A=b', 'web', 'sh', '-c', 'echo $A; exit 3')).toMatchObject({
      code: 3,
      stdout: 'b\n',
    });
    expect((await launchport('top', 'web')).stdout).toContain('sleep 0.1');
    expect(await launchport('stop', '-t', '60', 'web')).toMatchObject({ code: 0, stdout: 'web\n' });
    expect((await logs.ended).out.toString()).toBe('first\nlast\n');
    expect(await launchport('rm', 'web')).toMatchObject({ code: 0 });
    expect((await launchport('inspect', 'web')).code).toBe(4);
  });

  it('with -it the process has a terminal of the same size, and the own one is as before at the end', async () => {
    const { openTerminal, resizeTerminal } = loadBinding();
    if (openTerminal === undefined || resizeTerminal === undefined) throw new Error('no terminals here');
    const { controller, terminal } = openTerminal({ columns: 91, rows: 17 });
    const modes = () =>
      spawnSync('stty', ['-a'], { stdio: [terminal, 'pipe', 'inherit'], encoding: 'utf8' }).stdout;
    const before = modes();
    const screen = new ReadStream(controller);
    try {
      let text = '';
      const shows = (wanted: RegExp) =>
        new Promise<void>((resolve) => {
          const look = () => {
            if (!wanted.test(text)) return;
            screen.off('data', look);
            resolve();
          };
          screen.on('data', look);
          look();
        });
      screen.on('data', (bytes) => {
        text += bytes.toString();
      });
      const child = spawn(
        process.execPath,
        [MAIN, ...runBusybox('-it', '--progress', 'none', 'busybox', 'sh')],
        {
          env: commandEnvironment(directory),
          stdio: [terminal, terminal, terminal],
        },
      );
      const ended = new Promise<number | null>((resolve) => {
        child.on('close', resolve);
      });
      const type = (words: string) => writeSync(controller, `${words}\n`);
      await shows(/# /);
      // What is typed shows up too, so that no answer may look like its question.
      type('until [ "$(stty size)" = "17 91" ]; do sleep 0.1; done; echo "$((6 * 7)):size"');
      await shows(/42:size/);
      type('exit $((3 + 4))');
      expect(await ended).toBe(7);
      expect(modes()).toBe(before);
    } finally {
      screen.destroy();
      closeSync(terminal);
    }
  });
});
