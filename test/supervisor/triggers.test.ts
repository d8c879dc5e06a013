/** What starts a job besides clients: times, paths, queues and other jobs. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RECHECK_MS } from '../../src/supervisor/path-monitor.js';
import { Bench, DOMAIN, LABEL } from './bench.js';

const NEVER_HELD_BACK = { ThrottleInterval: 0, MachServices: {} } as const;

describe('StartInterval', () => {
  it('launchd case 66: firings while the job runs are skipped, and there are never two processes', async () => {
    await using bench = await Bench.start();
    await bench.load({ ...NEVER_HELD_BACK, StartInterval: 1 });
    await bench.advance(900);
    expect(bench.started).toHaveLength(0);
    await bench.advance(100);
    expect(bench.started).toHaveLength(1);
    expect((await bench.print()).reason).toBe('interval');
    await bench.advance(3_500);
    expect(bench.started).toHaveLength(1);
    await bench.end(0);
    expect(bench.started).toHaveLength(1);
    // The grid is that of the load.
    await bench.advance(500);
    expect(bench.started).toHaveLength(2);
  });

  it('waits for ThrottleInterval, which is counted from start to start', async () => {
    await using bench = await Bench.start();
    bench.runs((job) => job.exit(0));
    await bench.load({ StartInterval: 3, ThrottleInterval: 10, MachServices: {} });
    for (let second = 0; second < 24; second += 1) await bench.advance(1_000);
    expect(bench.started).toHaveLength(3);
  });
});

describe('StartCalendarInterval', () => {
  it('starts the job when its time comes, once for times that went by in a jump of the clock', async () => {
    await using bench = await Bench.start();
    bench.clock.wallOffset = new Date(2026, 4, 1, 9, 58).getTime() - bench.clock.now();
    await bench.load({ ...NEVER_HELD_BACK, StartCalendarInterval: { Hour: 10, Minute: 0 } });
    await bench.advance(119_000);
    expect(bench.started).toHaveLength(0);
    await bench.advance(1_000);
    expect(bench.started).toHaveLength(1);
    expect((await bench.print()).reason).toBe('calendar interval');
    await bench.end(0);
    bench.clock.wallOffset += 3 * 86_400_000;
    await bench.advance(60_000);
    expect(bench.started).toHaveLength(2);
    await bench.end(0);
    await bench.advance(60_000);
    expect(bench.started).toHaveLength(2);
  });
});

describe('paths', () => {
  it('WatchPaths starts the job when a path comes, changes or goes; not while it runs', async () => {
    await using bench = await Bench.start();
    const path = join(bench.root, 'watched');
    await bench.load({ ...NEVER_HELD_BACK, WatchPaths: [path] });
    await bench.advance(RECHECK_MS);
    expect(bench.started).toHaveLength(0);
    writeFileSync(path, '1');
    await bench.advance(RECHECK_MS);
    expect((await bench.print()).reason).toBe('watch path');
    writeFileSync(path, 'while it runs');
    await bench.advance(RECHECK_MS);
    await bench.end(0);
    expect(bench.started).toHaveLength(1);
    rmSync(path);
    await bench.advance(RECHECK_MS);
    expect(bench.started).toHaveLength(2);
  });

  it('QueueDirectories keeps the job alive while something is in one', async () => {
    await using bench = await Bench.start();
    const queue = join(bench.root, 'queue');
    mkdirSync(queue);
    await bench.load({ ...NEVER_HELD_BACK, QueueDirectories: [queue] });
    expect((await bench.print()).state).toBe('not running');
    writeFileSync(join(queue, 'item'), '');
    await bench.advance(RECHECK_MS);
    await bench.end(0);
    expect(bench.started).toHaveLength(2);
    rmSync(join(queue, 'item'));
    await bench.end(0);
    expect(bench.started).toHaveLength(2);
    expect((await bench.print()).state).toBe('not running');
  });

  it.each([true, false])('PathState %j keeps the job alive while it is so', async (wanted) => {
    await using bench = await Bench.start();
    const path = join(bench.root, 'flag');
    const make = () => writeFileSync(path, '');
    const remove = () => rmSync(path, { force: true });
    const [begin, end] = wanted ? [make, remove] : [remove, make];
    end();
    await bench.load({ ...NEVER_HELD_BACK, KeepAlive: { PathState: { [path]: wanted } } });
    expect((await bench.print()).runs).toBe(0);
    begin();
    await bench.advance(RECHECK_MS);
    expect((await bench.print()).runs).toBe(1);
    await bench.end(0);
    expect((await bench.print()).runs).toBe(2);
    end();
    await bench.end(0);
    expect(await bench.print()).toMatchObject({ runs: 2, state: 'not running' });
  });

  it('a start that was held back does not take place when its reason is gone', async () => {
    await using bench = await Bench.start();
    const path = join(bench.root, 'flag');
    writeFileSync(path, '');
    await bench.load({ KeepAlive: { PathState: { [path]: true } }, MachServices: {} });
    await bench.settled();
    await bench.end(0);
    expect((await bench.print()).state).toBe('spawn scheduled');
    rmSync(path);
    await bench.advance(10_000);
    expect(await bench.print()).toMatchObject({ runs: 1, state: 'not running' });
  });

  it('nothing is watched any more when the job is gone', async () => {
    await using bench = await Bench.start();
    const target = await bench.load({
      ...NEVER_HELD_BACK,
      WatchPaths: [join(bench.root, 'x')],
      StartInterval: 5,
    });
    expect(bench.clock.pending).toBeGreaterThan(0);
    await bench.supervisor.bootout(target);
    expect(bench.clock.pending).toBe(0);
  });
});

describe('other jobs', () => {
  const OTHER = 'com.example.other';
  const other = { Label: OTHER, MachServices: {} } as const;

  it('launchd case 33: OtherJobEnabled starts the job when the other is loaded, and no more when it is gone', async () => {
    await using bench = await Bench.start();
    await bench.load({ ...NEVER_HELD_BACK, KeepAlive: { OtherJobEnabled: { [OTHER]: true } } });
    await bench.advance(1);
    expect((await bench.print()).runs).toBe(0);
    const target = await bench.load(other);
    await bench.advance(0);
    expect((await bench.print()).runs).toBe(1);
    await bench.end(0);
    expect((await bench.print()).runs).toBe(2);
    await bench.supervisor.bootout(target);
    await bench.end(0);
    await bench.advance(60_000);
    expect(await bench.print()).toMatchObject({ runs: 2, state: 'not running' });
  });

  it('OtherJobEnabled false starts the job when the other goes', async () => {
    await using bench = await Bench.start();
    const target = await bench.load(other);
    await bench.load({ ...NEVER_HELD_BACK, KeepAlive: { OtherJobEnabled: { [OTHER]: false } } });
    expect((await bench.print()).runs).toBe(0);
    await bench.supervisor.bootout(target);
    await bench.advance(0);
    expect((await bench.print()).runs).toBe(1);
  });

  it('OtherJobActive follows the process of the other', async () => {
    await using bench = await Bench.start();
    await bench.load({ ...NEVER_HELD_BACK, KeepAlive: { OtherJobActive: { [OTHER]: true } } });
    const target = await bench.load(other);
    await bench.advance(0);
    expect((await bench.print()).runs).toBe(0);
    await bench.supervisor.kickstart(target);
    await bench.advance(0);
    expect((await bench.print()).runs).toBe(1);
  });
});

describe('AfterInitialDemand', () => {
  it('is no start at load, and alone means for ever after the first start', async () => {
    await using bench = await Bench.start();
    await bench.load({ ThrottleInterval: 0, KeepAlive: { AfterInitialDemand: true } });
    await bench.advance(60_000);
    expect((await bench.print()).runs).toBe(0);
    await bench.connect().request({ n: 1 });
    await bench.end(0);
    expect((await bench.print(`${DOMAIN}/${LABEL}`)).runs).toBe(2);
  });

  it('holds back the other conditions', async () => {
    await using bench = await Bench.start();
    const KeepAlive = { AfterInitialDemand: true, SuccessfulExit: true };
    const target = await bench.load({ ...NEVER_HELD_BACK, KeepAlive });
    expect((await bench.print()).runs).toBe(0);
    await bench.supervisor.kickstart(target);
    await bench.settled();
    await bench.end(0);
    expect((await bench.print()).runs).toBe(2);
    await bench.end(1);
    expect((await bench.print()).runs).toBe(2);
  });
});
