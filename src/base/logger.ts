/** The logger every layer writes to: an interface, so that a host can pass its own. */

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

/** A logger that writes one line of text per message of at least `level` to `write`. */
export function lineLogger(write: (line: string) => void, level: LogLevel = 'info'): Logger {
  const at = (own: LogLevel) =>
    LEVELS.indexOf(own) < LEVELS.indexOf(level)
      ? ignore
      : (message: string, fields?: LogFields) => {
          const facts = fields === undefined ? '' : ` ${JSON.stringify(fields, replaceUnprintable)}`;
          write(`${new Date().toISOString()} ${own} ${message}${facts}\n`);
        };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function replaceUnprintable(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  return value instanceof Error ? value.message : value;
}
