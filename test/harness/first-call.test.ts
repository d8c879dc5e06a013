/** The watch over a job during the first call to it. */
import { describe, expect, it, vi } from 'vitest';
import { guardFirstCall } from '../../src/harness/first-call.js';
import type { JobExit, JobStatus } from '../../src/launchd/index.js';
import type { SendRequest } from '../../src/routes/index.js';

const target = 'user/501/com.apple.container.hydra';

const status = (over: Partial<JobStatus>): JobStatus => ({
  target,
  label: 'com.apple.container.hydra',
  state: 'not running',
  runs: 0,
  arguments: [],
  endpoints: [{ name: 'com.apple.container.core.hydra', isActive: false }],
  ...over,
});

/** A job that shows one status after the other, the last one for good; `undefined` is not loaded. */
function job(...statuses: readonly (JobStatus | undefined | Error)[]) {
  let at = 0;
  const print = vi.fn(async () => {
    const next = statuses[Math.min(at++, statuses.length - 1)];
    if (next instanceof Error) throw next;
    return next;
  });
  return { control: { print }, target, name: 'hydra' } as const;
}

/** A request that nobody answers; tells whether it was given up. */
function mute() {
  const state = { isAborted: false };
  const send: SendRequest = (signal) =>
    new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => {
        state.isAborted = true;
        reject(new Error('given up'));
      });
    });
  return { send, state };
}

describe('a job that ends before it checks in', () => {
  it.each<readonly [JobExit, string]>([
    [{ kind: 'exited', code: 78 }, 'plugin hydra exited with status 78 before it checked in'],
    [{ kind: 'exited', code: 0 }, 'plugin hydra exited with status 0 before it checked in'],
    [{ kind: 'signaled', signal: 'SIGSEGV' }, 'plugin hydra was ended by SIGSEGV before it checked in'],
  ])('fails the call with %o', async (lastExit, message) => {
    const { send, state } = mute();
    const after = status({ runs: 1, state: 'spawn scheduled', lastExit });
    await expect(guardFirstCall(job(status({}), after), send, undefined)).rejects.toMatchObject({
      code: 'ERR_PLUGIN_EXITED',
      message,
      details: { plugin: 'hydra', exit: lastExit, target },
    });
    expect(state.isAborted).toBe(true);
  });

  it('or cannot be spawned', async () => {
    const after = status({ runs: 1, lastExit: { kind: 'spawn failed', reason: 'ENOENT' } });
    await expect(guardFirstCall(job(status({}), after), mute().send, undefined)).rejects.toMatchObject({
      code: 'ERR_LAUNCHD_SPAWN',
      message: 'hydra could not be started: ENOENT',
    });
  });

  it('but not for how it ended before the call', async () => {
    const old = status({ runs: 3, lastExit: { kind: 'exited', code: 1 } });
    const up = status({ runs: 4, state: 'running', pid: 9, lastExit: { kind: 'exited', code: 1 } });
    const watched = job(old, old, up);
    let reply = (_: object) => {};
    const call = guardFirstCall(
      watched,
      () => new Promise((resolve) => (reply = resolve as never)),
      undefined,
    );
    await vi.waitFor(() => expect(watched.control.print).toHaveBeenCalledTimes(4), { timeout: 3_000 });
    reply({ a: 1n });
    expect(await call).toEqual({ a: 1n });
  });
});

describe('the watch', () => {
  it('is not needed when the job has checked in', async () => {
    const up = status({ runs: 1, state: 'running', pid: 9, endpoints: [{ name: 's', isActive: true }] });
    const watched = job(up);
    expect(await guardFirstCall(watched, async () => ({}), undefined)).toEqual({});
    expect(watched.control.print).toHaveBeenCalledTimes(1);
  });

  it('lets the reply win, and what else the call fails with', async () => {
    expect(await guardFirstCall(job(status({})), async () => ({ a: 1n }), undefined)).toEqual({ a: 1n });
    const failing = guardFirstCall(job(status({})), () => Promise.reject(new Error('timeout')), undefined);
    await expect(failing).rejects.toThrow('timeout');
  });

  it('believes nothing that it could not see', async () => {
    const unsure = job(undefined, new Error('launchctl failed'), status({ runs: 1, state: 'unknown' }));
    const { send, state } = mute();
    const abort = new AbortController();
    const call = guardFirstCall(unsure, send, abort.signal);
    await vi.waitFor(() => expect(unsure.control.print).toHaveBeenCalledTimes(4), { timeout: 3_000 });
    expect(state.isAborted).toBe(false);
    abort.abort();
    await expect(call).rejects.toThrow('given up');
    await expect(guardFirstCall(unsure, send, abort.signal)).rejects.toMatchObject({ code: 'ERR_ABORTED' });
  });
});

it('a caller that gives up does not wait for a look at the job', async () => {
  const print = vi.fn<(target: string, options?: { readonly signal?: AbortSignal }) => Promise<undefined>>(
    (_target, options) =>
      new Promise((_resolve, reject) =>
        options?.signal?.addEventListener('abort', () => reject(new Error('ended'))),
      ),
  );
  const abort = new AbortController();
  const send: SendRequest = (signal) =>
    signal?.aborted ? Promise.reject(new Error('given up')) : new Promise(() => {});
  const call = guardFirstCall({ control: { print }, target, name: 'hydra' }, send, abort.signal);
  abort.abort();
  await expect(call).rejects.toThrow('given up');
});
