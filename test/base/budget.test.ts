import { describe, expect, it } from 'vitest';
import { Budget, type BudgetClock } from '../../src/base/index.js';
import { rejectionOf, thrownBy } from '../helpers/thrown.js';

function clock(): BudgetClock & { time: number } {
  const own = {
    time: 1000,
    now: () => own.time,
    delay: async (ms: number) => {
      own.time += ms;
    },
  };
  return own;
}

describe('Budget', () => {
  it('gives each step what those before it left', async () => {
    const own = clock();
    const budget = new Budget('walk', { timeout: 100 }, own);
    expect(budget.rest()).toEqual({ timeout: 100 });
    expect(await budget.pause(30)).toBe(true);
    expect(budget.rest()).toEqual({ timeout: 70 });
    expect(budget.remaining).toBe(70);
  });

  it('pauses no longer than it lasts, and not at all when it is spent', async () => {
    const own = clock();
    const budget = new Budget('walk', { timeout: 100 }, own);
    expect(await budget.pause(1000)).toBe(true);
    expect(own.time).toBe(1100);
    expect(await budget.pause(1)).toBe(false);
    expect(own.time).toBe(1100);
  });

  it('names the operation and its time when nothing is left', async () => {
    const budget = new Budget('walk', { timeout: 100 }, clock());
    await budget.pause(100);
    const error = thrownBy(() => budget.rest());
    expect(error.code).toBe('ERR_TIMEOUT');
    expect(error.message).toContain('walk took longer than 100 ms');
  });

  it('is over for every step once its signal aborts', async () => {
    const controller = new AbortController();
    const budget = new Budget('walk', { timeout: 100, signal: controller.signal }, clock());
    expect(budget.rest().signal).toBe(controller.signal);
    controller.abort();
    expect(thrownBy(() => budget.rest()).code).toBe('ERR_ABORTED');
    expect((await rejectionOf(budget.pause(1))).code).toBe('ERR_ABORTED');
    expect(thrownBy(() => budget.within(5).assertLive()).code).toBe('ERR_ABORTED');
  });

  it('holds shorter ones that never outlast it', async () => {
    const own = clock();
    const budget = new Budget('walk', { timeout: 100 }, own);
    expect(budget.within(10).remaining).toBe(10);
    expect(budget.within(1000).remaining).toBe(100);
    await budget.pause(95);
    expect(budget.within(10).remaining).toBe(5);
  });

  it('refuses a timeout that is no number', () => {
    expect(() => new Budget('walk', { timeout: Number.NaN })).toThrow(RangeError);
  });
});
