import { describe, expect, it } from 'vitest';
import { type CalendarEntry, nextOccurrence } from '../../src/supervisor/calendar.js';

/** The next time as local text, minutes exact. */
const next = (after: string, ...entries: CalendarEntry[]): string | undefined => {
  const time = nextOccurrence(entries, new Date(after).getTime());
  if (time === undefined) return undefined;
  const two = (value: number) => String(value).padStart(2, '0');
  const date = new Date(time);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
};

describe('nextOccurrence', () => {
  it.each<[string, string, CalendarEntry, string]>([
    ['every minute', '2026-05-01T10:00:30', {}, '2026-05-01 10:01'],
    ['never the moment itself', '2026-05-01T10:00:00', { Hour: 10, Minute: 0 }, '2026-05-02 10:00'],
    ['every minute of an hour', '2026-05-01T10:59:00', { Hour: 10 }, '2026-05-02 10:00'],
    ['every hour', '2026-05-01T23:31:00', { Minute: 30 }, '2026-05-02 00:30'],
    ['the first minute of a day', '2026-05-01T10:00:00', { Day: 31, Hour: 3, Minute: 5 }, '2026-05-31 03:05'],
    ['a day that June has not', '2026-06-01T00:00:00', { Day: 31, Hour: 0, Minute: 0 }, '2026-07-31 00:00'],
    [
      'the end of a year',
      '2026-12-31T23:59:00',
      { Month: 1, Day: 1, Hour: 0, Minute: 0 },
      '2027-01-01 00:00',
    ],
    ['29 February', '2026-03-01T00:00:00', { Month: 2, Day: 29, Hour: 12, Minute: 0 }, '2028-02-29 12:00'],
    [
      '29 February around 2100',
      '2096-03-01T00:00:00',
      { Month: 2, Day: 29, Hour: 0, Minute: 0 },
      '2104-02-29 00:00',
    ],
    ['Sunday as 0', '2026-05-01T00:00:00', { Weekday: 0, Hour: 1, Minute: 0 }, '2026-05-03 01:00'],
    ['Sunday as 7', '2026-05-01T00:00:00', { Weekday: 7, Hour: 1, Minute: 0 }, '2026-05-03 01:00'],
    [
      'Day or Weekday, the weekday first',
      '2026-05-01T12:00:00',
      { Day: 10, Weekday: 1, Hour: 0, Minute: 0 },
      '2026-05-04 00:00',
    ],
    [
      'Day or Weekday, the day first',
      '2026-05-04T12:00:00',
      { Day: 5, Weekday: 1, Hour: 0, Minute: 0 },
      '2026-05-05 00:00',
    ],
    [
      'a Monday in one month only',
      '2026-05-01T00:00:00',
      { Month: 6, Weekday: 1, Hour: 0, Minute: 0 },
      '2026-06-01 00:00',
    ],
  ])('%s', (_case, after, entry, expected) => {
    expect(next(after, entry)).toBe(expected);
  });

  it('takes the first of several entries', () => {
    expect(next('2026-05-01T10:00:00', { Hour: 12, Minute: 0 }, { Hour: 11, Minute: 15 })).toBe(
      '2026-05-01 11:15',
    );
  });

  it('knows when there is no such day', () => {
    expect(next('2026-05-01T00:00:00', { Month: 2, Day: 31 })).toBeUndefined();
    expect(nextOccurrence([], 0)).toBeUndefined();
  });
});
