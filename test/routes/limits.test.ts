/** How many handlers run at once, and who is refused. */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { isRouteError } from '../../src/routes/index.js';
import { refusal } from '../../src/routes/session-limits.js';
import { openLink } from './link.js';

describe('limits', () => {
  it('refuse what one client has too much of, with advice, and serve the others', async () => {
    await using link = openLink({ maxConcurrentPerSession: 2 });
    const held: (() => void)[] = [];
    link.server
      .handleRaw('wait', async () => {
        await new Promise<void>((resolve) => held.push(resolve));
        return {};
      })
      .handleRaw('ping', () => ({}));
    const greedy = link.client();
    const calls = [greedy.callRaw('wait'), greedy.callRaw('wait')];
    const error = await greedy.callRaw('ping').catch((reason: unknown) => reason);
    expect(isRouteError(error, 'invalidState')).toBe(true);
    expect(error).toMatchObject({
      details: { message: 'too many requests: 2 of this client are running' },
      hint: 'Wait for replies before sending more.',
    });
    expect(await link.client().callRaw('ping')).toEqual({});
    await vi.waitFor(() => expect(held).toHaveLength(2));
    for (const release of held) release();
    await Promise.all(calls);
    expect(await greedy.callRaw('ping')).toEqual({});
  });

  it('leave room for a newcomer while others fill the server', async () => {
    await using link = openLink({ maxConcurrent: 64 });
    const held: (() => void)[] = [];
    link.server
      .handleRaw('wait', async () => {
        await new Promise<void>((resolve) => held.push(resolve));
        return {};
      })
      .handleRaw('ping', () => ({}));
    const refused = vi.fn();
    const calls = [link.client(), link.client(), link.client()].flatMap((client) =>
      Array.from({ length: 64 }, () => client.callRaw('wait').catch(refused)),
    );
    await vi.waitFor(() => expect(held.length + refused.mock.calls.length).toBe(3 * 64));
    expect(held.length).toBeGreaterThan(48);
    expect(await link.client().callRaw('ping')).toEqual({});
    for (const release of held) release();
    await Promise.all(calls);
  });
});

describe('the policy', () => {
  const nat = (max: number) => fc.integer({ min: 1, max });

  it('takes a first request whenever there is a place', () => {
    fc.assert(
      fc.property(nat(5000), nat(300), (maxConcurrent, maxConcurrentPerSession) => {
        const limits = { maxConcurrent, maxConcurrentPerSession };
        expect(refusal(limits, maxConcurrent - 1, 0)).toBeUndefined();
        expect(refusal(limits, maxConcurrent, 0)).toMatchObject({ code: 'ERR_REMOTE' });
        expect(refusal(limits, 0, maxConcurrentPerSession)).toMatchObject({ code: 'ERR_REMOTE' });
      }),
    );
  });

  it('lets a client alone have eight ninths of the server, and all of a small one', () => {
    fc.assert(
      fc.property(nat(5000), (maxConcurrent) => {
        let running = 0;
        while (refusal({ maxConcurrent, maxConcurrentPerSession: 5000 }, running, running) === undefined)
          running++;
        expect(running).toBeGreaterThanOrEqual(Math.min(8, maxConcurrent));
        expect(running).toBeGreaterThanOrEqual(Math.floor((maxConcurrent * 8) / 9));
      }),
    );
  });
});
