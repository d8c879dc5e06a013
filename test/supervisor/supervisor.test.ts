/** The supervisor itself: its directory, its lock, the host's own services, its end. */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createMockBinding } from '../../src/native/mock/index.js';
import { Supervisor } from '../../src/supervisor/index.js';
import { XpcTransport } from '../../src/xpc/index.js';
import { rejectionOf, thrownBy } from '../helpers/thrown.js';
import { Bench, DOMAIN, echo, LABEL, SERVICE } from './bench.js';

describe('the directory', () => {
  it('is made private, and tells who has it', async () => {
    await using bench = await Bench.start();
    expect(bench.supervisor.directory).toBe(bench.directory);
    expect(bench.supervisor.bootstrapDirectory).toBe(join(bench.directory, 'bootstrap'));
    expect(statSync(bench.directory).mode & 0o777).toBe(0o700);
    expect(statSync(bench.supervisor.bootstrapDirectory).mode & 0o777).toBe(0o700);
    expect(readFileSync(join(bench.directory, 'lock'), 'utf8')).toBe(`${process.pid}\n`);
  });

  it('launchd case 59: a second supervisor is refused by directory and pid, and touches nothing', async () => {
    await using bench = await Bench.start();
    await bench.load();
    const error = await rejectionOf(bench.supervise());
    expect(error.code).toBe('ERR_SUPERVISOR_RUNNING');
    expect(error.details).toEqual({ directory: bench.directory, pid: process.pid });
    expect(error.message).toContain(bench.directory);
    expect(error.message).toContain(String(process.pid));
    expect((await bench.connect().request({ n: 1 })).n).toBe(1);
  });

  it('launchd case 58: stale sockets are removed, and the next supervisor may come when one stopped', async () => {
    await using bench = await Bench.start();
    const stale = join(bench.supervisor.bootstrapDirectory, 'com.example.stale');
    await bench.supervisor.stop();
    writeFileSync(stale, '');
    bench.supervisor = await bench.supervise();
    expect(existsSync(stale)).toBe(false);
    await bench.load({ MachServices: { 'com.example.stale': true } });
  });

  it('leaves a socket alone that is served', async () => {
    await using bench = await Bench.start();
    const served = join(bench.supervisor.bootstrapDirectory, 'com.example.served');
    await bench.supervisor.stop();
    writeFileSync(served, '');
    bench.world.createListener(served);
    bench.supervisor = await bench.supervise();
    expect(existsSync(served)).toBe(true);
    expect(bench.log.text).toContain(served);
  });

  it.each(['directory', 'bootstrap'])(
    'launchd case 67: is refused when the %s is open to others',
    async (which) => {
      const root = mkdtempSync(join(tmpdir(), 'lp-'));
      const directory = join(root, 'run');
      mkdirSync(join(directory, 'bootstrap'), { recursive: true, mode: 0o700 });
      chmodSync(which === 'directory' ? directory : join(directory, 'bootstrap'), 0o750);
      const binding = createMockBinding();
      const error = await rejectionOf(Supervisor.start({ directory, binding }));
      expect(error.code).toBe('ERR_LAUNCHD_PERMISSION');
      expect(error.hint).toContain('chmod 700');
      // The lock was given back.
      chmodSync(directory, 0o700);
      chmodSync(join(directory, 'bootstrap'), 0o700);
      await (await Supervisor.start({ directory, binding })).stop();
      rmSync(root, { recursive: true });
    },
  );

  it('is refused when it is a symbolic link, or a file', async () => {
    const root = mkdtempSync(join(tmpdir(), 'lp-'));
    const binding = createMockBinding();
    mkdirSync(join(root, 'real'), { mode: 0o700 });
    symlinkSync(join(root, 'real'), join(root, 'link'));
    const link = await rejectionOf(Supervisor.start({ directory: join(root, 'link'), binding }));
    expect(link.code).toBe('ERR_LAUNCHD_PERMISSION');
    expect(existsSync(join(root, 'real', 'lock'))).toBe(false);
    writeFileSync(join(root, 'file'), '');
    await expect(Supervisor.start({ directory: join(root, 'file'), binding })).rejects.toThrow();
    rmSync(root, { recursive: true });
  });

  it.runIf(process.getuid?.() !== 0)('is refused when it belongs to somebody else', async () => {
    const error = await rejectionOf(Supervisor.start({ directory: '/usr', binding: createMockBinding() }));
    expect(error.code).toBe('ERR_LAUNCHD_PERMISSION');
  });

  it('is refused when its path is too long for a socket, before anything is made', async () => {
    const root = mkdtempSync(join(tmpdir(), 'lp-'));
    const directory = join(root, 'x'.repeat(100));
    const error = await rejectionOf(Supervisor.start({ directory, binding: createMockBinding() }));
    expect(error.code).toBe('ERR_LAUNCHD_SOCKET_PATH');
    expect(existsSync(directory)).toBe(false);
    rmSync(root, { recursive: true });
  });

  it('takes names of any length that a service may have', async () => {
    await using bench = await Bench.start();
    const name = 'x'.repeat(127);
    await bench.load({ MachServices: { [name]: true } });
    expect((await bench.connect(name).request({ n: 1 })).n).toBe(1);
  });

  it('is nothing for a system that has a launchd', async () => {
    const { openSupervisor: _, ...binding } = createMockBinding();
    const error = await rejectionOf(Supervisor.start({ directory: '/nowhere', binding }));
    expect(error.code).toBe('ERR_UNSUPPORTED');
  });
});

