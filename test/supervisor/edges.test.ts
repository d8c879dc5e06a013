/** The supervisor where things meet: calls from listeners, aborts in between, pids and descriptors that deceive. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { MAX_TIMEOUT_MS } from '../../src/base/index.js';
import type { SpawnOptions, SupervisorPort } from '../../src/native/index.js';
import { createMockBinding } from '../../src/native/mock/index.js';
import { Supervisor, systemClock } from '../../src/supervisor/index.js';
import { rejectionOf, thrownBy } from '../helpers/thrown.js';
import { Bench, DOMAIN, LABEL, SERVICE } from './bench.js';

/** A second supervisor of the bench, whose port is changed by `change`. */
function superviseWith(bench: Bench, change: (port: SupervisorPort) => void): Promise<Supervisor> {
  const binding = bench.world.binding();
  const openSupervisor: typeof binding.openSupervisor = (sink) => {
    const port = binding.openSupervisor(sink);
    change(port);
    return port;
  };
  return bench.supervise({ directory: join(bench.root, 'changed'), binding: { ...binding, openSupervisor } });
}

describe('a listener of transitions that boots the job out', () => {
  it.each([
    ['loaded', { RunAtLoad: true }, 0],
    ['spawned', { RunAtLoad: true }, 0],
    ['exited', { KeepAlive: true }, 0],
    ['throttled', { KeepAlive: true }, 0],
    ['spawn failed', { KeepAlive: true }, 1],
    ['exiting', { RunAtLoad: true }, 2],
  ] as const)('at %s removes it once', async (kind, changes, special) => {
    await using bench = await Bench.start();
    const target = `${DOMAIN}/${LABEL}` as const;
    bench.runs((job) => {
      if ('KeepAlive' in changes) job.exit(1);
    });
    if (special === 1) bench.world.failSpawn('/mock/program', 'EACCES');
    let gone: Promise<void> | undefined;
    bench.supervisor.onTransition((transition) => {
      if (transition.kind === kind) gone ??= bench.supervisor.bootout(target);
    });
    await bench.load(changes);
    if (special === 2) void bench.supervisor.kickstart(target, { kill: true }).catch(() => {});
    await bench.settled();
    await gone;
    const before = bench.started.length;
    await bench.advance(60_000);
    expect(bench.kinds.filter((each) => each === 'removed')).toHaveLength(1);
    expect(bench.kinds.at(-1)).toBe('removed');
    expect(bench.started).toHaveLength(before);
    expect(bench.clock.pending).toBe(0);
    expect(await bench.supervisor.list()).toEqual([]);
  });
});

describe('a bootstrap that is aborted', () => {
  it('at any moment either loads and succeeds, or fails and loads nothing', async () => {
    await using bench = await Bench.start();
    const path = await bench.plist();
    const outcomes = new Set<string>();
    // Steps of microtasks first, then of whole turns of the loop, for the plist is read in between.
    for (let steps = 0; steps < 60; steps += 1) {
      const abort = new AbortController();
      const unsubscribe = bench.supervisor.onTransition(({ kind }) => {
        if (kind === 'loaded' && steps === 59) abort.abort();
      });
      const loading = bench.supervisor.bootstrap(DOMAIN, path, { signal: abort.signal }).then(
        () => 'loaded',
        (error: { code: string }) => error.code,
      );
      for (let step = 0; step < steps && step < 20; step += 1) await Promise.resolve();
      for (let turn = 20; turn < steps; turn += 1) await new Promise((next) => setImmediate(next));
      if (steps < 59) abort.abort();
      const outcome = await loading;
      await bench.settled();
      outcomes.add(outcome);
      const jobs = await bench.supervisor.list();
      expect(jobs).toHaveLength(outcome === 'loaded' ? 1 : 0);
      if (outcome === 'loaded') await bench.supervisor.bootout(`${DOMAIN}/${LABEL}`);
      unsubscribe();
    }
    expect([...outcomes].sort()).toEqual(['ERR_ABORTED', 'loaded']);
  });
});

