/** JSON for programs: one shape for every command, with values that JSON lacks written without loss. */
import type { CliContext } from '../context.js';

/**
 * Writes `value` as indented JSON and a newline. bigint becomes a decimal string (JSON numbers lose digits beyond
 * 2^53), bytes become base64, and objects with a `toJSON` of their own use it.
 */
export function writeJson(context: CliContext, value: unknown): void {
  context.stdout.write(`${JSON.stringify(value, exact, 2)}\n`);
}

function exact(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return value;
}
