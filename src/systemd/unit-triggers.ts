/** The .timer and .path units of a job: what starts it besides a request. */
import { isAbsolute } from 'node:path';
import type { JobDefinition } from '../launchd/index.js';
import { type Setting, wholeLine } from './unit-text.js';

type Warn = (key: string, message: string) => void;
type Calendar = Exclude<NonNullable<JobDefinition['StartCalendarInterval']>, readonly unknown[]>;

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** The settings of [Timer]; none without an interval or a calendar. */
export function timerSettings(
  { StartInterval, StartCalendarInterval }: JobDefinition,
  warn: Warn,
): Setting[] {
  const settings: Setting[] = [];
  if (StartInterval !== undefined) {
    warn(
      'StartInterval',
      'is counted from the last start, so a run that takes longer is followed by the next at once',
    );
    settings.push(['OnActiveSec', String(StartInterval)], ['OnUnitActiveSec', String(StartInterval)]);
  }
  for (const calendar of [StartCalendarInterval ?? []].flat() as readonly Calendar[]) {
    for (const expression of calendarExpressions(calendar)) settings.push(['OnCalendar', expression]);
  }
  // The default would be a minute.
  return settings.length === 0 ? [] : [...settings, ['AccuracySec', '100ms']];
}

/** As systemd.time(7) writes them. A day of the month and a day of the week are alternatives, as in cron. */
function calendarExpressions({ Minute, Hour, Day, Weekday, Month }: Calendar): string[] {
  const two = (value: number | undefined) => (value === undefined ? '*' : String(value).padStart(2, '0'));
  const time = `${two(Hour)}:${two(Minute)}:00`;
  const onDay = `*-${two(Month)}-${two(Day)} ${time}`;
  if (Weekday === undefined) return [onDay];
  const onWeekday = `${DAYS[Weekday % 7]} *-${two(Month)}-* ${time}`;
  return Day === undefined ? [onWeekday] : [onDay, onWeekday];
}

/** The settings of [Path]; none without anything to watch. @throws LaunchportError ERR_LAUNCHD_PLIST */
export function pathSettings(definition: JobDefinition, warn: Warn): Setting[] {
  const { WatchPaths = [], QueueDirectories = [], KeepAlive } = definition;
  const settings: Setting[] = [];
  const add = (setting: string, key: string, path: string) => {
    if (isAbsolute(path)) settings.push([setting, wholeLine(path, key)]);
    else warn(key, `${path} is left out: systemd takes absolute paths only`);
  };
  for (const path of WatchPaths) add('PathModified', 'WatchPaths', path);
  for (const path of QueueDirectories) add('DirectoryNotEmpty', 'QueueDirectories', path);
  const { PathState = {} } = typeof KeepAlive === 'object' ? KeepAlive : {};
  for (const [path, isWanted] of Object.entries(PathState)) {
    if (isWanted) add('PathExists', 'KeepAlive.PathState', path);
    else warn('KeepAlive.PathState', `${path}: systemd does not start a job because a file is missing`);
  }
  return settings.length === 0 ? [] : [...settings, ['TriggerLimitIntervalSec', '0']];
}