describe('a bootstrap that comes too early', () => {
  it('launchd case 41: says at its deadline that the label is not free, and loads nothing later', async () => {
    await using bench = await Bench.start();
    bench.runs((job) => {
      job.signals = () => {};
    });
    const target = await bench.load({ RunAtLoad: true });
    await bench.settled();
    const gone = bench.supervisor.bootout(target);
    const error = await rejectionOf(bench.supervisor.bootstrap(DOMAIN, await bench.plist(), { timeout: 50 }));
    expect(error.code).toBe('ERR_LAUNCHD_BUSY');
    expect(error.hint).toContain('unloaded');
    await bench.end(0);
    await gone;
    await bench.settled();
    expect(await bench.supervisor.list()).toEqual([]);
  });
});

describe('a check-in', () => {
  it('is not believed of a process that has the pid of the one that listened before', async () => {
    await using bench = await Bench.start();
    let pid = 0;
    await using changed = await superviseWith(bench, (port) => {
      const spawn = port.spawn.bind(port);
      port.spawn = (options) => {
        const started = spawn(options);
        pid = started.pid;
        return started;
      };
      // Whoever starts next has always listened already.
      port.listenerPid = () => pid;
    });
    const path = await bench.plist({ ThrottleInterval: 0, RunAtLoad: true });
    bench.runs(() => {});
    const target = await changed.bootstrap(DOMAIN, path);
    await bench.settled();
    pid = bench.started[0]?.pid ?? 0;
    expect((await changed.print(target))?.endpoints[0]?.isActive).toBe(true);
    // From now on the pid of the next process is known before it exists.
    pid += 1;
    await changed.kickstart(target, { kill: true });
    await bench.settled();
    expect((await changed.print(target))?.pid).toBe(pid);
    expect((await changed.print(target))?.endpoints[0]?.isActive).toBe(false);
  });
});

describe('the process', () => {
  it('launchd case 11: gets umask, nice value and directory of the plist, and only its listeners', async () => {
    await using bench = await Bench.start();
    const spawned: SpawnOptions[] = [];
    await using changed = await superviseWith(bench, (port) => {
      const spawn = port.spawn.bind(port);
      port.spawn = (options) => {
        spawned.push(options);
        return spawn(options);
      };
    });
    const start = async (changes: object) => {
      const target = await changed.bootstrap(DOMAIN, await bench.plist({ RunAtLoad: true, ...changes }));
      await changed.bootout(target);
      return spawned.at(-1);
    };
    expect((await start({ Umask: 18 }))?.umask).toBe(0o022);
    expect((await start({ Umask: '022' }))?.umask).toBe(0o022);
    const options = await start({ Nice: 5, WorkingDirectory: '/usr' });
    expect(options).toMatchObject({ nice: 5, cwd: '/usr', listeners: [{ name: SERVICE }] });
    expect(options).not.toHaveProperty('umask');
    expect(options?.parentDeathSignal).toBe(constants.signals.SIGKILL);
  });

  it.each([
    [{}, [[constants.signals.SIGTERM, true]]],
    [{ AbandonProcessGroup: true }, []],
  ] as const)('launchd case 55: %j decides on what remains of its group', async (changes, expected) => {
    await using bench = await Bench.start();
    const signals: unknown[] = [];
    await using changed = await superviseWith(bench, (port) => {
      const signal = port.signal.bind(port);
      port.signal = (process, number, isGroup) => {
        const isKnown = signal(process, number, isGroup);
        // False would mean that the handle was free already, and the group out of reach.
        if (isKnown) signals.push([number, isGroup]);
        return isKnown;
      };
    });
    const path = await bench.plist({ RunAtLoad: true, ...changes });
    const target = await changed.bootstrap(DOMAIN, path);
    await bench.settled();
    await bench.end(0);
    expect((await changed.print(target))?.state).toBe('not running');
    expect(signals).toEqual(expected);
  });
});

