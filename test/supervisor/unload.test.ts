/** Unloading: bootout, and what comes right after it. */
import { describe, expect, it } from 'vitest';
import { rejectionOf } from '../helpers/thrown.js';
import { Bench, DOMAIN, LABEL } from './bench.js';

describe('bootout', () => {
  it('removes an idle job and its socket', async () => {
    await using bench = await Bench.start();
    const target = await bench.load();
    await bench.supervisor.bootout(target);
    expect(await bench.supervisor.print(target)).toBeUndefined();
    expect((await rejectionOf(bench.connect().request({}))).code).toBe('ERR_XPC_INVALID');
    expect(bench.kinds).toEqual(['loaded', 'removed']);
  });

  it('waits for the process to end', async () => {
    await using bench = await Bench.start();
    bench.runs((job) => {
      job.signals = () => {};
    });
    const target = await bench.load({ RunAtLoad: true });
    await bench.settled();
    let isGone = false;
    const gone = bench.supervisor.bootout(target).then(() => {
      isGone = true;
    });
    await bench.settled();
    expect((await bench.print()).state).toBe('exiting');
    expect(isGone).toBe(false);
    await bench.end(0);
    await gone;
    expect(await bench.supervisor.print(target)).toBeUndefined();
    expect(bench.kinds).toEqual(['loaded', 'spawned', 'exiting', 'exited', 'removed']);
  });

  it('launchd case 38: SIGKILL follows a SIGTERM that is ignored, after ExitTimeOut', async () => {
    await using bench = await Bench.start();
    const signals: string[] = [];
    bench.runs((job) => {
      job.signals = (signal) => signals.push(signal);
    });
    const target = await bench.load({ RunAtLoad: true, ExitTimeOut: 1 });
    await bench.settled();
    const gone = bench.supervisor.bootout(target);
    await bench.advance(999);
    expect(bench.world.alive()).toContain(bench.started[0]?.pid);
    await bench.advance(1);
    await gone;
    expect(signals).toEqual(['SIGTERM']);
    expect(bench.transitions).toContainEqual(
      expect.objectContaining({ kind: 'exited', exit: { kind: 'signaled', signal: 'SIGKILL' } }),
    );
  });

  it('launchd case 39: ExitTimeOut 0 never kills; the caller gives up at its own deadline', async () => {
    await using bench = await Bench.start();
    bench.runs((job) => {
      job.signals = () => {};
    });
    const target = await bench.load({ RunAtLoad: true, ExitTimeOut: 0 });
    await bench.settled();
    const error = await rejectionOf(bench.supervisor.bootout(target, { timeout: 0 }));
    expect(error.code).toBe('ERR_LAUNCHD_UNKNOWN_OUTCOME');
    await bench.advance(3_600_000);
    expect(bench.world.alive()).toContain(bench.started[0]?.pid);
    expect((await bench.print()).state).toBe('exiting');
    await bench.supervisor.kill(target, 'SIGKILL');
    await bench.settled();
    expect(await bench.supervisor.print(target)).toBeUndefined();
  });

  it('launchd case 41: bootstrap right after bootout waits for the old process and succeeds', async () => {
    await using bench = await Bench.start();
    bench.runs((job) => {
      job.signals = () => {};
    });
    const target = await bench.load({ RunAtLoad: true });
    await bench.settled();
    const gone = bench.supervisor.bootout(target);
    const loaded = bench.load({ RunAtLoad: true, ThrottleInterval: 3 });
    await bench.settled();
    expect(bench.started).toHaveLength(1);
    await bench.end(0);
    await gone;
    expect(await loaded).toBe(target);
    await bench.settled();
    expect(await bench.print()).toMatchObject({ state: 'running', runs: 1, pid: bench.started[1]?.pid });
  });

  it('a bootstrap that gave up waiting does not load later', async () => {
    await using bench = await Bench.start();
    bench.runs((job) => {
      job.signals = () => {};
    });
    const target = await bench.load({ RunAtLoad: true });
    await bench.settled();
    const gone = bench.supervisor.bootout(target);
    const abort = new AbortController();
    const loading = bench.supervisor.bootstrap(DOMAIN, await bench.plist(), { signal: abort.signal });
    await bench.settled();
    abort.abort();
    expect((await rejectionOf(loading)).code).toBe('ERR_ABORTED');
    await bench.end(0);
    await gone;
    await bench.settled();
    expect(await bench.supervisor.list()).toEqual([]);
  });

  it('launchd case 42: an unloaded label is ERR_LAUNCHD_NOT_LOADED', async () => {
    await using bench = await Bench.start();
    const error = await rejectionOf(bench.supervisor.bootout(`${DOMAIN}/${LABEL}`));
    expect(error.code).toBe('ERR_LAUNCHD_NOT_LOADED');
    expect(error.details).toMatchObject({ domain: DOMAIN, label: LABEL });
  });

  it('resets clients that wait', async () => {
    await using bench = await Bench.start();
    bench.runs(() => {});
    const target = await bench.load();
    const connection = bench.connect();
    const request = rejectionOf(connection.request({ n: 1 }));
    await bench.settled();
    expect(bench.started).toHaveLength(1);
    await bench.supervisor.bootout(target);
    expect((await request).code).toBe('ERR_XPC_INTERRUPTED');
  });

  it('two at once both succeed', async () => {
    await using bench = await Bench.start();
    const target = await bench.load({ RunAtLoad: true });
    await Promise.all([bench.supervisor.bootout(target), bench.supervisor.bootout(target)]);
    expect(bench.kinds.filter((kind) => kind === 'removed')).toHaveLength(1);
  });

  it('launchd case 65: a job with LaunchOnlyOnce is gone after its run', async () => {
    await using bench = await Bench.start();
    const target = await bench.load({ RunAtLoad: true, LaunchOnlyOnce: true });
    await bench.settled();
    await bench.end(0);
    expect(await bench.supervisor.print(target)).toBeUndefined();
    expect(bench.kinds.at(-1)).toBe('removed');
  });
});
