/** Every case of the acceptance table for the plugin system is named by a test. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const TESTS = resolve(import.meta.dirname, '..');

/** The numbers in the table. */
const CASES = [
  1, 2, 3, 5, 6, 7, 9, 10, 11, 13, 14, 15, 17, 18, 19, 21, 22, 23, 25, 26, 27, 29, 30, 31, 33, 34, 35, 37, 38,
  39, 41, 42, 43, 45, 46, 47, 49, 50, 51, 53, 54, 55, 57, 58, 59, 61, 62, 63, 65, 66,
];

it('the acceptance table is covered', () => {
  const titles = readdirSync(TESTS, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts') && !name.endsWith('acceptance.test.ts'))
    .flatMap(
      (name) => readFileSync(join(TESTS, name), 'utf8').match(/['"`]plugin(?:-system)? case \d+/g) ?? [],
    );
  const named = new Set(titles.map((title) => Number(title.match(/\d+$/)?.[0])));
  expect(CASES.filter((number) => !named.has(number))).toEqual([]);
});
