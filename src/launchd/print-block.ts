/** The block structure of `launchctl print`: `key = value` lines and blocks in braces. */

/** One level of the output. Values are text as printed. */
export interface PrintBlock {
  /** `key = value` lines. A key printed twice with different values has both. */
  readonly values: ReadonlyMap<string, readonly string[]>;
  /** `key = {` blocks: their lines, without the indentation of the block. */
  readonly blocks: ReadonlyMap<string, readonly string[]>;
}

const OPENING = /^(\s*)(\S.*?) =>? \{$/;
const VALUE = /^\s*(\S.*?) =>? ?(.*)$/;

/**
 * Reads one level. A block ends at the brace that is indented as its first line, so that a program argument or an
 * environment value that looks like a brace ends nothing. What is inside a block is left unread.
 * @returns undefined when a block is not closed
 */
export function parsePrintBlock(lines: readonly string[]): PrintBlock | undefined {
  const values = new Map<string, string[]>();
  const blocks = new Map<string, readonly string[]>();
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] as string;
    const opening = OPENING.exec(line);
    if (opening !== null) {
      const [, indent = '', key = ''] = opening;
      const end = lines.indexOf(`${indent}}`, at + 1);
      if (end === -1) return undefined;
      if (!blocks.has(unquote(key))) blocks.set(unquote(key), lines.slice(at + 1, end));
      at = end;
      continue;
    }
    const match = VALUE.exec(line);
    if (match === null) continue;
    const key = unquote(match[1] ?? '');
    const value = match[2] ?? '';
    const seen = values.get(key) ?? [];
    if (!seen.includes(value)) seen.push(value);
    values.set(key, seen);
  }
  return { values, blocks };
}

/** The lines of a list block, such as `arguments`, without their indentation of one level. */
export function listLines(lines: readonly string[]): string[] {
  const indent = /^\s*/.exec(lines[0] ?? '')?.[0] ?? '';
  return lines.map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line.trimStart()));
}

function unquote(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}
