/** The gate on request handlers; what it does for a listener is tested with listeners. */
import { expect, it } from 'vitest';
import { HandlerGate } from '../../src/xpc/handler-gate.js';

it('lets ten thousand that are done at once through, one after the other', () => {
  const gate = new HandlerGate(1, 20_000);
  const order: number[] = [];
  gate.enter(() => {});
  for (let i = 0; i < 10_000; i++) {
    const isIn = gate.enter(() => {
      order.push(i);
      gate.leave();
    });
    expect(isIn).toBe(true);
  }
  expect(order).toEqual([]);
  gate.leave();
  expect(order).toEqual(Array.from({ length: 10_000 }, (_, i) => i));
  expect(gate.enter(() => order.push(-1))).toBe(true);
  expect(order.at(-1)).toBe(-1);
});
