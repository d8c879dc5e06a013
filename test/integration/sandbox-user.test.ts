/** Sandboxes of an ordinary user, and processes on a terminal. */
import { execFile, execFileSync } from 'node:child_process';
import { closeSync, writeSync } from 'node:fs';
import { chmod, chown, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ReadStream } from 'node:tty';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadBinding } from '../../src/native/index.js';
import { SandboxFixture, sandboxProblem } from '../helpers/sandbox-fixture.js';

const problem = sandboxProblem();
if (problem !== undefined) console.log(`sandboxes of users are not tested: ${problem}`);

const NOBODY = 65_534;
const AS_NOBODY = ['--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups'];
const BUILT = resolve(import.meta.dirname, '../../dist/plugins/sandboxd/sandbox/index.js');

/** Makes a sandbox, runs commands in it as two users, and prints what came of it. */
const SCRIPT = `
const { createSandbox } = await import(process.argv[1]);
const { openSync, readFileSync } = await import('node:fs');
const [, , root, stateDirectory] = process.argv;
const sandbox = await createSandbox({
  id: 'of-nobody-' + process.pid, root, isReadOnly: true, hostname: 'box', mounts: [], tmpfs: [], network: 'own',
  files: { '/etc/hosts': 'hosts\\n' }, resources: {}, capabilities: { add: [], drop: [] }, sysctls: {}, stateDirectory,
});
let count = 0;
async function run(how, script, uid) {
  const path = stateDirectory + '/output-' + (count += 1);
  const input = openSync('/dev/null', 'r');
  const output = openSync(path, 'w');
  const process = await sandbox[how]({
    executable: 'sh', arguments: ['-c', script], environment: ['PATH=/bin'], workingDirectory: '/',
    user: { uid, gid: uid }, supplementalGroups: [], rlimits: [], isTerminal: false,
  }, { stdin: input, stdout: output, stderr: output });
  return { process, end: async () => [(await process.exited).code, readFileSync(path, 'utf8')] };
}
const command = await run('start', 'sleep 1000', 0);
const asRoot = await (await run('exec', 'busybox id -u; cat /etc/hosts; echo x > /x', 0)).end();
const asUser = await (await run('exec', 'busybox id -u; busybox id -g; busybox grep CapEff /proc/self/status', 1234)).end();
const processes = (await sandbox.processes()).map(({ command, user }) => [command, user]);
command.process.kill(15);
const ended = await command.end();
await sandbox.destroy();
console.log(JSON.stringify({ asRoot, asUser, processes, ended }));
`;

function canTry(): string | undefined {
  if (process.getuid?.() !== 0) return 'the other tests run as an ordinary user already';
  try {
    execFileSync('setpriv', [...AS_NOBODY, 'test', '-r', BUILT], { stdio: 'pipe' });
    execFileSync('setpriv', [...AS_NOBODY, process.execPath, '--version'], { stdio: 'pipe' });
    execFileSync('setpriv', [...AS_NOBODY, 'unshare', '--user', '--map-root-user', '--net', 'true'], {
      stdio: 'pipe',
    });
    return undefined;
  } catch (error) {
    return `nobody cannot run it: ${error instanceof Error ? error.message : error}`;
  }
}

describe.skipIf(problem !== undefined)('a sandbox', { timeout: 180_000 }, () => {
  let fixture: SandboxFixture;

  beforeAll(async () => {
    fixture = await SandboxFixture.make();
  }, 60_000);
  afterEach(() => fixture.destroyAll(), 120_000);
  afterAll(() => fixture.remove());

  it('works for an ordinary user, who is root in it, and for users that only it knows', async (context) => {
    const reason = canTry();
    if (reason !== undefined) {
      console.log(`sandboxes of an ordinary user are not tested: ${reason}`);
      context.skip(reason);
    }
    const state = join(fixture.directory, 'of-nobody');
    await mkdir(state);
    await chown(state, NOBODY, NOBODY);
    await chmod(fixture.directory, 0o755);
    const args = [process.execPath, '--input-type=module', '-e', SCRIPT, BUILT, fixture.root, state];
    const { stdout, stderr } = await new Promise<{ stdout: string; stderr: string }>((done) => {
      execFile(
        'setpriv',
        [...AS_NOBODY, ...args],
        { cwd: '/', env: { PATH: process.env.PATH }, timeout: 120_000 },
        (_error, stdout, stderr) => done({ stdout, stderr }),
      );
    });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      asRoot: [1, "0\nhosts\nsh: can't create /x: Read-only file system\n"],
      asUser: [0, '1234\n1234\nCapEff:\t0000000000000000\n'],
      processes: [['sleep 1000', '0']],
      ended: [143, ''],
    });
  });

  it('gives a process its terminal, which interrupts it', async () => {
    const sandbox = await fixture.sandbox();
    const pair = loadBinding().openTerminal?.({ columns: 91, rows: 37 });
    if (pair === undefined) throw new Error('the addon opens no terminals');
    const { controller, terminal } = pair;
    const starting = sandbox.start(
      {
        executable: 'sh',
        arguments: ['-c', 'busybox stty size; [ -t 0 ] && echo x > /dev/tty && echo ready; sleep 1000'],
        environment: ['PATH=/bin'],
        workingDirectory: '/',
        user: { uid: 0, gid: 0 },
        supplementalGroups: [],
        rlimits: [],
        isTerminal: true,
      },
      { stdin: terminal, stdout: terminal, stderr: terminal },
    );
    closeSync(terminal);
    const command = await starting;
    const screen = new ReadStream(controller);
    let text = '';
    // The end of a terminal whose processes are gone is an error (EIO).
    screen.on('error', () => {});
    await new Promise<void>((resolve) => {
      screen.on('data', (chunk) => {
        text += String(chunk);
        if (text.includes('ready')) resolve();
      });
      void command.exited.then(() => resolve());
    });
    expect(text).toBe('37 91\r\nx\r\nready\r\n');
    writeSync(controller, '\x03');
    expect((await command.exited).code).toBe(130);
    screen.destroy();
  });
});
