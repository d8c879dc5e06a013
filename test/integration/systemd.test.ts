/** Units under systemd's own eyes: its verifier reads them, and its socket activation starts a job of ours. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { accessSync, chmodSync, constants, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { JobDefinition } from '../../src/launchd/index.js';
import { bootstrapPath, loadBinding } from '../../src/native/index.js';
import { systemdUnits } from '../../src/systemd/index.js';
import { XpcTransport } from '../../src/xpc/index.js';
import { eventually } from '../native/eventually.js';
import { readUnit, readWords } from '../systemd/unit-reader.js';

const run = promisify(execFile);
const JOB = join(import.meta.dirname, 'supervisor/job.mjs');
const SERVICE = 'com.example.job.service';

/** Whether a tool is in PATH; says why tests are skipped when it is not. */
function hasTool(name: string): boolean {
  const isThere = (process.env.PATH ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (!isThere) console.log(`skipped: ${name} is not here (package systemd)`);
  return isThere;
}

class Directory implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'lp-'));
  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

const DEFINITIONS: Readonly<Record<string, Omit<JobDefinition, 'Label'>>> = {
  'a plain service': { ProgramArguments: ['/bin/echo', 'a'], MachServices: { 'com.example.a': true } },
  'three services': {
    ProgramArguments: ['/bin/echo'],
    MachServices: { a: true, b: { ResetAtClose: true }, c: { HideUntilCheckIn: true } },
  },
  'strange words': {
    Program: '/bin/echo',
    ProgramArguments: ['e c"h\\o', ';', '$HOME', '%n', 'a\nb\t', "it's", '', 'ä😀', '-x', '#'],
    EnvironmentVariables: { A: 'x "y" %z\n\\', B: '' },
  },
  'all places': {
    ProgramArguments: ['/bin/echo'],
    WorkingDirectory: '/tmp/a b%c',
    StandardInPath: '/dev/null',
    StandardOutPath: '/tmp/out %n "q"',
    StandardErrorPath: '/tmp/err',
    Umask: 0o27,
    Nice: 5,
    SoftResourceLimits: { Core: 0, CPU: 5, NumberOfFiles: 64, Stack: 9223372036854775807n },
    HardResourceLimits: { NumberOfFiles: 128, MemoryLock: 65536, Data: 1, FileSize: 2, ResidentSetSize: 3 },
    ProcessType: 'Background',
    LowPriorityIO: true,
    AbandonProcessGroup: true,
    ExitTimeOut: 0,
    ThrottleInterval: 0,
    LaunchOnlyOnce: true,
  },
  'all triggers': {
    ProgramArguments: ['/bin/echo'],
    StartInterval: 5,
    StartCalendarInterval: [{}, { Minute: 5, Hour: 23, Day: 31, Weekday: 7, Month: 12 }, { Weekday: 3 }],
    WatchPaths: ['/tmp/a b', '/tmp/%'],
    QueueDirectories: ['/tmp/queue'],
    KeepAlive: { PathState: { '/tmp/x': true }, SuccessfulExit: true, Crashed: true },
    RunAtLoad: true,
  },
  'always alive': { ProgramArguments: ['/bin/echo'], KeepAlive: true },
  'after failures': { ProgramArguments: ['/bin/echo'], KeepAlive: { SuccessfulExit: false } },
  'unless crashed': { ProgramArguments: ['/bin/echo'], KeepAlive: { Crashed: false } },
};

