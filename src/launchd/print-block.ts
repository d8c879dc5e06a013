/** The block structure of `launchctl print`: `key = value` lines and blocks in braces. */

/** One level of the output. Values are text as printed. */
export interface PrintBlock {
  /** `key = value` lines. A key printed twice with different values has both. */
  readonly values: ReadonlyMap<string, readonly string[]>;
  /** `key = {` blocks: their lines, without the indentation that all share. */
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
  const base = indentOf(lines.find((line) => line !== '') ?? '');
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] as string;
    // What is indented otherwise belongs to a block whose first line is not to be understood.
    if (indentOf(line) !== base) continue;
    const opening = OPENING.exec(line);
    if (opening !== null) {
      const [, indent = '', key = ''] = opening;
      const end = lines.indexOf(`${indent}}`, at + 1);
      if (end === -1) return undefined;
      if (!blocks.has(unquote(key))) blocks.set(unquote(key), outdented(lines.slice(at + 1, end), indent));
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

/**
 * Reads a block of `name => value` lines: environment variables, the conditions of KeepAlive. Of a name given twice the
 * first counts. Lines that are no entry are skipped.
 */
export function entryLines(lines: readonly string[] | undefined): Record<string, string> | undefined {
  if (lines === undefined) return undefined;
  const entries = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = /^\s*(\S.*?) =>(?: (.*))?$/.exec(line) ?? [];
    if (name !== undefined && !entries.has(name)) entries.set(name, value ?? '');
  }
  return Object.fromEntries(entries);
}

/** One level is a tab; where a copy has made spaces of it, what the first line has. */
function outdented(lines: readonly string[], indent: string): readonly string[] {
  const tab = `${indent}\t`;
  const own = lines.every((line) => line === '' || line.startsWith(tab)) ? tab : indentOf(lines[0] ?? '');
  return lines.map((line) => (line.startsWith(own) ? line.slice(own.length) : line.trimStart()));
}

function indentOf(line: string): string {
  return /^\s*/.exec(line)?.[0] ?? '';
}

function unquote(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}
