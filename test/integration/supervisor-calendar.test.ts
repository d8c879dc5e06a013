/** StartCalendarInterval where clocks are changed. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { CalendarEntry } from '../../src/supervisor/calendar.js';

describe('nextOccurrence over changes of the clock', () => {
  it('comes an hour late on the day whose hour is skipped, and only then', () => {
    // In 2026, Berlin goes from 02:00 to 03:00 on 29 March, which is 01:00 UTC.
    const entry = { Hour: 2, Minute: 30 };
    expect(nextInBerlin('2026-03-28T12:00:00Z', entry)).toBe('2026-03-29T01:30:00.000Z');
    expect(nextInBerlin('2026-03-29T01:30:00Z', entry)).toBe('2026-03-30T00:30:00.000Z');
  });

  it('comes once at an hour that occurs twice, and each time for every hour', () => {
    // On 25 October it goes from 03:00 back to 02:00, at 01:00 UTC.
    const fixed = { Hour: 2, Minute: 30 };
    expect(nextInBerlin('2026-10-25T00:00:00Z', fixed)).toBe('2026-10-25T00:30:00.000Z');
    expect(nextInBerlin('2026-10-25T00:30:00Z', fixed)).toBe('2026-10-26T01:30:00.000Z');
    expect(nextInBerlin('2026-10-25T00:30:00Z', { Minute: 30 })).toBe('2026-10-25T01:30:00.000Z');
  });
});

const MODULE = new URL('../../dist/supervisor/calendar.js', import.meta.url).href;

/** In a process of its own: the time zone of this one is set. */
function nextInBerlin(after: string, entry: CalendarEntry): string {
  const call = `nextOccurrence([${JSON.stringify(entry)}], Date.parse(${JSON.stringify(after)}))`;
  const code = `import { nextOccurrence } from '${MODULE}'; process.stdout.write(new Date(${call}).toISOString());`;
  return execFileSync(process.execPath, ['--input-type=module', '-e', code], {
    env: { ...process.env, TZ: 'Europe/Berlin' },
    encoding: 'utf8',
  });
}
