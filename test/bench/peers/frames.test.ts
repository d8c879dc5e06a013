import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameReader, HEADER_BYTES } from '../../../src/bench/peers/frames.js';

function frame(bytes: Uint8Array): Buffer {
  const framed = Buffer.alloc(HEADER_BYTES + bytes.length);
  framed.writeUInt32LE(bytes.length, 0);
  framed.set(bytes, HEADER_BYTES);
  return framed;
}

describe('FrameReader', () => {
  it('finds the same messages however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 20 }),
        (messages, cuts) => {
          const stream = Buffer.concat(messages.map(frame));
          const found: Buffer[] = [];
          const reader = new FrameReader((bytes) => found.push(Buffer.from(bytes)));
          for (let at = 0, turn = 0; at < stream.length; turn++) {
            const end = at + (cuts[turn % cuts.length] as number);
            reader.push(stream.subarray(at, end));
            at = end;
          }
          expect(found.map((bytes) => [...bytes])).toEqual(messages.map((bytes) => [...bytes]));
        },
      ),
    );
  });
});
