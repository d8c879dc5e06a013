/** Finds where a JSON text goes wrong; `JSON.parse` often does not say. */

/** The first thing that is not JSON (RFC 8259). */
export interface JsonError {
  /** UTF-16 offset in the text. */
  readonly offset: number;
  /** What would have been right there. */
  readonly expected: string;
}

const CLOSER = { '{': '}', '[': ']' } as const;
const LITERAL = /true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/**
 * The first error of `text`, or undefined when it is JSON. Takes linear time and no recursion, so that a hostile
 * file cannot exhaust the stack.
 */
export function findJsonError(text: string): JsonError | undefined {
  const open: ('{' | '[')[] = [];
  let state: 'value' | 'first value' | 'key' | 'first key' | 'colon' | 'separator' = 'value';
  let at = 0;
  for (;;) {
    while (at < text.length && ' \t\n\r'.includes(text.charAt(at))) at += 1;
    const next = text.charAt(at);
    const container = open.at(-1);
    const closer = container && CLOSER[container];

    if (state === 'separator' && container === undefined) {
      return at === text.length ? undefined : { offset: at, expected: 'the end of the file' };
    }
    const mayClose = state === 'separator' || state === 'first value' || state === 'first key';
    if (mayClose && next === closer) {
      open.pop();
      state = 'separator';
      at += 1;
    } else if (state === 'separator') {
      if (next !== ',') return { offset: at, expected: `"," or "${closer}"` };
      state = container === '{' ? 'key' : 'value';
      at += 1;
    } else if (state === 'colon') {
      if (next !== ':') return { offset: at, expected: '":"' };
      state = 'value';
      at += 1;
    } else if (state === 'key' || state === 'first key') {
      if (next !== '"') {
        return { offset: at, expected: state === 'key' ? 'a key in double quotes' : 'a key or "}"' };
      }
      const end = stringEnd(text, at);
      if (typeof end !== 'number') return end;
      state = 'colon';
      at = end;
    } else if (next === '{' || next === '[') {
      open.push(next);
      state = next === '{' ? 'first key' : 'first value';
      at += 1;
    } else {
      const end = next === '"' ? stringEnd(text, at) : literalEnd(text, at);
      if (typeof end !== 'number') return end;
      state = 'separator';
      at = end;
    }
  }
}

/** Line and column, both from 1, of an offset. */
export function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: offset - lineStart + 1 };
}

function stringEnd(text: string, start: number): number | JsonError {
  for (let at = start + 1; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    if (code < 0x20) return { offset: at, expected: 'a closing quote, or the control character escaped' };
    if (code === 0x5c) {
      ESCAPE.lastIndex = at;
      const match = ESCAPE.exec(text);
      if (match === null) return { offset: at, expected: 'an escape such as \\n or \\u0020' };
      at += match[0].length;
    } else {
      at += 1;
    }
  }
  return { offset: text.length, expected: 'a closing quote' };
}

function literalEnd(text: string, start: number): number | JsonError {
  LITERAL.lastIndex = start;
  const match = LITERAL.exec(text);
  return match === null ? { offset: start, expected: 'a value' } : start + match[0].length;
}