describe('services of the host', () => {
  it('are checked in, served and released', async () => {
    await using bench = await Bench.start();
    const descriptor = bench.supervisor.checkIn('com.example.host');
    const transport = new XpcTransport(bench.world.binding());
    transport.listen('com.example.host', () => ({ request: (message) => message }), { descriptor });
    expect((await bench.connect('com.example.host').request({ n: 1 })).n).toBe(1);
    await transport.close();
    bench.supervisor.release('com.example.host');
    bench.supervisor.release('com.example.host');
    const error = await rejectionOf(bench.connect('com.example.host').request({}));
    expect(error.code).toBe('ERR_XPC_INVALID');
  });

  it('cannot be those of a job, nor taken twice, nor by a job', async () => {
    await using bench = await Bench.start();
    await bench.load();
    const taken = thrownBy(() => bench.supervisor.checkIn(SERVICE));
    expect(taken.code).toBe('ERR_LAUNCHD_SERVICE_TAKEN');
    expect(taken.details.owner).toBe(`${DOMAIN}/${LABEL}`);
    bench.supervisor.checkIn('com.example.host');
    expect(thrownBy(() => bench.supervisor.checkIn('com.example.host')).code).toBe(
      'ERR_LAUNCHD_SERVICE_TAKEN',
    );
    const error = await rejectionOf(bench.load({ Label: 'l', MachServices: { 'com.example.host': true } }));
    expect(error.details.owner).toBe(`process ${process.pid}`);
    // Releasing what is not the host's does nothing.
    bench.supervisor.release(SERVICE);
    expect((await bench.connect().request({ n: 1 })).n).toBe(1);
  });
});

describe('transitions', () => {
  it('reach every listener until it unsubscribes, one that throws included', async () => {
    await using bench = await Bench.start();
    const heard: string[] = [];
    const unsubscribe = bench.supervisor.onTransition(({ kind }) => {
      heard.push(kind);
      throw new Error('a bad listener');
    });
    const target = await bench.load();
    unsubscribe();
    await bench.supervisor.bootout(target);
    expect(heard).toEqual(['loaded']);
    expect(bench.kinds).toEqual(['loaded', 'removed']);
    expect(bench.log.text).toContain('a bad listener');
  });

  it('may call back', async () => {
    await using bench = await Bench.start();
    const target = await bench.load({ RunAtLoad: true });
    let pid: number | undefined;
    const unsubscribe = bench.supervisor.onTransition(({ kind }) => {
      if (kind !== 'exited') return;
      unsubscribe();
      void bench.supervisor.kickstart(target).then((started) => {
        pid = started;
      });
    });
    await bench.settled();
    await bench.end(0);
    expect(pid).toBe(bench.started[1]?.pid);
  });

  it('tell of a check-in that nobody asked about', async () => {
    await using bench = await Bench.start();
    await bench.load({ RunAtLoad: true });
    await bench.settled();
    expect(bench.kinds).toEqual(['loaded', 'spawned']);
    await bench.advance(5);
    expect(bench.kinds).toEqual(['loaded', 'spawned', 'checked in']);
    expect(bench.clock.pending).toBe(0);
  });
});

