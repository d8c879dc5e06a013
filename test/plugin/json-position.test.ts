import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findJsonError, lineAndColumn } from '../../src/plugin/json-position.js';

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('findJsonError', () => {
  it('finds no error in any JSON', () => {
    fc.assert(
      fc.property(fc.json({ depthSize: 'medium' }), fc.nat({ max: 2 }), (text, indent) => {
        expect(findJsonError(JSON.stringify(JSON.parse(text), undefined, indent))).toBeUndefined();
      }),
    );
  });

  it('agrees with JSON.parse on texts that are almost JSON', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      'u0041',
      '1',
      '-',
      '.',
      'e',
      'true',
      ' ',
      '\n',
    );
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.nat({ max: 3 }), piece, (text, place, removed, inserted) => {
        const at = place % (text.length + 1);
        const changed = text.slice(0, at) + inserted + text.slice(at + removed);
        expect(findJsonError(changed) === undefined).toBe(isJson(changed));
      }),
      { numRuns: 2000 },
    );
  });

  it('survives nesting that would exhaust a recursive reader', () => {
    expect(findJsonError('['.repeat(1_000_000))).toMatchObject({ offset: 1_000_000 });
  });
});

it('lines and columns start at 1', () => {
  expect(lineAndColumn('', 0)).toEqual({ line: 1, column: 1 });
  expect(lineAndColumn('a\nbc', 3)).toEqual({ line: 2, column: 2 });
});
