import { describe, expect, it } from 'vitest';
import type { JobExit } from '../../src/launchd/index.js';
import {
  type KeepAlivePolicy,
  ON_DEMAND,
  wantsInitialLaunch,
  wantsRestart,
} from '../../src/supervisor/keep-alive.js';

const ZERO: JobExit = { kind: 'exited', code: 0 };
const ONE: JobExit = { kind: 'exited', code: 1 };
const KILL: JobExit = { kind: 'signaled', signal: 'SIGKILL' };
const SEGV: JobExit = { kind: 'signaled', signal: 'SIGSEGV' };
const FAILED: JobExit = { kind: 'spawn failed', reason: 'ENOENT' };

const policy = (changes: Partial<KeepAlivePolicy>): KeepAlivePolicy => ({ ...ON_DEMAND, ...changes });
const restarts = (conditions: KeepAlivePolicy) =>
  [ZERO, ONE, KILL, SEGV, FAILED].map((exit) => wantsRestart(conditions, exit));

describe('KeepAlive', () => {
  it('restarts after anything, or nothing, or by condition', () => {
    expect(restarts(policy({ isUnconditional: true }))).toEqual([true, true, true, true, true]);
    expect(restarts(ON_DEMAND)).toEqual([false, false, false, false, false]);
  });

  it('launchd case 29: SuccessfulExit false restarts after exit 1 and after SIGKILL from outside', () => {
    expect(restarts(policy({ successfulExit: false }))).toEqual([false, true, true, true, true]);
  });

  it('launchd case 30: SuccessfulExit true restarts after exit 0 and stays down after exit 1', () => {
    expect(restarts(policy({ successfulExit: true }))).toEqual([true, false, false, false, false]);
  });

  it('launchd case 31: Crashed true restarts after SIGSEGV, not after SIGKILL or exit 1', () => {
    expect(restarts(policy({ crashed: true }))).toEqual([false, false, false, true, false]);
    expect(restarts(policy({ crashed: false }))).toEqual([true, true, true, false, true]);
  });

  it('ORs its conditions', () => {
    expect(restarts(policy({ successfulExit: true, crashed: true }))).toEqual([
      true,
      false,
      false,
      true,
      false,
    ]);
  });

  it('implies a first start', () => {
    expect(wantsInitialLaunch(ON_DEMAND)).toBe(false);
    expect(wantsInitialLaunch(policy({ isUnconditional: true }))).toBe(true);
    expect(wantsInitialLaunch(policy({ successfulExit: false }))).toBe(true);
    expect(wantsInitialLaunch(policy({ crashed: false }))).toBe(true);
  });
});
