/** StartCalendarInterval: when the next of its times comes. */

/** One entry of StartCalendarInterval; what is missing matches everything. */
export interface CalendarEntry {
  readonly Minute?: number | undefined;
  readonly Hour?: number | undefined;
  readonly Day?: number | undefined;
  /** 0 and 7 are Sunday. */
  readonly Weekday?: number | undefined;
  /** 1 is January. */
  readonly Month?: number | undefined;
}

/** 29 February may be eight years away, across a year like 2100. */
const MAX_DAYS = 366 * 8 + 2;

/** Clocks are set back by an hour nearly everywhere, by half an hour on Lord Howe Island. */
const SET_BACK_MS = [30 * 60_000, 60 * 60_000] as const;

const HOURS = Array.from({ length: 24 }, (_, hour) => hour);
const MINUTES = Array.from({ length: 60 }, (_, minute) => minute);

/**
 * The first moment after `after`, in milliseconds since the epoch, at which one of the entries matches the local time;
 * undefined when none ever does, as on 31 February. With both Day and Weekday either is enough, as in crontab(5). A
 * time that the change to summer time skips comes that much later; one that occurs twice counts once, unless the
 * entry names no hour.
 */
export function nextOccurrence(entries: readonly CalendarEntry[], after: number): number | undefined {
  const times = entries.map((entry) => nextOf(entry, after)).filter((time) => time !== undefined);
  return times.length === 0 ? undefined : Math.min(...times);
}

function nextOf(entry: CalendarEntry, after: number): number | undefined {
  const start = new Date(after);
  for (let offset = 0; offset < MAX_DAYS; offset += 1) {
    const day = new Date(start.getFullYear(), start.getMonth(), start.getDate() + offset);
    if (!isOnDay(entry, day)) continue;
    const times = timesOn(entry, day).filter((time) => time > after);
    if (times.length > 0) return Math.min(...times);
  }
  return undefined;
}

function isOnDay({ Day, Weekday, Month }: CalendarEntry, date: Date): boolean {
  if (Month !== undefined && Month !== date.getMonth() + 1) return false;
  const isDay = Day === date.getDate();
  const isWeekday = Weekday !== undefined && Weekday % 7 === date.getDay();
  if (Day === undefined) return Weekday === undefined || isWeekday;
  return isDay || isWeekday;
}

function timesOn({ Hour, Minute }: CalendarEntry, day: Date): number[] {
  const times: number[] = [];
  for (const hour of Hour === undefined ? HOURS : [Hour]) {
    for (const minute of Minute === undefined ? MINUTES : [Minute]) {
      const time = new Date(day.getFullYear(), day.getMonth(), day.getDate(), hour, minute).getTime();
      times.push(time);
      if (Hour === undefined) times.push(...SET_BACK_MS.map((ms) => time + ms).filter(isAt(hour, minute)));
    }
  }
  return times;
}

function isAt(hour: number, minute: number): (time: number) => boolean {
  return (time) => {
    const date = new Date(time);
    return date.getHours() === hour && date.getMinutes() === minute;
  };
}
