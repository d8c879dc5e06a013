/** The floor of the benchmark: compiled by the system's compiler, and its numbers hang together. */
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileFloor } from '../../src/bench/floor/compile.js';
import { type Floor, openFloor } from '../../src/bench/floor/floor.js';
import { rejectionOf } from '../helpers/thrown.js';

describe.skipIf(process.platform !== 'linux')('the floor', () => {
  let cache: string;
  let floor: Floor;

  beforeAll(async () => {
    cache = await mkdtemp(join(tmpdir(), 'launchport-floor-'));
    process.env.XDG_CACHE_HOME = cache;
    floor = await openFloor();
  });
  afterAll(async () => {
    delete process.env.XDG_CACHE_HOME;
    await rm(cache, { recursive: true, force: true });
  });

  it('is compiled once, into a folder that nobody else may read', async () => {
    const folder = join(cache, 'launchport', 'bench');
    const { program } = await compileFloor();
    const made = await stat(program);
    expect((await compileFloor()).program).toBe(program);
    expect((await stat(program)).ino).toBe(made.ino);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect(await readdir(folder)).toEqual([program.slice(folder.length + 1)]);
  });

  it('tells how round trips are spread', async () => {
    const { value, unit, latency } = await floor.measure({ workload: 'latency', payload: 64, count: 500 });
    expect(unit).toBe('µs');
    if (latency === undefined) throw new Error('no distribution');
    const { min, p50, p90, p99, p999, max, buckets } = latency;
    expect([min, p50, p90, p99, p999, max]).toEqual(
      [min, p50, p90, p99, p999, max].toSorted((left, right) => left - right),
    );
    expect(value).toBe(p50);
    expect(latency.count).toBe(500);
    expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(500);
    expect(buckets.at(-1)?.upTo).toBeGreaterThanOrEqual(max * 0.999);
    expect(buckets[0]?.upTo).toBeGreaterThanOrEqual(min * 0.999);
  });

  it('keeps requests on their way, one packet each, more than the socket holds', async () => {
    for (const payload of [64, 4096]) {
      const work = { workload: 'in flight', payload, count: 3000, inFlight: 256 } as const;
      const { value, unit } = await floor.measure(work);
      expect(unit).toBe('messages/s');
      expect(value).toBeGreaterThan(0);
    }
  });

  it('echoes what is larger than a packet', async () => {
    for (const payload of [65_536, 1 << 20, 16 << 20]) {
      const { value, unit } = await floor.measure({ workload: 'echo', payload, count: 2, warmUp: 1 });
      expect(unit).toBe('MB/s');
      expect(value).toBeGreaterThan(0);
    }
  });

  it('serves many connections with a request under way each', async () => {
    const work = { workload: 'connections', payload: 64, count: 2000, connections: 200 } as const;
    const { value, connectionsPerSecond } = await floor.measure(work);
    expect(value).toBeGreaterThan(0);
    expect(connectionsPerSecond).toBeGreaterThan(0);
  });

  it('runs where it is told to', async () => {
    const work = { workload: 'latency', payload: 64, count: 10 } as const;
    const [, allowed] =
      /^Cpus_allowed_list:\s*(\d+)/m.exec(await readFile('/proc/self/status', 'utf8')) ?? [];
    const core = Number(allowed);
    expect((await floor.measure({ ...work, cores: [core, core] })).value).toBeGreaterThan(0);
    const error = await rejectionOf(floor.measure({ ...work, cores: [core, 1023] }));
    expect(error).toMatchObject({ code: 'ERR_INTERNAL' });
  });

  it('starts a service for its first client', async () => {
    const { count, p50 } = await floor.measureActivation({ count: 3 });
    expect(count).toBe(3);
    expect(p50).toBeGreaterThan(0);
    const service = `require('node:net').createServer((socket) => {
      socket.on('data', (data) => socket.write(data)).on('close', () => process.exit(0));
    }).listen({ fd: 3 });`;
    const program = [process.execPath, '-e', service];
    expect((await floor.measureActivation({ count: 1, warmUp: 1, program })).count).toBe(1);
  });

  it('says so when the service cannot run', async () => {
    const error = await rejectionOf(floor.measureActivation({ count: 1, program: ['/nowhere/service'] }));
    expect(error).toMatchObject({
      code: 'ERR_INTERNAL',
      message: expect.stringContaining('/nowhere/service'),
    });
  });

  it('ends with whoever waits for it', async () => {
    const aborter = new AbortController();
    const work = floor.measure({ workload: 'in flight', payload: 64, count: 1e9 }, aborter.signal);
    setImmediate(() => aborter.abort());
    expect(await rejectionOf(work)).toMatchObject({ code: 'ERR_ABORTED' });
  });
});
