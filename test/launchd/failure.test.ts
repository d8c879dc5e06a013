import { describe, expect, it } from 'vitest';
import { failureNumber, launchctlFailure, unknownOutcome } from '../../src/launchd/failure.js';
import type { CommandResult } from '../../src/launchd/index.js';

const CALL = {
  arguments: ['bootstrap', 'gui/501', '/tmp/a.plist'],
  domain: 'gui/501',
  label: 'com.example.echo',
};

function ended(
  exitStatus: number | undefined,
  stderr = '',
  more: Partial<CommandResult> = {},
): CommandResult {
  return { exitStatus, signal: undefined, isTimedOut: false, stdout: '', stderr, ...more };
}

describe('launchctlFailure', () => {
  it.each([
    [1, 'ERR_LAUNCHD_PERMISSION'],
    [2, 'ERR_LAUNCHD_PLIST'],
    [3, 'ERR_LAUNCHD_NOT_LOADED'],
    [5, 'ERR_LAUNCHD_COMMAND'],
    [17, 'ERR_LAUNCHD_ALREADY_LOADED'],
    [36, 'ERR_LAUNCHD_BUSY'],
    [37, 'ERR_LAUNCHD_BUSY'],
    [64, 'ERR_LAUNCHD_COMMAND'],
    [78, 'ERR_LAUNCHD_SPAWN'],
    [107, 'ERR_LAUNCHD_PLIST'],
    [110, 'ERR_LAUNCHD_PLIST'],
    [111, 'ERR_LAUNCHD_PLIST'],
    [112, 'ERR_LAUNCHD_NO_DOMAIN'],
    [113, 'ERR_LAUNCHD_NOT_LOADED'],
    [116, 'ERR_UNSUPPORTED'],
    [119, 'ERR_LAUNCHD_DISABLED'],
    [122, 'ERR_LAUNCHD_PERMISSION'],
    [124, 'ERR_LAUNCHD_NO_DOMAIN'],
    [125, 'ERR_LAUNCHD_NO_DOMAIN'],
    [134, 'ERR_LAUNCHD_PLIST'],
    [140, 'ERR_LAUNCHD_LABEL'],
    [146, 'ERR_LAUNCHD_BUSY'],
    [150, 'ERR_LAUNCHD_PERMISSION'],
    [155, 'ERR_LAUNCHD_PERMISSION'],
    [163, 'ERR_LAUNCHD_SPAWN'],
    [255, 'ERR_LAUNCHD_COMMAND'],
  ])('exit status %d is %s', (exitStatus, code) => {
    expect(launchctlFailure(CALL, ended(exitStatus)).code).toBe(code);
  });

  it('carries arguments, domain, label, exit status, stderr, meaning and advice', () => {
    const stderr = 'Bootstrap failed: 125: Domain does not support specified action\n';
    const error = launchctlFailure(CALL, ended(125, stderr));
    expect(error.message).toBe(
      'launchctl bootstrap gui/501 /tmp/a.plist failed: user 501 has no graphical session',
    );
    expect(error.hint).toContain('user/501');
    expect(error.details).toEqual({
      ...CALL,
      exitStatus: 125,
      stderr,
      number: 125,
      meaning: 'noGuiSession',
    });
  });

  it('says what ended a tool that has no exit status', () => {
    expect(launchctlFailure(CALL, ended(undefined, '', { signal: 'SIGSEGV' })).message).toContain('SIGSEGV');
    expect(launchctlFailure(CALL, ended(255)).message).toContain('exit status 255');
  });

  it('keeps a bounded part of what was written', () => {
    const { stderr } = launchctlFailure(CALL, ended(5, 'x'.repeat(1 << 20))).details;
    expect(String(stderr).length).toBe(4096);
  });
});

describe('failureNumber', () => {
  it.each([
    [
      'a number of its own behind several errors',
      133,
      '/tmp/a.plist: x\nBootstrap failed: 122: Path had bad ownership/permissions\n',
      122,
    ],
    ['a line per path', 133, '/tmp/a.plist: Service is disabled\n', 119],
    ['bad permissions', 5, '/tmp/a.plist: Path had bad ownership/permissions\n', 122],
    ['already loaded', 5, '/tmp/a.plist: service already bootstrapped\n', 17],
    ['no more than the vague number', 5, 'Bootstrap failed: 5: Input/output error\n', 5],
  ])('finds in stderr %s', (_, exitStatus, stderr, number) => {
    expect(failureNumber(ended(exitStatus, stderr))).toBe(number);
  });

  it('never lets text overrule a clear number', () => {
    expect(failureNumber(ended(119, 'could not find service'))).toBe(119);
  });
});

describe('unknownOutcome', () => {
  it('is a timeout that tells to look before repeating', () => {
    const error = unknownOutcome(CALL, 'the job is not loaded now');
    expect(error.code).toBe('ERR_LAUNCHD_UNKNOWN_OUTCOME');
    expect(error.kind).toBe('timeout');
    expect(error.details).toEqual({ ...CALL, meaning: 'unknownOutcome' });
  });
});