describe.skipIf(!hasTool('systemd-analyze'))('systemd-analyze verify', () => {
  it.each(Object.entries(DEFINITIONS))(
    'has no complaint about %s',
    { timeout: 120_000 },
    async (_name, definition) => {
      using directory = new Directory();
      const { path } = directory;
      const Label = 'com.example+a@1:b';
      const plan = systemdUnits(
        { Label, ...definition },
        { bootstrap: join(path, 'run'), throttle: join(path, 't') },
      );
      const files = plan.units.map(({ name, content }) => {
        writeFileSync(join(path, name), content, { mode: 0o644 });
        return join(path, name);
      });
      const environment = { ...process.env, XDG_RUNTIME_DIR: path, SYSTEMD_LOG_LEVEL: 'info' };
      const { stdout, stderr } = await run('systemd-analyze', ['--user', '--man=no', 'verify', ...files], {
        env: environment,
      });
      expect(stdout + stderr).toBe('');
    },
  );

  it('does complain about a unit that is wrong, so its silence means something', {
    timeout: 120_000,
  }, async () => {
    using directory = new Directory();
    const file = join(directory.path, 'launchport.bad.service');
    writeFileSync(file, '[Service]\nExecStart=/bin/echo\nNotASetting=1\nUMask=99\n');
    const environment = { ...process.env, XDG_RUNTIME_DIR: directory.path };
    const { stderr } = await run('systemd-analyze', ['--user', '--man=no', 'verify', file], {
      env: environment,
    });
    expect(stderr).toMatch(/NotASetting/);
    expect(stderr).toMatch(/UMask|99/);
  });

  it('reads calendars as they were meant', { timeout: 60_000 }, async () => {
    const definition = {
      Label: 'a',
      ProgramArguments: ['/bin/echo'],
      StartCalendarInterval: { Weekday: 0, Hour: 3 },
    };
    const timer = systemdUnits(definition).units.find(({ name }) => name.endsWith('.timer'));
    const [expression = ''] =
      readUnit(timer?.content ?? '')
        .get('Timer')
        ?.get('OnCalendar') ?? [];
    const { stdout } = await run('systemd-analyze', ['calendar', expression]);
    expect(stdout).toContain('Normalized form: Sun *-*-* 03:*:00');
  });
});

describe('the throttle before a start', () => {
  it('waits for the rest of the interval since the last start, and not at all the first time', async () => {
    using directory = new Directory();
    const definition = { Label: 'a', ProgramArguments: ['/bin/echo'], ThrottleInterval: 4321 };
    const unit = readUnit(
      systemdUnits(definition, { throttle: join(directory.path, 'a b') }).units[0]?.content ?? '',
    );
    const words = readWords(unit.get('Service')?.get('ExecStartPre')?.[0] ?? '');
    const [shell = '', ...rest] = [words[0]?.replace(/^-:/, '') ?? '', ...words.slice(1)];
    // What it would sleep is printed instead.
    const sleep = join(directory.path, 'sleep');
    writeFileSync(sleep, '#!/bin/sh\necho "sleep $1"\n');
    chmodSync(sleep, 0o755);
    const env = { PATH: `${directory.path}${delimiter}${process.env.PATH}` };
    const first = await run(shell, rest, { env });
    expect([first.stdout, first.stderr]).toEqual(['', '']);
    const second = await run(shell, rest, { env });
    const seconds = Number(/^sleep (\d+)\n$/.exec(second.stdout)?.[1]);
    expect(seconds).toBeGreaterThan(4000);
    expect(seconds).toBeLessThanOrEqual(4321);
    expect(second.stderr).toBe('');
  });
});

describe.skipIf(!hasTool('systemd-socket-activate'))('systemd-socket-activate', () => {
  it('launchd case 14: the first message to a service starts the job, which answers it', async () => {
    using directory = new Directory();
    const bootstrap = join(directory.path, 'bootstrap');
    mkdirSync(bootstrap, { mode: 0o700 });
    const starts = join(directory.path, 'starts');
    const path = bootstrapPath(bootstrap, SERVICE);
    const activator = spawn(
      'systemd-socket-activate',
      [
        ...['--seqpacket', `--listen=${path}`, `--fdname=${SERVICE}`],
        ...[`--setenv=STARTS=${starts}`, `--setenv=LAUNCHPORT_BOOTSTRAP=${bootstrap}`],
        ...[process.execPath, JOB],
      ],
      { stdio: ['ignore', 'inherit', 'pipe'] },
    );
    try {
      await listening(activator);
      const transport = new XpcTransport(loadBinding());
      try {
        const connection = transport.connect(SERVICE, { bootstrap, timeout: 60_000 });
        const replies = await Promise.all([1n, 2n, 3n].map((n) => connection.request({ n })));
        expect(replies.map(({ n }) => n)).toEqual([1n, 2n, 3n]);
        // The activator becomes the job: a new one would have another pid.
        expect(replies[0]?.pid).toBe(BigInt(activator.pid ?? 0));
      } finally {
        await transport.close();
      }
    } finally {
      activator.kill('SIGKILL');
    }
  });
});

async function listening(activator: ChildProcess): Promise<void> {
  let output = '';
  activator.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  await eventually('the activator', () => /Listening on/.test(output));
}
