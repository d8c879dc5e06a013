/** The text of what was thrown, whatever it is: logs and error replies are made of it. */
import { expect, it } from 'vitest';
import { errorText } from '../../src/base/index.js';

it.each([
  ['an error', new Error('broken'), 'broken'],
  ['a string', 'broken', 'broken'],
  ['a symbol', Symbol('s'), 'Symbol(s)'],
  ['nothing', undefined, 'undefined'],
  ['an object without prototype', Object.create(null), '[object Object]'],
  ['an error whose message is no text', Object.assign(new Error(), { message: 5 }), '5'],
])('of %s is text', (_what, thrown, text) => {
  expect(errorText(thrown)).toBe(text);
});

it('of what cannot be looked at is text too', () => {
  const hostile = {
    toString() {
      throw new Error('no');
    },
  };
  expect(errorText(hostile)).toBe('[object Object]');
});
