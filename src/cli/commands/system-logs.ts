/** `launchport system logs`: the daemon's own log. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { printable } from '../../base/index.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { followLines, lastLines, logSize } from '../daemon/log-reader.js';
import { daemonPlace } from '../daemon/place.js';

/** Options of `system logs`. */
export interface SystemLogsOptions extends GlobalOptions {
  readonly follow?: boolean;
  /** Lines of what is there. */
  readonly lines: number;
}

/** Writes the last lines, and with `follow` what is added until the first SIGINT or SIGTERM. JSON is one value a line. */
export async function systemLogs(context: CliContext, options: SystemLogsOptions): Promise<void> {
  const { log } = daemonPlace(context);
  const write = (line: string) =>
    context.stdout.write(
      `${options.json ? printable(JSON.stringify(entryOf(line))) : printable(line, '\t')}\n`,
    );
  if (options.follow) mkdirSync(dirname(log), { recursive: true, mode: 0o700 });
  // The size first: what comes in between is then told twice at worst, and never missed.
  const size = logSize(log);
  for (const line of lastLines(log, options.lines)) write(line);
  if (options.follow) for await (const line of followLines(log, size, context.signal)) write(line);
}

/** A line of our logger in its parts; any other as text. */
function entryOf(line: string): Readonly<Record<string, string>> {
  const parts = /^(\d{4}-\d\d-\d\dT[\d:.]+Z) (debug|info|warn|error) (.*)$/.exec(line);
  const [, time, level, text] = parts ?? [];
  return time === undefined || level === undefined || text === undefined
    ? { text: line }
    : { time, level, text };
}