describe('a system that refuses', () => {
  it('a socket is reported with the service, and nothing is loaded', async () => {
    await using bench = await Bench.start();
    await using changed = await superviseWith(bench, (port) => {
      port.createListener = () => {
        throw Object.assign(new Error('EMFILE: socket'), { code: 'EMFILE', syscall: 'socket' });
      };
    });
    const error = await rejectionOf(changed.bootstrap(DOMAIN, await bench.plist()));
    expect(error.code).toBe('ERR_LAUNCHD_STATE');
    expect(error.message).toContain(SERVICE);
    expect(error.hint).toContain('ulimit');
    expect(await changed.list()).toEqual([]);
    expect(thrownBy(() => changed.checkIn('com.example.host')).code).toBe('ERR_LAUNCHD_STATE');
  });

  it('a watch fails the load, and leaves nothing of it', async () => {
    await using bench = await Bench.start();
    let isBroken = true;
    await using changed = await superviseWith(bench, (port) => {
      const watch = port.watch.bind(port);
      port.watch = (descriptor) => {
        if (isBroken) throw new Error('no more watches');
        watch(descriptor);
      };
    });
    const path = await bench.plist();
    await expect(changed.bootstrap(DOMAIN, path)).rejects.toThrow('no more watches');
    expect(await changed.list()).toEqual([]);
    isBroken = false;
    await changed.bootstrap(DOMAIN, path);
  });
});

describe('a runtime directory', () => {
  it('whose parent is a file is refused by name', async () => {
    const root = mkdtempSync(join(tmpdir(), 'lp-'));
    writeFileSync(join(root, 'file'), '');
    const directory = join(root, 'file', 'run');
    const error = await rejectionOf(Supervisor.start({ directory, binding: createMockBinding() }));
    expect(error.code).toBe('ERR_LAUNCHD_PERMISSION');
    expect(error.message).toContain(directory);
    expect(error.hint).toContain('LAUNCHPORT_RUNTIME_DIR');
    rmSync(root, { recursive: true });
  });

  it('whose bootstrap directory is refused gets no lock file', async () => {
    const root = mkdtempSync(join(tmpdir(), 'lp-'));
    writeFileSync(join(root, 'bootstrap'), '');
    const error = await rejectionOf(Supervisor.start({ directory: root, binding: createMockBinding() }));
    expect(error.code).toBe('ERR_LAUNCHD_PERMISSION');
    expect(readdirSync(root)).toEqual(['bootstrap']);
    rmSync(root, { recursive: true });
  });

  it('may vanish before the supervisor stops', async () => {
    const bench = await Bench.start();
    await bench.load({ RunAtLoad: true });
    rmSync(bench.root, { recursive: true });
    await bench.supervisor.stop();
    expect(existsSync(bench.root)).toBe(false);
    expect(bench.world.alive()).toEqual([process.pid]);
    await bench[Symbol.asyncDispose]();
  });
});

describe('stop', () => {
  it('kills at once when its signal is aborted', async () => {
    await using bench = await Bench.start();
    bench.runs((job) => {
      job.signals = () => {};
    });
    await bench.load({ RunAtLoad: true, ExitTimeOut: 0 });
    await bench.settled();
    await bench.supervisor.stop({ signal: AbortSignal.abort() });
    expect(bench.world.alive()).toEqual([process.pid]);
    expect(bench.clock.pending).toBe(0);
  });

  it('lets a job have its ExitTimeOut first', async () => {
    await using bench = await Bench.start();
    bench.runs((job) => {
      job.signals = () => {};
    });
    await bench.load({ RunAtLoad: true });
    await bench.settled();
    const stopped = bench.supervisor.stop();
    await bench.advance(4_999);
    expect(bench.world.alive()).toContain(bench.started[0]?.pid);
    await bench.advance(1);
    await stopped;
    expect(bench.world.alive()).toEqual([process.pid]);
  });
});

describe('the system clock', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('waits longer than one timer can, and can be cancelled meanwhile', () => {
    vi.useFakeTimers();
    const fired: string[] = [];
    systemClock.schedule(MAX_TIMEOUT_MS + 1000, () => fired.push('late'));
    const cancel = systemClock.schedule(MAX_TIMEOUT_MS + 500, () => fired.push('cancelled'));
    vi.advanceTimersByTime(MAX_TIMEOUT_MS + 100);
    cancel();
    vi.advanceTimersByTime(899);
    expect(fired).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(fired).toEqual(['late']);
    expect(vi.getTimerCount()).toBe(0);
  });
});
