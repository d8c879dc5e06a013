/** What a process that the supervisor port starts is given, and how starting fails. */
import { spawn as spawnChild } from 'node:child_process';
import { chmodSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SpawnOptions } from '../../src/native/index.js';
import { addon, childPids, PARENT_SCRIPT } from './processes.js';
import { SupervisorBench } from './supervisor-bench.js';

describe.runIf(process.platform === 'linux')('SupervisorPort', () => {
  let bench: SupervisorBench;

  beforeEach(() => {
    bench = new SupervisorBench();
  });

  afterEach(() => bench.close());

  describe('spawn', () => {
    it('gives exactly standard streams and listeners', async () => {
      const listeners = ['one', 'two'].map((name) => {
        return { name, descriptor: bench.port.createListener(bench.socketPath(name), 8) };
      });
      const output = await bench.run('ls -l /proc/$$/fd', { listeners });
      const links = new Map(
        [...output.matchAll(/ (\d+) -> (.*)/g)].map(([, number, target]) => [Number(number), target]),
      );
      expect([...links.keys()].sort()).toEqual([0, 1, 2, 3, 4]);
      expect(links.get(3)).toBe(readlinkSync(`/proc/self/fd/${listeners[0]?.descriptor}`));
      expect(links.get(4)).toBe(readlinkSync(`/proc/self/fd/${listeners[1]?.descriptor}`));
    });

    it('closes inheritable descriptors that it knows nothing of', async () => {
      const stray = bench.open('/dev/zero', 'r');
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
      const path = join(bench.directory, 'permuted');
      await bench.run('ls -l /proc/$$/fd; :', { stdio: [2, bench.open(path, 'w'), 0] });
      const output = readFileSync(path, 'utf8');
      expect(output).toContain(` 0 -> ${readlinkSync('/proc/self/fd/2')}\n`);
      expect(output).toContain(` 1 -> ${path}\n`);
      expect(output).toContain(` 2 -> ${readlinkSync('/proc/self/fd/0')}\n`);
    });

    it('tells of the listeners in the environment, and of nothing else', async () => {
      const descriptor = bench.port.createListener(bench.socketPath(), 8);
      const output = await bench.run('echo $$; exec env', {
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
      expect(await bench.run('exec env', { env: ['ONE=1'] })).not.toContain('LISTEN_');
    });

    it('starts with default signals, nothing blocked, in a session of its own', async () => {
      const output = await bench.run(
        'grep -E "^Sig(Blk|Ign|Cgt)" /proc/self/status; cut -d" " -f1,5,6 /proc/$$/stat',
      );
      // The shell itself may catch some; grep inherits what is ignored or blocked.
      expect(output).toMatch(/SigBlk:\s0{16}\nSigIgn:\s0{16}\n/);
      expect(output).toMatch(/^(\d+) \1 \1$/m);
    });

    it('sets bench.directory, umask and nice value', async () => {
      expect(await bench.run('pwd; umask; nice', { cwd: '/usr', umask: 0o27, nice: 5 })).toBe(
        '/usr\n0027\n5\n',
      );
    });

    it.each([
      ['ENOENT', '/nowhere/program', 'execve'],
      ['EACCES', '/etc/passwd', 'execve'],
      ['EACCES', '/usr', 'execve'],
    ])('reports %s for %s', (code, file, syscall) => {
      expect(() => bench.port.spawn(bench.options({ file }))).toThrow(
        expect.objectContaining({ code, syscall, path: file }),
      );
    });

    it('reports ENOEXEC for a file that is no program, and ENOENT for a missing interpreter', () => {
      const garbage = join(bench.directory, 'garbage');
      const script = join(bench.directory, 'script');
      writeFileSync(garbage, 'echo this has no interpreter line\n');
      writeFileSync(script, '#!/nowhere/interpreter\n');
      for (const file of [garbage, script]) chmodSync(file, 0o755);
      expect(() => bench.port.spawn(bench.options({ file: garbage }))).toThrow(
        expect.objectContaining({ code: 'ENOEXEC' }),
      );
      expect(() => bench.port.spawn(bench.options({ file: script }))).toThrow(
        expect.objectContaining({ code: 'ENOENT' }),
      );
    });

    it('names the directory that it could not enter', () => {
      const cwd = join(bench.directory, 'nowhere');
      const failure = expect.objectContaining({ code: 'ENOENT', syscall: 'chdir', path: cwd });
      expect(() => bench.port.spawn(bench.options({ cwd }))).toThrow(failure);
    });

    it('reports a bad descriptor', () => {
      const stdio = [999_999, 1, 2] as const;
      expect(() => bench.port.spawn(bench.options({ stdio }))).toThrow(
        expect.objectContaining({ code: 'EBADF' }),
      );
    });

    it('leaves no process behind when it fails', () => {
      const before = childPids();
      expect(() => bench.port.spawn(bench.options({ file: '/nowhere' }))).toThrow();
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
      { limits: 5 as never },
      { limits: { Core: { soft: -1 } } },
      { limits: { Core: 5 as never } },
      { root: 'relative' },
      { user: 5 as never },
      { nice: 21 },
      { parentDeathSignal: 1000 },
      { parentDeathSignal: 1.5 },
    ] satisfies Partial<SpawnOptions>[])('refuses %o', (overrides) => {
      expect(() => bench.port.spawn(bench.options(overrides))).toThrow(TypeError);
    });
  });
});
