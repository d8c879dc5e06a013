/** The files of /proc as values; proc(5) has their forms. */

/** What /proc/PID/stat says. */
export interface ProcessStat {
  readonly name: string;
  readonly state: string;
  /** User and system time of the process itself, in ticks. */
  readonly ticks: bigint;
  /** The same of its children that were waited for. */
  readonly childTicks: bigint;
  /** Since boot, in ticks; with the id it tells a process from one that had the same id. */
  readonly startTicks: bigint;
}

/** What /proc/PID/status says. */
export interface ProcessStatus {
  /** Effective user, as the reader's namespace knows it. */
  readonly uid: number;
  /** The ids in each nested namespace, the innermost last. */
  readonly pids: readonly number[];
  readonly residentBytes: bigint;
  /** Without mapped files, which others may share. */
  readonly ownBytes: bigint;
  /** Effective capabilities, hexadecimal. */
  readonly capabilities: string;
}

/** undefined when the text is none of that form, as when the process has gone. */
export function parseStat(text: string): ProcessStat | undefined {
  const open = text.indexOf('(');
  // The name may itself contain parentheses and spaces.
  const close = text.lastIndexOf(')');
  const fields = text.slice(close + 2).split(' ');
  if (open < 0 || close < open || fields.length < 20) return undefined;
  const field = (number: number) => BigInt(fields[number - 3] as string);
  return {
    name: text.slice(open + 1, close),
    state: fields[0] as string,
    ticks: field(14) + field(15),
    childTicks: field(16) + field(17),
    startTicks: field(22),
  };
}

export function parseStatus(text: string): ProcessStatus {
  const line = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(text)?.[1] ?? '';
  const kilobytes = (name: string) => BigInt(Number.parseInt(line(name), 10) || 0) * 1024n;
  return {
    uid: Number(line('Uid').split(/\s+/)[1] ?? Number.NaN),
    pids: line('NSpid').split(/\s+/).map(Number),
    residentBytes: kilobytes('VmRSS'),
    ownBytes: kilobytes('RssAnon') + kilobytes('RssShmem'),
    capabilities: line('CapEff') || '0',
  };
}

/** The id inside a user namespace with this uid_map for an id outside; undefined for one that it does not map. */
export function mapId(map: string, outside: number): number | undefined {
  for (const line of map.split('\n')) {
    const [inner, outer, count] = line.trim().split(/\s+/).map(Number);
    if (inner === undefined || outer === undefined || count === undefined) continue;
    if (outside >= outer && outside < outer + count) return inner + (outside - outer);
  }
  return undefined;
}

/** Bytes received and sent by all interfaces but lo, from /proc/PID/net/dev. */
export function parseNetDev(text: string): { received: bigint; sent: bigint } {
  let received = 0n;
  let sent = 0n;
  for (const line of text.split('\n')) {
    const [, name, counters] = /^\s*([^:\s]+):\s*(.*)$/.exec(line) ?? [];
    if (name === undefined || name === 'lo') continue;
    const numbers = (counters as string).trim().split(/\s+/);
    received += BigInt(numbers[0] ?? 0);
    sent += BigInt(numbers[8] ?? 0);
  }
  return { received, sent };
}

/** Bytes that a process had read from and written to storage, from /proc/PID/io. */
export function parseIo(text: string): { read: bigint; written: bigint } {
  const value = (name: string) => BigInt(new RegExp(`^${name}: (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  return { read: value('read_bytes'), written: value('write_bytes') };
}

/** Boot time in seconds since 1970, from /proc/stat. */
export function parseBootTime(text: string): number {
  return Number(/^btime (\d+)$/m.exec(text)?.[1] ?? 0);
}

/** A command line as one would type it; the arguments are divided by NUL in /proc/PID/cmdline. */
export function commandText(commandLine: string, name: string): string {
  const text = commandLine.replace(/\0+$/, '').replaceAll('\0', ' ');
  return text === '' ? `[${name}]` : text;
}
