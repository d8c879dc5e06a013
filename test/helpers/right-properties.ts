/** What must be true of messages with rights on every implementation of XPC. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type CourierWorld, RightCourier } from './right-courier.js';
import { plan } from './xpc-arbitraries.js';

/** A world for one test, and its end. */
export type OpenWorld = () => CourierWorld & AsyncDisposable & { readonly left: () => string };

/** Defines the tests. `left` of a world counts what is open in it, as text. */
export function defineRightProperties(open: OpenWorld, numRuns: number): void {
  it('values of every type arrive and come back as they were sent, rights nested anywhere', async () => {
    await using world = open();
    await using courier = new RightCourier(world);
    await fc.assert(
      fc.asyncProperty(plan, async (message) => {
        const { sent, arrived, returned } = await courier.deliver(message);
        expect(isDeepStrictEqual(arrived, sent)).toBe(true);
        expect(isDeepStrictEqual(returned, sent)).toBe(true);
      }),
      { numRuns },
    );
  });

  it('nothing is left open when all that arrived is given up', async () => {
    await using world = open();
    await using courier = new RightCourier(world);
    await courier.deliver({});
    const before = await settled(world);
    await fc.assert(
      fc.asyncProperty(plan, async (message) => void (await courier.deliver(message))),
      { numRuns: Math.ceil(numRuns / 4) },
    );
    expect(await settled(world, before)).toBe(before);
  });
}

/** What is left once it is `wanted`, or after so many turns of the loop: ends of connections take some. */
async function settled({ left }: { readonly left: () => string }, wanted?: string): Promise<string> {
  for (let turn = 0; turn < 1000 && (left() !== wanted || wanted === undefined); turn++) {
    if (wanted === undefined && turn === 50) break;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return left();
}
