/** Starting on demand, and what clients see. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { createMockWorld } from '../../src/native/mock/index.js';
import { XpcTransport } from '../../src/xpc/index.js';
import { rejectionOf } from '../helpers/thrown.js';
import { Bench, echo, LABEL, PROGRAM, SERVICE } from './bench.js';

describe('on demand', () => {
  it('launchd case 14: the first message starts the job once, with reason ipc, and is delivered', async () => {
    await using bench = await Bench.start();
    await bench.load();
    const reply = await bench.connect().request({ n: 1 });
    expect(reply.pid).toBe(BigInt(bench.started[0]?.pid ?? 0));
    expect(await bench.print()).toMatchObject({
      state: 'running',
      runs: 1,
      reason: 'ipc (mach)',
      endpoints: [{ name: SERVICE, isActive: true }],
    });
    expect(bench.transitions).toMatchObject([
      { kind: 'loaded', services: [SERVICE] },
      { kind: 'spawned', run: 1, reason: 'ipc (mach)' },
      { kind: 'checked in', service: SERVICE, pid: bench.started[0]?.pid },
    ]);
  });

  it('launchd case 15: fifty clients at once start one process and get fifty replies', async () => {
    await using bench = await Bench.start();
    await bench.load();
    const numbers = Array.from({ length: 50 }, (_, n) => n);
    const replies = await Promise.all(numbers.map((n) => bench.connect().request({ n })));
    expect(replies.map(({ n }) => n)).toEqual(numbers);
    expect(new Set(replies.map(({ pid }) => pid)).size).toBe(1);
    expect(bench.started).toHaveLength(1);
  });

  it('starts once for demand on two services of a job', async () => {
    await using bench = await Bench.start();
    await bench.load({ MachServices: { 'com.example.a': true, 'com.example.b': true } });
    await Promise.all([
      bench.connect('com.example.a').request({}),
      bench.connect('com.example.b').request({}),
    ]);
    expect(bench.started).toHaveLength(1);
    expect(bench.started[0]?.env.LISTEN_FDNAMES).toBe('com.example.a:com.example.b');
    expect((await bench.print()).endpoints.every(({ isActive }) => isActive)).toBe(true);
    await bench.settled();
    expect(bench.kinds.filter((kind) => kind === 'checked in')).toHaveLength(2);
  });

  it('launchd case 17: a client is served by the second run when the first exits before check-in', async () => {
    await using bench = await Bench.start();
    bench.runs((job) => job.exit(3));
    await bench.load();
    const reply = bench.connect().request({ n: 1 });
    await bench.settled();
    expect(bench.transitions.at(-2)).toMatchObject({
      kind: 'exited',
      exit: { kind: 'exited', code: 3 },
      checkedIn: [],
    });
    expect(await bench.print()).toMatchObject({ state: 'spawn scheduled', runs: 1 });
    bench.runs(echo);
    await bench.advance(9_999);
    expect(bench.started).toHaveLength(1);
    await bench.advance(1);
    expect((await reply).pid).toBe(BigInt(bench.started[1]?.pid ?? 0));
    expect(bench.started).toHaveLength(2);
  });

  it('warns of a job that ends by itself with a failure, and only of that', async () => {
    await using bench = await Bench.start();
    const warn = vi.spyOn(bench.log, 'warn');
    bench.runs((job) => job.exit(0));
    await bench.load();
    bench.connect().send({ n: 1 });
    await bench.settled();
    expect(warn).not.toHaveBeenCalled();
    bench.runs((job) => job.exit(3));
    await bench.advance(10_000);
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      `job ${LABEL} exited with code 3`,
      expect.objectContaining({ run: 2 }),
    );
  });

  it('launchd case 18: a crash interrupts the request; the next on the same connection starts the job', async () => {
    await using bench = await Bench.start();
    bench.runs((job) => {
      new XpcTransport(job.binding).listen(SERVICE, () => ({ request: () => new Promise(() => {}) }));
    });
    await bench.load({ ThrottleInterval: 0 });
    const connection = bench.connect();
    const request = rejectionOf(connection.request({ n: 1 }));
    await bench.settled();
    bench.runs(echo);
    await bench.end('SIGSEGV');
    expect((await request).code).toBe('ERR_XPC_INTERRUPTED');
    expect(bench.kinds.at(-1)).toBe('exited');
    expect((await connection.request({ n: 2 })).pid).toBe(BigInt(bench.started[1]?.pid ?? 0));
  });

  it('launchd case 19: a client that was not accepted is served by the next run', async () => {
    await using bench = await Bench.start();
    bench.runs(() => {});
    await bench.load({ ThrottleInterval: 0 });
    const reply = bench.connect().request({ n: 7 });
    await bench.settled();
    bench.runs(echo);
    await bench.end('SIGKILL');
    expect((await reply).n).toBe(7);
    expect(bench.started).toHaveLength(2);
  });

  it('launchd case 34: demand within ThrottleInterval waits for ten seconds from the last start', async () => {
    await using bench = await Bench.start();
    await bench.load();
    await bench.connect().request({});
    bench.clock.advance(1_000);
    await bench.end(0);
    const reply = bench.connect().request({ n: 1 });
    await bench.settled();
    expect(bench.transitions.at(-1)).toMatchObject({
      kind: 'throttled',
      milliseconds: 9_000,
      reason: 'ipc (mach)',
    });
    expect((await bench.print()).state).toBe('spawn scheduled');
    await bench.advance(8_999);
    expect(bench.started).toHaveLength(1);
    await bench.advance(1);
    expect((await reply).n).toBe(1);
  });

  it('launchd case 62: a client that goes at once starts the job at most once', async () => {
    await using bench = await Bench.start();
    await bench.load();
    const connection = bench.connect();
    connection.send({ n: 1 });
    await Promise.resolve();
    connection.cancel();
    await bench.settled();
    expect(bench.started.length).toBeLessThanOrEqual(1);
    await bench.advance(60_000);
    expect(bench.started.length).toBeLessThanOrEqual(1);
    expect((await bench.connect().request({ n: 2 })).n).toBe(2);
  });

  it('starts once when clients of two services wait for the throttle', async () => {
    await using bench = await Bench.start();
    const target = await bench.load({ MachServices: { 'com.example.a': true, 'com.example.b': true } });
    await bench.supervisor.kickstart(target);
    await bench.settled();
    await bench.end(0);
    const replies = ['com.example.a', 'com.example.b'].map((name) => bench.connect(name).request({ name }));
    await bench.settled();
    expect(bench.kinds.filter((kind) => kind === 'throttled')).toHaveLength(1);
    await bench.advance(10_000);
    expect((await Promise.all(replies)).map(({ name }) => name)).toEqual(['com.example.a', 'com.example.b']);
    await bench.advance(10_000);
    expect(bench.started).toHaveLength(2);
  });

  it('asks the system for no clients while the job lives, and for all of them after', async () => {
    const watched = new Set<number>();
    const world = createMockWorld();
    const binding = world.binding();
    await using bench = await Bench.start({
      binding: {
        ...binding,
        openSupervisor: (sink) => {
          const port = binding.openSupervisor(sink);
          const [watch, unwatch] = [port.watch.bind(port), port.unwatch.bind(port)];
          port.watch = (descriptor) => {
            watched.add(descriptor);
            watch(descriptor);
          };
          port.unwatch = (descriptor) => {
            watched.delete(descriptor);
            unwatch(descriptor);
          };
          return port;
        },
      },
    });
    let end = () => {};
    world.program(PROGRAM, (job) => {
      end = () => job.exit(0);
    });
    const target = await bench.load({ MachServices: { 'com.example.a': true, 'com.example.b': true } });
    expect(watched.size).toBe(2);
    await bench.supervisor.kickstart(target);
    expect(watched.size).toBe(0);
    await world.settled();
    end();
    await world.settled();
    expect(watched.size).toBe(2);
    await bench.supervisor.stop();
    world.close();
  });

  it('watches a service only while nobody runs', async () => {
    await using bench = await Bench.start();
    bench.runs(() => {});
    await bench.load({ RunAtLoad: true, ThrottleInterval: 0 });
    const request = rejectionOf(bench.connect().request({}));
    await bench.settled();
    await bench.settled();
    expect(bench.started).toHaveLength(1);
    await bench.end(0);
    expect(bench.started).toHaveLength(2);
    await bench.supervisor.stop();
    await request;
  });
});

describe('a start that fails', () => {
  it('launchd case 35: is shown, keeps the client, and is tried again', async () => {
    await using bench = await Bench.start();
    bench.world.failSpawn(PROGRAM, 'ENOENT');
    await bench.load();
    const reply = bench.connect().request({ n: 5 });
    await bench.settled();
    const status = await bench.print();
    expect(status).toMatchObject({
      state: 'spawn scheduled',
      runs: 1,
      lastExit: { kind: 'spawn failed', reason: expect.stringContaining('ENOENT') },
    });
    expect(bench.kinds).toEqual(['loaded', 'spawn failed', 'throttled']);
    await bench.advance(10_000);
    expect(await bench.print()).toMatchObject({ runs: 2, state: 'spawn scheduled' });
    bench.runs(echo);
    await bench.advance(10_000);
    expect((await reply).n).toBe(5);
    expect(await bench.print()).toMatchObject({ runs: 3, state: 'running' });
  });

  it('launchd case 35: names a program that is in no directory of the standard path', async () => {
    await using bench = await Bench.start();
    await bench.load({ ProgramArguments: ['no-such-program-anywhere'], RunAtLoad: true });
    expect((await bench.print()).lastExit).toEqual({
      kind: 'spawn failed',
      reason: 'ENOENT: no-such-program-anywhere (execve)',
    });
  });

  it('is what an output file that cannot be opened causes', async () => {
    await using bench = await Bench.start();
    await bench.load({ RunAtLoad: true, StandardErrorPath: join(bench.root, 'none', 'err') });
    expect((await bench.print()).lastExit).toEqual({
      kind: 'spawn failed',
      reason: `ENOENT: ${join(bench.root, 'none', 'err')} (open)`,
    });
    expect(bench.started).toEqual([]);
  });

  it('never becomes a busy loop, whatever ThrottleInterval says', async () => {
    await using bench = await Bench.start();
    bench.world.failSpawn(PROGRAM, 'EACCES');
    await bench.load({ ThrottleInterval: 0, KeepAlive: true });
    await bench.settled();
    expect((await bench.print()).runs).toBe(1);
    await bench.advance(1_000);
    expect((await bench.print()).runs).toBe(2);
  });

  it('creates the output file of one that succeeds', async () => {
    await using bench = await Bench.start();
    const path = join(bench.root, 'out');
    await bench.load({ RunAtLoad: true, StandardOutPath: path });
    expect(existsSync(path)).toBe(true);
    expect(readFileSync(path, 'utf8')).toBe('');
  });
});