describe('stop', () => {
  it('ends every job and frees the directory', async () => {
    await using bench = await Bench.start();
    await bench.load({ RunAtLoad: true });
    await bench.load({ Label: 'second', MachServices: {}, KeepAlive: true });
    bench.supervisor.checkIn('com.example.host');
    await bench.settled();
    await bench.supervisor.stop();
    await bench.supervisor.stop();
    expect(bench.world.alive()).toEqual([process.pid]);
    expect(bench.kinds.filter((kind) => kind === 'removed')).toHaveLength(2);
    expect(readFileSync(join(bench.directory, 'lock'), 'utf8')).toBe('');
    bench.supervisor = await bench.supervise();
    await bench.load();
  });

  it('kills what does not end in time', async () => {
    await using bench = await Bench.start();
    bench.runs((job) => {
      job.signals = () => {};
    });
    await bench.load({ RunAtLoad: true, ExitTimeOut: 0 });
    await bench.settled();
    await bench.supervisor.stop({ timeout: 0 });
    expect(bench.world.alive()).toEqual([process.pid]);
    expect(bench.transitions).toContainEqual(
      expect.objectContaining({ kind: 'exited', exit: { kind: 'signaled', signal: 'SIGKILL' } }),
    );
  });

  it('refuses what comes later', async () => {
    await using bench = await Bench.start();
    const path = await bench.plist();
    await bench.supervisor.stop();
    expect((await rejectionOf(bench.supervisor.bootstrap(DOMAIN, path))).code).toBe('ERR_LAUNCHD_STATE');
    expect((await rejectionOf(bench.supervisor.list())).code).toBe('ERR_LAUNCHD_STATE');
    expect(thrownBy(() => bench.supervisor.checkIn('a')).code).toBe('ERR_LAUNCHD_STATE');
  });

  it('fails a load that was waiting for an old process', async () => {
    await using bench = await Bench.start();
    bench.runs((job) => {
      job.signals = () => {};
    });
    const target = await bench.load({ RunAtLoad: true });
    await bench.settled();
    const gone = bench.supervisor.bootout(target);
    const loading = rejectionOf(bench.load());
    await bench.settled();
    const stopped = bench.supervisor.stop();
    await bench.end(0);
    await Promise.all([gone, stopped]);
    expect((await loading).code).toBe('ERR_LAUNCHD_STATE');
  });

  it('leaves no listener of process events behind', async () => {
    const before = process.listenerCount('exit');
    const bench = await Bench.start();
    expect(process.listenerCount('exit')).toBe(before + 1);
    await bench[Symbol.asyncDispose]();
    expect(process.listenerCount('exit')).toBe(before);
  });
});

describe('the exit of the host', () => {
  it('kills jobs and removes sockets, at once', async () => {
    const hooks = process.listeners('exit');
    await using bench = await Bench.start();
    const hook = process.listeners('exit').find((listener) => !hooks.includes(listener));
    bench.runs((job) => {
      job.signals = () => {};
      echo(job);
    });
    await bench.load({ RunAtLoad: true });
    await bench.settled();
    const socket = join(bench.supervisor.bootstrapDirectory, SERVICE);
    writeFileSync(socket, '');
    hook?.(0);
    expect(bench.world.alive()).toEqual([process.pid]);
    expect(lstatSync(socket, { throwIfNoEntry: false })).toBeUndefined();
  });
});
