/** Message bodies by hand: serialized dictionaries with one key, so that every writer gives the same bytes. */

const MAGIC = 0x42133742;
const VERSION = 5;
const TYPE_DICTIONARY = 0xf000;
const TYPE_DATA = 0x8000;
const HEADER_WORDS = 8;

/** Bytes of a body around its data. */
export const BODY_OVERHEAD = HEADER_WORDS * 4;

/** The serialization of `{ d: data }`. */
export function dataBody(data: Uint8Array): Uint8Array {
  const body = new Uint8Array(BODY_OVERHEAD + Math.ceil(data.byteLength / 4) * 4);
  const header = [MAGIC, VERSION, TYPE_DICTIONARY, body.byteLength - 16, 1, 0x64, TYPE_DATA, data.byteLength];
  new Uint32Array(body.buffer, 0, HEADER_WORDS).set(header);
  body.set(data, BODY_OVERHEAD);
  return body;
}

/** The serialization of `{}`. */
export function emptyBody(): Uint8Array {
  return new Uint8Array(Uint32Array.of(MAGIC, VERSION, TYPE_DICTIONARY, 4, 0).buffer);
}

/** A body of exactly `byteLength` bytes, a multiple of 4, whose content depends on every position and on `seed`. */
export function patternBody(byteLength: number, seed = 1): Uint8Array {
  const words = new Uint32Array((byteLength - BODY_OVERHEAD) / 4);
  let state = seed >>> 0;
  for (let index = 0; index < words.length; index += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    words[index] = state;
  }
  return dataBody(new Uint8Array(words.buffer));
}

export function numberBody(value: number): Uint8Array {
  return dataBody(new Uint8Array(Uint32Array.of(value).buffer));
}

export function numberOf(body: Uint8Array): number {
  return new DataView(body.buffer, body.byteOffset).getUint32(BODY_OVERHEAD, true);
}

/** The JSON that a job put into a body. */
export function jsonOf(body: Uint8Array): unknown {
  const length = new DataView(body.buffer, body.byteOffset).getUint32(BODY_OVERHEAD - 4, true);
  return JSON.parse(new TextDecoder().decode(body.subarray(BODY_OVERHEAD, BODY_OVERHEAD + length)));
}

/** Whether two bodies have the same bytes; faster than a deep comparison, and short when it fails. */
export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
