/** RunAtLoad, KeepAlive, kickstart and kill. */
import { describe, expect, it } from 'vitest';
import type { MockProcess } from '../../src/native/mock/index.js';
import { rejectionOf } from '../helpers/thrown.js';
import { Bench, DOMAIN, echo, LABEL, PROGRAM } from './bench.js';

/** Ignores SIGTERM. */
const stubborn = (job: MockProcess) => {
  job.signals = () => {};
};

describe('RunAtLoad and KeepAlive', () => {
  it('launchd case 25: RunAtLoad starts the job with the load, and not again', async () => {
    await using bench = await Bench.start();
    await bench.load({ RunAtLoad: true });
    expect(await bench.print()).toMatchObject({ state: 'running', runs: 1, reason: 'speculative' });
    await bench.settled();
    await bench.end(1);
    await bench.advance(60_000);
    expect(await bench.print()).toMatchObject({
      state: 'not running',
      runs: 1,
      lastExit: { kind: 'exited', code: 1 },
    });
  });

  it('launchd case 26: KeepAlive restarts a job that exits at once, never sooner than ThrottleInterval, for ever', async () => {
    await using bench = await Bench.start();
    const starts: number[] = [];
    bench.runs((job) => {
      starts.push(bench.clock.now());
      job.exit(0);
    });
    await bench.load({ KeepAlive: true, ThrottleInterval: 2 });
    await bench.settled();
    for (let cycle = 0; cycle < 30; cycle += 1) await bench.advance(2_000);
    expect(starts).toHaveLength(31);
    expect(starts.slice(1).every((start, n) => start - (starts[n] as number) >= 2_000)).toBe(true);
    expect(await bench.print()).toMatchObject({ state: 'spawn scheduled', runs: 31, reason: 'inefficient' });
  });

  it('launchd case 27: KeepAlive restarts a job at once that lived longer than ThrottleInterval', async () => {
    await using bench = await Bench.start();
    await bench.load({ KeepAlive: true, ThrottleInterval: 2 });
    await bench.settled();
    bench.clock.advance(3_000);
    await bench.end(0);
    expect(bench.started).toHaveLength(2);
    expect((await bench.print()).reason).toBe('semaphore');
    expect(bench.kinds).not.toContain('throttled');
  });

  it.each<[string, object, (number | NodeJS.Signals)[], number]>([
    ['launchd case 29: SuccessfulExit false, exit 1', { SuccessfulExit: false }, [1], 2],
    ['launchd case 29: SuccessfulExit false, SIGKILL', { SuccessfulExit: false }, ['SIGKILL'], 2],
    ['SuccessfulExit false, exit 0', { SuccessfulExit: false }, [0], 1],
    ['launchd case 30: SuccessfulExit true, exit 0 then 1', { SuccessfulExit: true }, [0, 1], 2],
    ['launchd case 31: Crashed true, SIGSEGV', { Crashed: true }, ['SIGSEGV'], 2],
    ['launchd case 31: Crashed true, SIGKILL', { Crashed: true }, ['SIGKILL'], 1],
    ['launchd case 31: Crashed true, exit 1', { Crashed: true }, [1], 1],
  ])('%s', async (_case, KeepAlive, ends, starts) => {
    await using bench = await Bench.start();
    await bench.load({ KeepAlive, ThrottleInterval: 1 });
    await bench.settled();
    for (const end of ends) {
      await bench.end(end);
      await bench.advance(1_000);
    }
    await bench.advance(60_000);
    expect(bench.started).toHaveLength(starts);
  });

  it('a job that stays down is still started on demand', async () => {
    await using bench = await Bench.start();
    await bench.load({ KeepAlive: { SuccessfulExit: true }, ThrottleInterval: 0 });
    await bench.settled();
    await bench.end(1);
    expect((await bench.print()).state).toBe('not running');
    expect((await bench.connect().request({ n: 1 })).n).toBe(1);
    expect((await bench.print()).runs).toBe(2);
  });

  it('bootout ends the restarts', async () => {
    await using bench = await Bench.start();
    bench.runs((job) => job.exit(0));
    const target = await bench.load({ KeepAlive: true });
    await bench.settled();
    expect((await bench.print()).state).toBe('spawn scheduled');
    await bench.supervisor.bootout(target);
    await bench.advance(60_000);
    expect(bench.started).toHaveLength(1);
    expect(bench.clock.pending).toBe(0);
  });
});

