/** Reads the other outputs of launchctl: `list`, `list LABEL`, `managername` and `print-disabled`. */
import type { JobExit, JobSummary, ManagerName } from './control.js';
import { decodeWaitStatus } from './exit-status.js';

const ROW = /^(\d+|-)\s+(-?\d+|-|\?+)\s+(\S.*)$/;
const MANAGERS: readonly ManagerName[] = ['Aqua', 'Background', 'System', 'LoginWindow', 'StandardIO'];

/** Reads the table of `list`, sorted by label. Lines that are no row, the header among them, are skipped. */
export function parseList(text: string): JobSummary[] {
  const rows: JobSummary[] = [];
  for (const line of text.split('\n')) {
    const match = ROW.exec(line.trimEnd());
    if (match === null) continue;
    const [, pid = '-', status = '-', label = ''] = match;
    rows.push({
      label,
      ...(Number(pid) > 0 ? { pid: Number(pid) } : {}),
      ...(/^-?\d+$/.test(status) ? { status: Number(status) } : {}),
    });
  }
  return rows.sort((a, b) => (a.label < b.label ? -1 : a.label > b.label ? 1 : 0));
}

/** What `list LABEL` says about one job. */
export interface ListedJob {
  readonly label?: string;
  /** Present only while a process exists. */
  readonly pid?: number;
  /** How the run before the present one ended; `exited` with 0 also when it never ran. */
  readonly lastExit?: JobExit;
}

/** Reads the dictionary of `list LABEL`. Keys inside nested dictionaries and arrays are not taken. */
export function parseListedJob(text: string): ListedJob {
  const values = new Map<string, string>();
  let depth = 0;
  for (const line of text.split('\n').map((raw) => raw.trim())) {
    if (/[{(]$/.test(line) && !line.endsWith('";')) depth++;
    else if (/^[})];?$/.test(line)) depth--;
    else if (depth === 1) {
      const [, key, value] = /^"([^"]*)" = (.*);$/.exec(line) ?? [];
      if (key !== undefined && value !== undefined && !values.has(key)) values.set(key, value);
    }
  }
  const label = /^"(.*)"$/.exec(values.get('Label') ?? '')?.[1];
  const pid = /^[1-9]\d*$/.exec(values.get('PID') ?? '')?.[0];
  const status = /^\d+$/.exec(values.get('LastExitStatus') ?? '')?.[0];
  return {
    ...(label === undefined ? {} : { label }),
    ...(pid === undefined ? {} : { pid: Number(pid) }),
    ...(status === undefined ? {} : { lastExit: decodeWaitStatus(Number(status)) }),
  };
}

/** Reads `managername`; undefined for a name that is not known. */
export function parseManagerName(text: string): ManagerName | undefined {
  return MANAGERS.find((name) => name === text.trim());
}

/**
 * Reads `print-disabled`: labels with an override, true for disabled. macOS 13 and later print `disabled` or
 * `enabled`; earlier releases print `true` for disabled, and a second block, which is not taken.
 */
export function parsePrintDisabled(text: string): ReadonlyMap<string, boolean> {
  const overrides = new Map<string, boolean>();
  const lines = text.split('\n').map((line) => line.trim());
  const first = lines.indexOf('disabled services = {');
  const end = lines.indexOf('}', first);
  // Cut short, it still says what it says; without its heading it is something else.
  const own = first === -1 ? [] : lines.slice(first + 1, end === -1 ? undefined : end);
  for (const line of own) {
    const [, label, word] = /^\s*"(.+)" => (disabled|enabled|true|false)\s*$/.exec(line) ?? [];
    if (label !== undefined) overrides.set(label, word === 'disabled' || word === 'true');
  }
  return overrides;
}
