import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeWaitStatus,
  parseList,
  parseListedJob,
  parseManagerName,
  parsePrintDisabled,
} from '../../src/launchd/index.js';
import { fixture } from './fake-launchctl.js';

describe('parseList', () => {
  it('reads the table, sorted by label', () => {
    expect(parseList(fixture('list.txt'))).toEqual([
      { label: 'application.com.example.app.1152921500311883010.1152921500311883015', pid: 512, status: 0 },
      { label: 'com.apple.SafariHistoryServiceAgent', status: 0 },
      { label: 'com.example.broken', status: 78 },
      { label: 'com.example.echo', pid: 4711, status: -15 },
      { label: 'com.example.killed', status: -9 },
      { label: 'com.example.odd' },
      { label: 'com.example.submitted', pid: 901, status: 0 },
    ]);
  });

  it('reads the table of OS X 10.9, where a running job has no status', () => {
    expect(parseList(fixture('list-10.9.txt'))).toEqual([
      { label: '0x7fd0a8412c30.anonymous.login', status: 3 },
      { label: 'com.example.echo', pid: 4711 },
      { label: 'com.example.idle', status: 0 },
    ]);
  });

  it('never throws, and every row it reads has a label', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const { label } of parseList(text)) expect(label).not.toBe('');
      }),
    );
  });
});

describe('parseListedJob', () => {
  it('reads the keys of the job and not those of its dictionaries', () => {
    expect(parseListedJob(fixture('list-job.txt'))).toEqual({
      label: 'com.example.echo',
      pid: 4711,
      lastExit: { kind: 'exited', code: 15 },
    });
  });

  it('reads nothing from nothing', () => {
    expect(parseListedJob('')).toEqual({});
  });

  it.each([
    [0, { kind: 'exited', code: 0 }],
    [256, { kind: 'exited', code: 1 }],
    [768, { kind: 'exited', code: 3 }],
    [15, { kind: 'signaled', signal: 'SIGTERM' }],
    [3840, { kind: 'exited', code: 15 }],
    [0x8b, { kind: 'signaled', signal: 'SIGSEGV' }], // with a core dump
    [30, { kind: 'signaled', signal: 'SIGUSR1' }], // Darwin's number, not that of Linux
  ])('launchd case 51: LastExitStatus %d', (status, exit) => {
    const text = `{\n\t"Label" = "a";\n\t"LastExitStatus" = ${status};\n};\n`;
    expect(parseListedJob(text)).toEqual({ label: 'a', lastExit: exit });
    expect(decodeWaitStatus(status)).toEqual(exit);
  });
});

describe('parseManagerName', () => {
  it.each(['Aqua', 'Background', 'System', 'LoginWindow', 'StandardIO'])('reads %s', (name) => {
    expect(parseManagerName(`${name}\n`)).toBe(name);
  });

  it.each(['', 'aqua', 'Aqua Background', 'Not privileged'])('does not know %j', (text) => {
    expect(parseManagerName(text)).toBeUndefined();
  });
});

describe('parsePrintDisabled', () => {
  it('launchd case 49: reads old and new syntax alike', () => {
    const expected = new Map([
      ['com.example.echo', true],
      ['com.example.idle', false],
    ]);
    expect(parsePrintDisabled(fixture('print-disabled-12.txt'))).toEqual(expected);
    expect(parsePrintDisabled(fixture('print-disabled-13.txt'))).toEqual(expected);
  });

  it('takes nothing from the second block of macOS 12, and any label of macOS 26', () => {
    expect([...parsePrintDisabled(fixture('print-disabled-12-login-items.txt'))]).toEqual([
      ['com.example.echo', true],
      ['com.example.other', false],
    ]);
    expect([...parsePrintDisabled(fixture('print-disabled-26.txt'))]).toEqual([
      ['com.example.echo', true],
      ['com.example.other', false],
      ['com.example.helper (with spaces)', false],
    ]);
  });

  it('takes what is there of a text that was cut short, and nothing from another', () => {
    expect(parsePrintDisabled('disabled services = {\n\t"a" => disabled\n\t"b" =>').get('a')).toBe(true);
    expect(parsePrintDisabled('\t"a" => disabled\n').size).toBe(0);
    expect(parsePrintDisabled('').size).toBe(0);
  });
});
