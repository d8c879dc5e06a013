/** The logger every layer writes to: an interface, so that a host can pass its own. */
import { errorText } from './errors.js';
import { printable } from './printable.js';

/** Facts beside a log message. Never secrets. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where messages go. Methods must not throw. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

const ignore = () => {};

/** Drops everything; the default of every layer, for a library does not write to its host's streams. */
export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** A level, least severe first. */
export type LogLevel = (typeof LEVELS)[number];

/**
 * A logger that writes one line of text per message of at least `level` to `write`. Control characters, which may
 * come from file names and peers, are escaped.
 */
export function lineLogger(write: (line: string) => void, level: LogLevel = 'info'): Logger {
  const at = (own: LogLevel) =>
    LEVELS.indexOf(own) < LEVELS.indexOf(level)
      ? ignore
      : (message: string, fields?: LogFields) => {
          const facts = fields === undefined ? '' : ` ${factsText(fields)}`;
          write(`${new Date().toISOString()} ${own} ${printable(message + facts)}\n`);
        };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/**
 * A logger that writes one JSON object per message of at least `level`: `time`, `level`, `message` and the facts, whose
 * keys of these names go into `fields`. Made for programs: a line is a whole value, whatever is in it.
 */
export function jsonLogger(write: (line: string) => void, level: LogLevel = 'info'): Logger {
  const at = (own: LogLevel) =>
    LEVELS.indexOf(own) < LEVELS.indexOf(level)
      ? ignore
      : (message: string, fields?: LogFields) => {
          const head = { time: new Date().toISOString(), level: own, message };
          write(`${jsonLine(head, fields)}\n`);
        };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** JSON escapes what would break the line; what could drive a terminal is escaped besides. */
function jsonLine(head: Readonly<Record<string, unknown>>, fields: LogFields = {}): string {
  const clash = Object.keys(fields).some((key) => Object.hasOwn(head, key));
  try {
    return printable(JSON.stringify({ ...head, ...(clash ? { fields } : fields) }, asJson));
  } catch (error) {
    return printable(JSON.stringify({ ...head, unwritable: errorText(error) }));
  }
}

function factsText(fields: LogFields): string {
  try {
    return JSON.stringify(fields, asJson);
  } catch (error) {
    return `(${errorText(error)})`;
  }
}

function asJson(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  return value instanceof Error ? value.message : value;
}
