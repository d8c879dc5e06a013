/** A client that sends far more than is answered: what it costs the service and the other clients. */
import { describe, expect, it } from 'vitest';
import type { XpcDictionary } from '../../src/xpc/index.js';
import { collectGarbage } from '../helpers/garbage.js';
import { deferred, Pair } from '../helpers/xpc-pair.js';

const MEBIBYTE = 1024 * 1024;

/** A service that answers floods only when told to, and everything else at once. */
function dam() {
  const opened = deferred();
  const request = async (message: XpcDictionary) => {
    if (message.flood !== undefined) await opened.promise;
    return {};
  };
  return { request, open: opened.resolve };
}

describe('a client that floods a service', () => {
  it('takes no more memory than the bounds say, and sees what was dropped', async () => {
    const { request, open } = dam();
    const bounds = { maxRunningBytes: 4 * MEBIBYTE, maxWaitingBytes: 4 * MEBIBYTE };
    await using pair = new Pair().serve(() => ({ request }), bounds);
    const connection = pair.connect({ maxPending: 10_000 });
    const flood = new Uint8Array(128 * 1024);
    const outcomes: Promise<string>[] = [];
    const burst = async () => {
      for (let i = 0; i < 40; i++) {
        outcomes.push(
          connection.request({ flood }).then(
            () => 'ok',
            ({ code }: { code: string }) => code,
          ),
        );
      }
      await pair.world.settled();
    };
    await burst();
    await collectGarbage();
    const before = process.memoryUsage().arrayBuffers;
    for (let round = 1; round < 25; round++) await burst();
    await collectGarbage();
    // 120 MiB came, at most 8 are kept.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * MEBIBYTE);
    open();
    const results = await Promise.all(outcomes);
    const answered = results.filter((result) => result === 'ok').length;
    expect(results.filter((result) => result === 'ERR_XPC_INTERRUPTED')).toHaveLength(1000 - answered);
    // A quarter of what may run, and all that may wait.
    expect(answered).toBe(7 + 31);
    expect(pair.server.statistics().openTokens).toBe(0);
    // The first hundred each, then fewer and fewer.
    expect(pair.log.entries).toHaveLength(100 + 3);
    expect(pair.log.text).toContain('512 of this client');
  });

  it('does not keep others from being served', async () => {
    const { request, open } = dam();
    const bounds = { maxConcurrent: 8, maxConcurrentPerPeer: 4, maxWaiting: 20 };
    await using pair = new Pair().serve(() => ({ request }), bounds);
    const flooding = pair.connect();
    const lost = Array.from({ length: 100 }, () => flooding.request({ flood: true }).catch(() => undefined));
    await pair.world.settled();
    const other = pair.connect();
    for (let i = 0; i < 50; i++) await other.request({});
    open();
    await Promise.all(lost);
  });

  it('runs no more handlers than one client may, however many there are room for', async () => {
    const { request, open } = dam();
    let running = 0;
    let most = 0;
    await using pair = new Pair().serve(
      () => ({
        request: async (message) => {
          most = Math.max(most, ++running);
          await request(message);
          running--;
          return {};
        },
      }),
      { maxConcurrentPerPeer: 3 },
    );
    const connections = [pair.connect(), pair.connect()];
    const replies = connections.flatMap((connection) =>
      Array.from({ length: 10 }, () => connection.request({ flood: true })),
    );
    await pair.world.settled();
    expect(most).toBe(6);
    open();
    await Promise.all(replies);
    expect(most).toBe(6);
  });
});

describe('the bounds of a listener', () => {
  it.each([{ maxConcurrentPerPeer: 0 }, { maxRunningBytes: Number.NaN }, { maxWaitingBytes: -1 }])(
    'must make sense: %j do not',
    async (bounds) => {
      await using pair = new Pair();
      expect(() => pair.serve(() => ({}), bounds)).toThrow(RangeError);
    },
  );
});
