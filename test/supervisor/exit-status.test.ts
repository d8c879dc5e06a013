import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import {
  describeExit,
  isCrash,
  isSuccess,
  listStatus,
  processExit,
  signalName,
  signalNumber,
} from '../../src/supervisor/exit-status.js';

describe('exit status', () => {
  it('tells an exit code from a signal', () => {
    expect(processExit(3, 0)).toEqual({ kind: 'exited', code: 3 });
    expect(processExit(0, 9)).toEqual({ kind: 'signaled', signal: 'SIGKILL' });
  });

  it('names every signal of the system so that the number comes back', () => {
    for (const [name, number] of Object.entries(constants.signals)) {
      expect(signalNumber(name as NodeJS.Signals)).toBe(number);
      expect(constants.signals[signalName(number) as NodeJS.Signals]).toBe(number);
    }
    expect(signalName(40)).toBe('SIG40');
    expect(() => signalNumber('SIGNONE' as NodeJS.Signals)).toThrow(TypeError);
  });

  it('fills the status column of a list', () => {
    expect(listStatus(undefined)).toBe(0);
    expect(listStatus({ kind: 'exited', code: 7 })).toBe(7);
    expect(listStatus({ kind: 'signaled', signal: 'SIGTERM' })).toBe(-15);
    expect(listStatus({ kind: 'signaled', signal: 'SIG40' })).toBe(-40);
    expect(listStatus({ kind: 'spawn failed', reason: 'ENOENT' })).toBe(78);
  });

  it('counts as a crash what a broken program dies of', () => {
    const crashes = Object.keys(constants.signals).filter((signal) => isCrash({ kind: 'signaled', signal }));
    expect(crashes.filter((name) => name !== 'SIGIOT').sort()).toEqual(
      ['SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGSEGV', 'SIGSYS', 'SIGTRAP'].sort(),
    );
    expect(isCrash({ kind: 'exited', code: 1 })).toBe(false);
    expect(isCrash({ kind: 'spawn failed', reason: 'ENOENT' })).toBe(false);
  });

  it('counts only exit code 0 as success', () => {
    expect(isSuccess({ kind: 'exited', code: 0 })).toBe(true);
    expect(isSuccess({ kind: 'exited', code: 1 })).toBe(false);
    expect(isSuccess({ kind: 'signaled', signal: 'SIGTERM' })).toBe(false);
  });

  it('says it in words', () => {
    expect(describeExit({ kind: 'exited', code: 2 })).toBe('exited with code 2');
    expect(describeExit({ kind: 'signaled', signal: 'SIGKILL' })).toBe('was ended by SIGKILL');
    expect(describeExit({ kind: 'spawn failed', reason: 'EACCES: /x' })).toContain('EACCES: /x');
  });
});
