/** The guard of the hot path itself: what it reads, and what it says. It is run by `npm run budget`. */
import { describe, expect, it } from 'vitest';
import { compare, countsPerMessage, differences, RECORD_COMMAND, verdict } from './budgets.mjs';
import { countsOf, hottest, parseProfile } from './callgrind.mjs';

/** Node calls the addon, which calls operator new, memcpy and Node. */
const PROFILE = `# callgrind format
version: 1
positions: line
event: sysTime : sysTime (elapsed ms)
events: Ir sysCount sysTime
summary: 0

ob=(1) /usr/bin/node
fl=(1) node.cc
fn=(1) main
1 100
+2 7 1
cob=(2) /a/launchport.node
cfi=(2) port.cc
cfn=(2) flush
calls=2 5
* 90
cfn=(1)
calls=0 1
4 1000000

ob=(2)
fl=(2)
fn=(2)
5 30
cob=(3) /usr/lib/libstdc++.so.6
cfi=(3) ???
cfn=(3) operator new(unsigned long)
calls=3 0
6 24
cob=(4) /usr/lib/libc.so.6
cfn=(4) memcpy
calls=1 0
6 16
cob=(1)
cfn=(5) napi_call_function
calls=4 9
7 20
cfn=(6) inner
calls=9 9
7 5

fn=(6)
9 5

ob=(4)
fn=(4)
0 16 2 1
`;

describe('a profile', () => {
  it('is summed up by who did it', () => {
    expect(countsOf(parseProfile(PROFILE))).toEqual({
      addonInstructions: 30 + 5 + 24 + 16,
      otherInstructions: 100 + 7 + 30 + 5 + 16 - (30 + 5 + 24 + 16),
      systemCalls: 3,
      crossings: 2 + 4,
      allocations: 3,
    });
  });

  it('tells the functions that do most, calls left out', () => {
    expect(hottest(parseProfile(PROFILE), 2)).toEqual([
      ['main  [node]', 107],
      ['flush  [launchport.node]', 30],
    ]);
  });
});

describe('counts', () => {
  it('are per message', () => {
    const counts = {
      addonInstructions: 1000,
      otherInstructions: 2000,
      systemCalls: 1,
      crossings: 8,
      allocations: 16,
    };
    const [addon, , system] = countsPerMessage([
      { name: '64 B', messages: 8, heapBytes: 800, wakeUps: 2, counts },
    ]);
    expect(addon).toEqual({ name: '64 B: addon', unit: 'instructions per message', value: 125 });
    expect(system?.value).toBe(0.125);
  });
});

describe('a budget', () => {
  const unit = 'instructions per message';
  const count = (value: number) => [{ name: 'a', unit, value }];
  const budget = (value: number, isLimit = false) => [{ name: 'a', unit, budget: value, isLimit }];

  it('is kept within 3 % either way', () => {
    for (const value of [971, 1000, 1029]) {
      expect(verdict(compare(count(value), budget(1000)))).toEqual({ hasFailed: false, lines: [] });
    }
  });

  it('that is exceeded fails, with the figure and what to do', () => {
    const { hasFailed, lines } = verdict(compare(count(1050), budget(1000)));
    expect(hasFailed).toBe(true);
    expect(lines.join('\n')).toContain('a: 1000 → 1050 instructions per message (+5.0 %)');
    expect(lines.join('\n')).toContain(RECORD_COMMAND);
  });

  it('that is no longer needed is asked to be recorded anew, and fails nothing', () => {
    const { hasFailed, lines } = verdict(compare(count(900), budget(1000)));
    expect(hasFailed).toBe(false);
    expect(lines.join('\n')).toContain('a: 1000 → 900 instructions per message (-10.0 %)');
    expect(lines.join('\n')).toContain(RECORD_COMMAND);
  });

  it('of nothing is exceeded by anything', () => {
    expect(verdict(compare(count(1), budget(0))).hasFailed).toBe(true);
    expect(verdict(compare(count(0), budget(0))).hasFailed).toBe(false);
  });

  it('that is a limit may be reached, and not passed', () => {
    expect(verdict(compare(count(100), budget(100, true))).hasFailed).toBe(false);
    expect(verdict(compare(count(1), budget(100, true)))).toEqual({ hasFailed: false, lines: [] });
    expect(verdict(compare(count(101), budget(100, true))).hasFailed).toBe(true);
  });

  it('is there for each count, and a count for each budget', () => {
    expect(verdict(compare(count(1), [])).hasFailed).toBe(true);
    expect(verdict(compare([], budget(1))).hasFailed).toBe(true);
  });

  it('is of certain tools', () => {
    const tools = { compiler: 'GCC 12', v8: '11.3' };
    expect(differences(tools, tools)).toEqual([]);
    expect(differences(tools, { ...tools, compiler: 'GCC 13' })).toEqual([
      'compiler: recorded with GCC 12, here GCC 13',
    ]);
  });
});
