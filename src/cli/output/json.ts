/** JSON for programs: one shape for every command, with values that JSON lacks written without loss. */
import { printable } from '../../base/index.js';
import type { CliContext, GlobalOptions } from '../context.js';

/**
 * Writes `value` as indented JSON and a newline. bigint becomes a decimal string (JSON numbers lose digits beyond
 * 2^53), bytes become base64, and objects with a `toJSON` of their own use it. What could drive a terminal is escaped.
 */
export function writeJson(context: CliContext, value: unknown): void {
  // Beyond ASCII control characters JSON escapes nothing by itself; \\uXXXX means the same character.
  context.stdout.write(`${printable(JSON.stringify(value, exact, 2), '\n')}\n`);
}

/** Options of commands that take `--format` too. */
export interface FormatOptions extends GlobalOptions {
  readonly format?: 'table' | 'json';
}

/** Whether JSON is wanted, in either spelling. */
export function wantsJson({ json, format }: FormatOptions): boolean {
  return json === true || format === 'json';
}

function exact(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return value;
}
