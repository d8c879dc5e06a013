import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isLaunchportError } from '../../../src/base/index.js';
import {
  type CommandRunner,
  LaunchctlControl,
  runCommand,
  writeJobPlist,
} from '../../../src/launchd/index.js';
import { rejectionOf } from '../../helpers/thrown.js';

const FAKE = join(import.meta.dirname, 'fake-launchctl.mjs');
const ECHO = 'user/501/com.example.echo';
const RUNNING = `${ECHO} = {\n\tstate = running\n\tpid = 4711\n}\n`;
const ABSENT = { exit: 113, stderr: 'Could not find service\n' };

let directory: string;
let script: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lp-'));
  script = join(directory, 'script.json');
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Runs the scripted launchctl in place of the real one. */
const runner: CommandRunner = (_file, args, options) =>
  runCommand(process.execPath, [FAKE, script, ...args], options);

function play(answers: object): void {
  writeFileSync(script, JSON.stringify(answers));
}

/** The arguments of every run so far. */
function runs(): string[][] {
  if (!existsSync(`${script}.log`)) return [];
  return readFileSync(`${script}.log`, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

describe('runCommand', () => {
  const run = (answer: object, options = {}) => {
    play({ verb: [answer] });
    return runner('', ['verb'], { timeout: 30_000, ...options });
  };

  it('reads exit status, stdout and stderr', async () => {
    expect(await run({ exit: 113, stdout: 'out\n', stderr: 'err é\n' })).toEqual({
      exitStatus: 113,
      signal: undefined,
      isTimedOut: false,
      stdout: 'out\n',
      stderr: 'err é\n',
    });
  });

  it('reads the signal that ended the tool', async () => {
    expect(await run({ kill: 'SIGTERM', hang: true })).toMatchObject({
      exitStatus: undefined,
      signal: 'SIGTERM',
      isTimedOut: false,
    });
  });

  it('passes arguments as they are, through no shell', async () => {
    play({ verb: [{}] });
    const args = ['verb', '$HOME', '`id`', 'a b', "'", '*', ''];
    await runner('', args, { timeout: 30_000 });
    expect(runs()).toEqual([args]);
  });

  it('launchd case 53: kills a tool whose time is up, and says so', async () => {
    const result = await run({ hang: true }, { timeout: 300 });
    expect(result).toMatchObject({ exitStatus: undefined, signal: 'SIGKILL', isTimedOut: true });
  });

  it('launchd case 53: does not wait for a process that the tool left behind', async () => {
    const pidFile = join(directory, 'orphan.pid');
    const result = await runCommand('/bin/sh', ['-c', `sleep 60 & echo $! > ${pidFile}; wait`], {
      timeout: 2000,
    });
    process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL'); // it still runs, and held the pipes
    expect(result).toMatchObject({ signal: 'SIGKILL', isTimedOut: true });
  });

  it('kills the tool when the caller aborts', async () => {
    const controller = new AbortController();
    const result = run({ hang: true }, { signal: controller.signal });
    controller.abort();
    expect((await rejectionOf(result)).code).toBe('ERR_ABORTED');
    expect((await rejectionOf(run({}, { signal: controller.signal }))).code).toBe('ERR_ABORTED');
  });

  it('bounds what it reads', async () => {
    const error = await rejectionOf(run({ flood: 32 << 20 }));
    expect(error.code).toBe('ERR_LAUNCHD_COMMAND');
  });

  it('says that there is no such tool', async () => {
    const error = await rejectionOf(runCommand(join(directory, 'none'), [], { timeout: 1000 }));
    expect(error.code).toBe('ERR_UNSUPPORTED');
    expect(error.hint).toContain('supervisor');
    const notExecutable = await rejectionOf(runCommand(FAKE, [], { timeout: 1000 }));
    expect(notExecutable.code).toBe('ERR_LAUNCHD_COMMAND');
  });
});

describe('LaunchctlControl over real processes', () => {
  const control = new LaunchctlControl({ runner });

  async function plist(): Promise<string> {
    const path = join(directory, 'service.plist');
    await writeJobPlist(path, {
      Label: 'com.example.echo',
      ProgramArguments: ['/usr/local/libexec/echo'],
      LimitLoadToSessionType: ['Aqua', 'Background', 'System'],
    });
    return path;
  }

  it('loads, looks at, starts and unloads a job', async () => {
    const path = await plist();
    play({
      managername: [{ stdout: 'Background\n' }],
      bootstrap: [{}],
      kickstart: [{ stdout: '4711\n' }],
      bootout: [{}],
      print: [ABSENT, { stdout: RUNNING }, { stdout: RUNNING }, ABSENT],
    });
    expect(await control.bootstrap('user/501', path)).toBe(ECHO);
    expect(await control.print(ECHO)).toMatchObject({ state: 'running', pid: 4711 });
    expect(await control.kickstart(ECHO)).toBe(4711);
    await control.bootout(ECHO);
    expect(await control.managerName()).toBe('Background');
    expect(runs()).toEqual([
      ['print', ECHO],
      ['bootstrap', 'user/501', path],
      ['print', ECHO],
      ['kickstart', '-p', ECHO],
      // How long may it take to end?
      ['print', ECHO],
      ['bootout', ECHO],
      ['print', ECHO],
      ['managername'],
    ]);
  });

  it('keeps stderr and the exit status of a failure', async () => {
    const stderr = 'Bootstrap failed: 125: Domain does not support specified action\n';
    play({ print: [ABSENT], bootstrap: [{ exit: 125, stderr }] });
    const error = await rejectionOf(control.bootstrap('user/501', await plist()));
    expect(error.code).toBe('ERR_LAUNCHD_NO_DOMAIN');
    expect(error.details).toMatchObject({ exitStatus: 125, stderr });
  });

  it('launchd case 53: a bootstrap that hangs is looked at, not repeated', async () => {
    play({ print: [ABSENT], bootstrap: [{ hang: true }] });
    const error = await rejectionOf(control.bootstrap('user/501', await plist(), { timeout: 20_000 }));
    expect(isLaunchportError(error, 'ERR_LAUNCHD_UNKNOWN_OUTCOME')).toBe(true);
    expect(runs().filter(([verb]) => verb === 'bootstrap')).toHaveLength(1);
    expect(runs().at(-1)).toEqual(['print', ECHO]);
  });
});
