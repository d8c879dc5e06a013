/** The supervisor's system calls on Linux: sockets, locks, watches, processes. */
import { execFile, spawn as spawnChild } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  addonPaths,
  type Handle,
  loadBinding,
  type SpawnOptions,
  type SupervisorPort,
} from '../../src/native/index.js';
import { eventually } from './eventually.js';

interface Exit {
  readonly process: Handle;
  readonly exitCode: number;
  readonly signal: number;
}

const PARENT_SCRIPT = fileURLToPath(new URL('./fixtures/parent.mjs', import.meta.url));

describe.runIf(process.platform === 'linux')('SupervisorPort', () => {
  let directory: string;
  let port: SupervisorPort;
  let demands: number[];
  let exits: Exit[];
  let opened: number[];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'lp-'));
    demands = [];
    exits = [];
    opened = [];
    port = openPort();
    port.setActive(true);
  });

  afterEach(() => {
    port.close();
    for (const descriptor of opened) closeSync(descriptor);
    rmSync(directory, { recursive: true });
  });

  function openPort(): SupervisorPort {
    const { openSupervisor } = loadBinding();
    if (openSupervisor === undefined) throw new Error('the binding has no supervisor');
    return openSupervisor({
      demand: (descriptor) => demands.push(descriptor),
      exit: (process, exitCode, signal) => exits.push({ process, exitCode, signal }),
    });
  }

  function open(path: string, flags: string): number {
    const descriptor = openSync(path, flags);
    opened.push(descriptor);
    return descriptor;
  }

  function options(overrides: Partial<SpawnOptions> = {}): SpawnOptions {
    const nothing = open('/dev/null', 'r+');
    return {
      file: '/bin/sh',
      args: ['sh', '-c', 'exit 0'],
      env: ['PATH=/usr/bin:/bin'],
      cwd: directory,
      stdio: [nothing, nothing, nothing],
      listeners: [],
      ...overrides,
    };
  }

  /** Runs a shell script to its end, and gives what it wrote. */
  async function run(script: string, overrides: Partial<SpawnOptions> = {}): Promise<string> {
    const path = join(directory, 'output');
    const output = open(path, 'w');
    const base = options(overrides);
    const { process } = port.spawn({
      ...base,
      args: ['sh', '-c', script],
      stdio: overrides.stdio ?? [base.stdio[0], output, output],
    });
    await eventually('exit', () => exits.some((exit) => exit.process === process));
    return readFileSync(path, 'utf8');
  }

  function socketPath(name = 'com.example.service'): string {
    return join(directory, name);
  }

  describe('listeners', () => {
    it('binds with mode 0600 whatever the umask, and leaves no temporary file', () => {
      const umask = process.umask(0);
      try {
        port.createListener(socketPath(), 8);
      } finally {
        process.umask(umask);
      }
      expect(statSync(socketPath()).isSocket()).toBe(true);
      expect(statSync(socketPath()).mode & 0o777).toBe(0o600);
      expect(readdirSync(directory)).toEqual(['com.example.service']);
    });

    it('replaces a stale socket at the path', () => {
      const old = port.createListener(socketPath(), 8);
      port.closeDescriptor(old);
      expect(port.isListening(socketPath())).toBe(false);
      port.createListener(socketPath(), 8);
      expect(port.isListening(socketPath())).toBe(true);
    });

    it('takes the longest path that a client can connect to, and refuses a longer one', () => {
      const longest = join(directory, 'x'.repeat(107 - Buffer.byteLength(directory) - 1));
      port.createListener(longest, 8);
      expect(port.isListening(longest)).toBe(true);
      expect(() => port.createListener(`${longest}x`, 8)).toThrow(
        expect.objectContaining({ code: 'ENAMETOOLONG' }),
      );
    });

    it('fails for a directory that is not there', () => {
      const path = join(directory, 'nowhere', 'service');
      expect(() => port.createListener(path, 8)).toThrow(
        expect.objectContaining({ code: 'ENOENT', syscall: 'open' }),
      );
    });

    it('does not listen where there is no socket, or no listener', () => {
      writeFileSync(join(directory, 'file'), '');
      expect(port.isListening(join(directory, 'file'))).toBe(false);
      expect(port.isListening(join(directory, 'nothing'))).toBe(false);
      expect(port.isListening(`/${'x'.repeat(200)}`)).toBe(false);
    });

    it('listens still when the backlog is full', () => {
      port.createListener(socketPath(), 0);
      expect([1, 2, 3].map(() => port.isListening(socketPath()))).toEqual([true, true, true]);
    });

    it('knows who listens', () => {
      expect(port.listenerPid(port.createListener(socketPath(), 8))).toBe(process.pid);
      expect(() => port.listenerPid(999_999)).toThrow(expect.objectContaining({ code: 'EBADF' }));
    });

    it('closes only what it created', () => {
      const descriptor = port.createListener(socketPath(), 8);
      port.closeDescriptor(descriptor);
      expect(() => port.closeDescriptor(descriptor)).toThrow(expect.objectContaining({ code: 'EBADF' }));
      expect(() => port.closeDescriptor(open('/dev/null', 'r'))).toThrow(
        expect.objectContaining({ code: 'EBADF' }),
      );
    });
  });

  describe('watches', () => {
    it('reports a waiting client once per watch', async () => {
      const descriptor = port.createListener(socketPath(), 8);
      port.watch(descriptor);
      port.watch(descriptor);
      port.isListening(socketPath());
      await eventually('demand', () => demands.length > 0);
      port.isListening(socketPath());
      await run('exit 0');
      expect(demands).toEqual([descriptor]);
      // Nobody accepted the client, so the next watch reports it again.
      port.watch(descriptor);
      await eventually('second demand', () => demands.length > 1);
      expect(demands).toEqual([descriptor, descriptor]);
    });

    it('reports nothing after unwatch or close', async () => {
      const first = port.createListener(socketPath('first'), 8);
      const second = port.createListener(socketPath('second'), 8);
      port.watch(first);
      port.watch(second);
      port.isListening(socketPath('first'));
      port.isListening(socketPath('second'));
      port.unwatch(first);
      port.closeDescriptor(second);
      await run('exit 0');
      expect(demands).toEqual([]);
    });

    it('may be closed by its own report', async () => {
      const other = loadBinding().openSupervisor?.({
        demand: (descriptor) => {
          demands.push(descriptor);
          other?.close();
        },
        exit: () => {},
      });
      const descriptor = other?.createListener(socketPath(), 8) ?? -1;
      other?.watch(descriptor);
      other?.isListening(socketPath());
      await eventually('demand', () => demands.length > 0);
      other?.closeDescriptor(descriptor);
    });
  });

  describe('lock', () => {
    it('is exclusive until its descriptor is closed', () => {
      const path = join(directory, 'lock');
      const descriptor = port.lock(path);
      expect(descriptor).toBeGreaterThan(2);
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(port.lock(path)).toBe(-1);
      port.closeDescriptor(descriptor);
      expect(port.lock(path)).toBeGreaterThan(2);
    });

    it('is not kept by a process started meanwhile', async () => {
      const path = join(directory, 'lock');
      const descriptor = port.lock(path);
      const { process } = port.spawn(options({ args: ['sh', '-c', 'exec sleep 30'] }));
      port.closeDescriptor(descriptor);
      expect(port.lock(path)).toBeGreaterThan(2);
      port.signal(process, 9, false);
      await eventually('exit', () => exits.length > 0);
    });

    it('does not follow a symbolic link', async () => {
      await run('ln -s /dev/null link');
      expect(() => port.lock(join(directory, 'link'))).toThrow(expect.objectContaining({ code: 'ELOOP' }));
    });
  });

  describe('spawn', () => {
    it('gives exactly standard streams and listeners', async () => {
      const listeners = ['one', 'two'].map((name) => {
        return { name, descriptor: port.createListener(socketPath(name), 8) };
      });
      const output = await run('ls -l /proc/$$/fd', { listeners });
      const links = new Map(
        [...output.matchAll(/ (\d+) -> (.*)/g)].map(([, number, target]) => [Number(number), target]),
      );
      expect([...links.keys()].sort()).toEqual([0, 1, 2, 3, 4]);
      expect(links.get(3)).toBe(readlinkSync(`/proc/self/fd/${listeners[0]?.descriptor}`));
      expect(links.get(4)).toBe(readlinkSync(`/proc/self/fd/${listeners[1]?.descriptor}`));
    });

    it('closes inheritable descriptors that it knows nothing of', async () => {
      const stray = open('/dev/zero', 'r');
      // What a process has inherited has no close-on-exec flag.
      const parent = spawnChild(
        process.execPath,
        [PARENT_SCRIPT, addon(), 'ls -l /proc/$PPID/fd /proc/$$/fd; :'],
        {
          stdio: ['ignore', 'pipe', 'inherit', 'ignore', 'ignore', stray],
        },
      );
      const output = await text(parent.stdout as Readable);
      expect(output.match(/ 5 -> \/dev\/zero$/gm)).toHaveLength(1);
    });

    it('permutes descriptors whose numbers overlap', async () => {
      const path = join(directory, 'permuted');
      await run('ls -l /proc/$$/fd; :', { stdio: [2, open(path, 'w'), 0] });
      const output = readFileSync(path, 'utf8');
      expect(output).toContain(` 0 -> ${readlinkSync('/proc/self/fd/2')}\n`);
      expect(output).toContain(` 1 -> ${path}\n`);
      expect(output).toContain(` 2 -> ${readlinkSync('/proc/self/fd/0')}\n`);
    });

    it('tells of the listeners in the environment, and of nothing else', async () => {
      const descriptor = port.createListener(socketPath(), 8);
      const output = await run('echo $$; exec env', {
        env: ['ONE=1', 'LISTEN_PID=1', 'LISTEN_FDS=9', 'LISTEN_FDNAMES=old'],
        listeners: [
          { name: 'com.example.a', descriptor },
          { name: 'com.example.b', descriptor },
        ],
      });
      const [pid, ...environment] = output.trim().split('\n');
      expect(environment.filter((entry) => !entry.startsWith('PWD='))).toEqual(
        expect.arrayContaining([
          'ONE=1',
          'LISTEN_FDNAMES=com.example.a:com.example.b',
          'LISTEN_FDS=2',
          `LISTEN_PID=${pid}`,
        ]),
      );
      expect(environment.filter((entry) => entry.startsWith('LISTEN_'))).toHaveLength(3);
    });

    it('adds no variable without listeners', async () => {
      expect(await run('exec env', { env: ['ONE=1'] })).not.toContain('LISTEN_');
    });

    it('starts with default signals, nothing blocked, in a session of its own', async () => {
      const output = await run(
        'grep -E "^Sig(Blk|Ign|Cgt)" /proc/self/status; cut -d" " -f1,5,6 /proc/$$/stat',
      );
      // The shell itself may catch some; grep inherits what is ignored or blocked.
      expect(output).toMatch(/SigBlk:\s0{16}\nSigIgn:\s0{16}\n/);
      expect(output).toMatch(/^(\d+) \1 \1$/m);
    });

    it('sets directory, umask and nice value', async () => {
      expect(await run('pwd; umask; nice', { cwd: '/usr', umask: 0o27, nice: 5 })).toBe('/usr\n0027\n5\n');
    });

    it.each([
      ['ENOENT', '/nowhere/program', 'execve'],
      ['EACCES', '/etc/passwd', 'execve'],
      ['EACCES', '/usr', 'execve'],
    ])('reports %s for %s', (code, file, syscall) => {
      expect(() => port.spawn(options({ file }))).toThrow(
        expect.objectContaining({ code, syscall, path: file }),
      );
    });

    it('reports ENOEXEC for a file that is no program, and ENOENT for a missing interpreter', () => {
      const garbage = join(directory, 'garbage');
      const script = join(directory, 'script');
      writeFileSync(garbage, 'echo this has no interpreter line\n');
      writeFileSync(script, '#!/nowhere/interpreter\n');
      for (const file of [garbage, script]) chmodSync(file, 0o755);
      expect(() => port.spawn(options({ file: garbage }))).toThrow(
        expect.objectContaining({ code: 'ENOEXEC' }),
      );
      expect(() => port.spawn(options({ file: script }))).toThrow(
        expect.objectContaining({ code: 'ENOENT' }),
      );
    });

    it('names the directory that it could not enter', () => {
      const cwd = join(directory, 'nowhere');
      const failure = expect.objectContaining({ code: 'ENOENT', syscall: 'chdir', path: cwd });
      expect(() => port.spawn(options({ cwd }))).toThrow(failure);
    });

    it('reports a bad descriptor', () => {
      const stdio = [999_999, 1, 2] as const;
      expect(() => port.spawn(options({ stdio }))).toThrow(expect.objectContaining({ code: 'EBADF' }));
    });

    it('leaves no process behind when it fails', () => {
      const before = childPids();
      expect(() => port.spawn(options({ file: '/nowhere' }))).toThrow();
      expect(childPids()).toEqual(before);
    });

    it.each([
      { file: 'relative' },
      { cwd: 'relative' },
      { args: ['nul\0'] },
      { env: 'A=b' as unknown as string[] },
      { stdio: [0, 1] as unknown as [number, number, number] },
      { listeners: [{ name: 'a:b', descriptor: 1 }] },
      { umask: 0o1000 },
      { nice: 21 },
      { parentDeathSignal: 1000 },
      { parentDeathSignal: 1.5 },
    ] satisfies Partial<SpawnOptions>[])('refuses %o', (overrides) => {
      expect(() => port.spawn(options(overrides))).toThrow(TypeError);
    });
  });

  describe('processes', () => {
    it('reports exit codes and signals, once each', async () => {
      const first = port.spawn(options({ args: ['sh', '-c', 'exit 3'] }));
      const second = port.spawn(options({ args: ['sh', '-c', 'kill -6 $$'] }));
      await eventually('both exits', () => exits.length === 2);
      expect(exits).toContainEqual({ process: first.process, exitCode: 3, signal: 0 });
      expect(exits).toContainEqual({ process: second.process, exitCode: 0, signal: 6 });
      expect(existsSync(`/proc/${first.pid}`)).toBe(false);
      expect(port.signal(first.process, 0, false)).toBe(false);
    });

    it('leaves the children of node:child_process alone', async () => {
      const child = promisify(execFile)('/bin/sh', ['-c', 'sleep 0.05; echo done; exit 0']);
      await run('exit 0');
      expect((await child).stdout).toBe('done\n');
    });

    it('signals the process or its whole group', async () => {
      const alone = port.spawn(options({ args: ['sh', '-c', 'exec sleep 30'] }));
      expect(port.signal(alone.process, 15, false)).toBe(true);
      const group = port.spawn(options({ args: ['sh', '-c', 'sleep 30 & echo $! > child; wait'] }));
      const childFile = join(directory, 'child');
      await eventually(
        'grandchild',
        () => existsSync(childFile) && readFileSync(childFile, 'utf8').endsWith('\n'),
      );
      const grandchild = Number(readFileSync(childFile, 'utf8'));
      expect(port.signal(group.process, 9, true)).toBe(true);
      await eventually('both exits', () => exits.length === 2);
      await eventually('grandchild gone', () => !isRunning(grandchild));
      expect(exits.map(({ signal }) => signal).sort()).toEqual([15, 9]);
    });

    it('does not know handles that it did not give', () => {
      expect(port.signal(12_345, 15, false)).toBe(false);
      expect(() => port.signal(-1, 15, false)).toThrow(TypeError);
      const { process } = port.spawn(options({ args: ['sh', '-c', 'exec sleep 30'] }));
      expect(() => port.signal(process, 1000, false)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
      port.signal(process, 9, false);
    });

    it('sends the parent death signal when the supervisor dies', async () => {
      const parent = spawnChild(process.execPath, [PARENT_SCRIPT, addon(), 'exec sleep 60'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let output = '';
      parent.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk;
      });
      await eventually('job', () => output.endsWith('\n'));
      const job = Number(output);
      expect(isRunning(job)).toBe(true);
      parent.kill('SIGKILL');
      await eventually('job gone', () => !isRunning(job));
    });

    it('reports nothing after close, and lets processes live', async () => {
      const { pid } = port.spawn(options({ args: ['sh', '-c', 'exec sleep 30'] }));
      port.close();
      port.close();
      expect(isRunning(pid)).toBe(true);
      process.kill(pid, 'SIGKILL');
      await eventually('end', () => !isRunning(pid));
      expect(exits).toEqual([]);
      expect(() => port.spawn(options())).toThrow('closed');
    });
  });
});

function addon(): string {
  return addonPaths().find((path) => existsSync(path)) ?? '';
}

function childPids(): string[] {
  return readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ');
}

/** False for a zombie too: it ended, and waits for a parent that may never ask. */
function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