describe('kickstart', () => {
  it('starts an idle job and names its pid', async () => {
    await using bench = await Bench.start();
    const target = await bench.load();
    const pid = await bench.supervisor.kickstart(target);
    await bench.settled();
    expect(pid).toBe(bench.started[0]?.pid);
    expect(await bench.print()).toMatchObject({ pid, reason: 'non-ipc demand' });
  });

  it('leaves a running job alone', async () => {
    await using bench = await Bench.start();
    const target = await bench.load({ RunAtLoad: true });
    await bench.settled();
    expect(await bench.supervisor.kickstart(target)).toBe(bench.started[0]?.pid);
    expect(bench.started).toHaveLength(1);
  });

  it('does not wait for ThrottleInterval', async () => {
    await using bench = await Bench.start();
    bench.runs((job) => job.exit(0));
    const target = await bench.load({ KeepAlive: true });
    await bench.settled();
    await bench.supervisor.kickstart(target);
    await bench.settled();
    expect(bench.started).toHaveLength(2);
    // The start that was scheduled does not come on top.
    await bench.advance(9_999);
    expect(bench.started).toHaveLength(2);
  });

  it('launchd case 43: an unloaded label is ERR_LAUNCHD_NOT_LOADED', async () => {
    await using bench = await Bench.start();
    const error = await rejectionOf(bench.supervisor.kickstart(`${DOMAIN}/${LABEL}`));
    expect(error.code).toBe('ERR_LAUNCHD_NOT_LOADED');
  });

  it('launchd case 45: with kill, SIGTERM comes first, then a new process; the name stays resolvable', async () => {
    await using bench = await Bench.start();
    const signals: string[] = [];
    bench.runs((job) => {
      job.signals = (signal) => signals.push(signal);
    });
    const target = await bench.load({ RunAtLoad: true });
    await bench.settled();
    const [first] = bench.started;
    const restarted = bench.supervisor.kickstart(target, { kill: true });
    const alsoRestarted = bench.supervisor.kickstart(target, { kill: true });
    const reply = bench.connect().request({ n: 1 });
    await bench.settled();
    expect(signals).toEqual(['SIGTERM']);
    expect(bench.started).toHaveLength(1);
    bench.runs(echo);
    await bench.end(0);
    const pid = await restarted;
    expect(pid).not.toBe(first?.pid);
    expect(await alsoRestarted).toBe(pid);
    expect(bench.started).toHaveLength(2);
    // The client that came while nobody served was kept for the new process.
    expect((await reply).pid).toBe(BigInt(pid ?? 0));
  });

  it('with kill, SIGKILL ends a job that ignores SIGTERM', async () => {
    await using bench = await Bench.start();
    bench.runs(stubborn);
    const target = await bench.load({ RunAtLoad: true });
    await bench.settled();
    const restarted = bench.supervisor.kickstart(target, { kill: true });
    await bench.advance(5_000);
    expect(await restarted).toBe(bench.started[1]?.pid);
  });

  it('says why the job could not be started', async () => {
    await using bench = await Bench.start();
    bench.world.failSpawn(PROGRAM, 'EACCES');
    const target = await bench.load();
    const error = await rejectionOf(bench.supervisor.kickstart(target));
    expect(error.code).toBe('ERR_LAUNCHD_SPAWN');
    expect(error.details).toMatchObject({ label: LABEL, reason: `EACCES: ${PROGRAM} (spawn)` });
  });

  it('is refused while the job is being unloaded, and fails when the unloading came later', async () => {
    await using bench = await Bench.start();
    bench.runs(stubborn);
    const target = await bench.load({ RunAtLoad: true });
    await bench.settled();
    const restarting = rejectionOf(bench.supervisor.kickstart(target, { kill: true }));
    const gone = bench.supervisor.bootout(target);
    expect((await rejectionOf(bench.supervisor.kickstart(target))).code).toBe('ERR_LAUNCHD_BUSY');
    await bench.end(0);
    await gone;
    expect((await restarting).code).toBe('ERR_LAUNCHD_NOT_LOADED');
    expect(bench.started).toHaveLength(1);
  });
});

describe('kill', () => {
  it('sends the signal to the process', async () => {
    await using bench = await Bench.start();
    const signals: string[] = [];
    bench.runs((job) => {
      job.signals = (signal) => signals.push(signal);
    });
    const target = await bench.load({ RunAtLoad: true });
    await bench.settled();
    await bench.supervisor.kill(target, 'SIGUSR1');
    expect(signals).toEqual(['SIGUSR1']);
  });

  it('fails when nothing runs or nothing is loaded', async () => {
    await using bench = await Bench.start();
    const target = await bench.load();
    expect((await rejectionOf(bench.supervisor.kill(target, 'SIGTERM'))).code).toBe('ERR_LAUNCHD_STATE');
    const nobody = rejectionOf(bench.supervisor.kill(`${DOMAIN}/nobody`, 'SIGTERM'));
    expect((await nobody).code).toBe('ERR_LAUNCHD_NOT_LOADED');
  });
});
