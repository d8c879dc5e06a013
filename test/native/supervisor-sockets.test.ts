/** Sockets, watches and locks of the supervisor port. */
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadBinding } from '../../src/native/index.js';
import { eventually } from './eventually.js';
import { SupervisorBench } from './supervisor-bench.js';

describe.runIf(process.platform === 'linux')('SupervisorPort', () => {
  let bench: SupervisorBench;

  beforeEach(() => {
    bench = new SupervisorBench();
  });

  afterEach(() => bench.close());

  describe('listeners', () => {
    it('binds with mode 0600 whatever the umask, and leaves no temporary file', () => {
      const umask = process.umask(0);
      try {
        bench.port.createListener(bench.socketPath(), 8);
      } finally {
        process.umask(umask);
      }
      expect(statSync(bench.socketPath()).isSocket()).toBe(true);
      expect(statSync(bench.socketPath()).mode & 0o777).toBe(0o600);
      expect(readdirSync(bench.directory)).toEqual(['com.example.service']);
    });

    it('replaces a stale socket at the path', () => {
      const old = bench.port.createListener(bench.socketPath(), 8);
      bench.port.closeDescriptor(old);
      expect(bench.port.isListening(bench.socketPath())).toBe(false);
      bench.port.createListener(bench.socketPath(), 8);
      expect(bench.port.isListening(bench.socketPath())).toBe(true);
    });

    it('takes the longest path that a client can connect to, and refuses a longer one', () => {
      const longest = join(bench.directory, 'x'.repeat(107 - Buffer.byteLength(bench.directory) - 1));
      bench.port.createListener(longest, 8);
      expect(bench.port.isListening(longest)).toBe(true);
      expect(() => bench.port.createListener(`${longest}x`, 8)).toThrow(
        expect.objectContaining({ code: 'ENAMETOOLONG' }),
      );
    });

    it('fails for a directory that is not there', () => {
      const path = join(bench.directory, 'nowhere', 'service');
      expect(() => bench.port.createListener(path, 8)).toThrow(
        expect.objectContaining({ code: 'ENOENT', syscall: 'open' }),
      );
    });

    it('does not listen where there is no socket, or no listener', () => {
      writeFileSync(join(bench.directory, 'file'), '');
      expect(bench.port.isListening(join(bench.directory, 'file'))).toBe(false);
      expect(bench.port.isListening(join(bench.directory, 'nothing'))).toBe(false);
      expect(bench.port.isListening(`/${'x'.repeat(200)}`)).toBe(false);
    });

    it('listens still when the backlog is full', () => {
      bench.port.createListener(bench.socketPath(), 0);
      expect([1, 2, 3].map(() => bench.port.isListening(bench.socketPath()))).toEqual([true, true, true]);
    });

    it('knows who listens', () => {
      expect(bench.port.listenerPid(bench.port.createListener(bench.socketPath(), 8))).toBe(process.pid);
      expect(() => bench.port.listenerPid(999_999)).toThrow(expect.objectContaining({ code: 'EBADF' }));
    });

    it('closes only what it created', () => {
      const descriptor = bench.port.createListener(bench.socketPath(), 8);
      bench.port.closeDescriptor(descriptor);
      expect(() => bench.port.closeDescriptor(descriptor)).toThrow(
        expect.objectContaining({ code: 'EBADF' }),
      );
      expect(() => bench.port.closeDescriptor(bench.open('/dev/null', 'r'))).toThrow(
        expect.objectContaining({ code: 'EBADF' }),
      );
    });
  });

  describe('watches', () => {
    it('reports a waiting client once per watch', async () => {
      const descriptor = bench.port.createListener(bench.socketPath(), 8);
      bench.port.watch(descriptor);
      bench.port.watch(descriptor);
      bench.port.isListening(bench.socketPath());
      await eventually('demand', () => bench.demands.length > 0);
      bench.port.isListening(bench.socketPath());
      await bench.run('exit 0');
      expect(bench.demands).toEqual([descriptor]);
      // Nobody accepted the client, so the next watch reports it again.
      bench.port.watch(descriptor);
      await eventually('second demand', () => bench.demands.length > 1);
      expect(bench.demands).toEqual([descriptor, descriptor]);
    });

    it('reports nothing after unwatch or close', async () => {
      const first = bench.port.createListener(bench.socketPath('first'), 8);
      const second = bench.port.createListener(bench.socketPath('second'), 8);
      bench.port.watch(first);
      bench.port.watch(second);
      bench.port.isListening(bench.socketPath('first'));
      bench.port.isListening(bench.socketPath('second'));
      bench.port.unwatch(first);
      bench.port.closeDescriptor(second);
      await bench.run('exit 0');
      expect(bench.demands).toEqual([]);
    });

    it('may be closed by its own report', async () => {
      const other = loadBinding().openSupervisor?.({
        demand: (descriptor) => {
          bench.demands.push(descriptor);
          other?.close();
        },
        exit: () => {},
      });
      const descriptor = other?.createListener(bench.socketPath(), 8) ?? -1;
      other?.watch(descriptor);
      other?.isListening(bench.socketPath());
      await eventually('demand', () => bench.demands.length > 0);
      other?.closeDescriptor(descriptor);
    });
  });

  describe('lock', () => {
    it('is exclusive until its descriptor is closed', () => {
      const path = join(bench.directory, 'lock');
      const descriptor = bench.port.lock(path);
      expect(descriptor).toBeGreaterThan(2);
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(bench.port.lock(path)).toBe(-1);
      bench.port.closeDescriptor(descriptor);
      expect(bench.port.lock(path)).toBeGreaterThan(2);
    });

    it('is not kept by a process started meanwhile', async () => {
      const path = join(bench.directory, 'lock');
      const descriptor = bench.port.lock(path);
      const { process } = bench.port.spawn(bench.options({ args: ['sh', '-c', 'exec sleep 30'] }));
      bench.port.closeDescriptor(descriptor);
      expect(bench.port.lock(path)).toBeGreaterThan(2);
      bench.port.signal(process, 9, false);
      await eventually('exit', () => bench.exits.length > 0);
    });

    it('does not follow a symbolic link', async () => {
      await bench.run('ln -s /dev/null link');
      expect(() => bench.port.lock(join(bench.directory, 'link'))).toThrow(
        expect.objectContaining({ code: 'ELOOP' }),
      );
    });
  });
});
