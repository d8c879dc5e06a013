import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { throttleDelay } from '../../src/supervisor/throttle.js';

describe('throttleDelay', () => {
  const state = { now: 100_000, lastStart: 99_000, interval: 10_000, hasFailed: false };

  it('lets a job start that was never started', () => {
    expect(throttleDelay({ ...state, lastStart: undefined })).toBe(0);
  });

  it('counts from the last start', () => {
    expect(throttleDelay(state)).toBe(9_000);
    expect(throttleDelay({ ...state, lastStart: 90_001 })).toBe(1);
    expect(throttleDelay({ ...state, lastStart: 90_000 })).toBe(0);
  });

  it('holds a job whose start failed for a second at least', () => {
    expect(throttleDelay({ ...state, interval: 0, lastStart: 100_000 })).toBe(0);
    expect(throttleDelay({ ...state, interval: 0, lastStart: 100_000, hasFailed: true })).toBe(1_000);
    expect(throttleDelay({ ...state, lastStart: 100_000, hasFailed: true })).toBe(10_000);
  });

  it('never lets two starts be closer than the interval', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(), (lastStart, lived, interval) => {
        const now = lastStart + lived;
        const delay = throttleDelay({ now, lastStart, interval, hasFailed: false });
        expect(now + delay).toBe(Math.max(now, lastStart + interval));
      }),
    );
  });
});
