/** Where a plugin's log goes: a file under the host's log root, else standard error. */
import { mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { errorText, jsonLogger, type Logger, lineLogger } from '../base/index.js';
import type { Invocation } from './instance.js';
import type { PluginProcess } from './plugin-process.js';

/**
 * A logger at level info, or debug with `--debug`, to `$CONTAINER_LOG_ROOT/NAME[-INSTANCE].log` (appended, mode 0600)
 * or standard error. Lines are written at once, so that none is lost when the process ends. A log root that cannot be
 * written is said once on standard error, which then takes the log.
 */
export function pluginLogger(
  name: string,
  invocation: Invocation,
  process: PluginProcess,
  format: LogFormat = formatOf(process),
): Logger {
  const level = invocation.isDebug ? 'debug' : 'info';
  return (format === 'json' ? jsonLogger : lineLogger)(openLog(name, invocation, process), level);
}

/** How a log is written: lines for people, or JSON lines for programs. */
export type LogFormat = 'text' | 'json';

/** `CONTAINER_LOG_FORMAT=json`, which hosts pass on as every `CONTAINER_…`. */
function formatOf({ env }: PluginProcess): LogFormat {
  return env.CONTAINER_LOG_FORMAT === 'json' ? 'json' : 'text';
}

function openLog(name: string, invocation: Invocation, process: PluginProcess): (line: string) => void {
  const root = process.env.CONTAINER_LOG_ROOT;
  if (!root) return process.writeError;
  const file = invocation.instance === undefined ? `${name}.log` : `${name}-${invocation.instance}.log`;
  try {
    // The instance came on the command line and must not lead elsewhere.
    if (file.includes('/')) throw new Error(`${file} is not a file name`);
    mkdirSync(root, { recursive: true });
    const descriptor = openSync(join(root, file), 'a', 0o600);
    return (line) => {
      try {
        writeSync(descriptor, line);
      } catch {
        process.writeError(line);
      }
    };
  } catch (error) {
    process.writeError(`cannot log below ${root}: ${errorText(error)}\n`);
    return process.writeError;
  }
}
