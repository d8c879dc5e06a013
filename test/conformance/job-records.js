// Records and bodies as a job reads and writes them: without the sources, which a real process could not load.

export const IS_LARGE = 0x8000_0000;
export const HAS_RIGHTS = 0x4000_0000;
export const DESCRIPTOR = 1;
export const MEMORY = 2;
export const ENDPOINT = 3;

const BARE_MAGIC = 0x42133742;
const MACH_MAGIC = 0x40585043;

/** The serialization of `{}`. */
export function emptyBody() {
  return new Uint8Array(Uint32Array.of(BARE_MAGIC, 5, 0xf000, 4, 0).buffer);
}

/** The serialization of `{ d: data }`, with JSON in it. */
export function jsonBody(value) {
  const data = new TextEncoder().encode(JSON.stringify(value));
  const body = new Uint8Array(32 + padded(data.length));
  new Uint32Array(body.buffer, 0, 8).set(head(BARE_MAGIC, body.length, 1, data.length));
  body.set(data, 32);
  return body;
}

/** What comes before the data of a body: `{ d: data` */
function head(magic, bodyBytes, keys, dataBytes) {
  return [magic, 5, 0xf000, bodyBytes - 16, keys, 0x64, 0x8000, dataBytes];
}

/** A message in Mach form, its table of rights in front: `{ d: text, r: [rights] }`. A memory has its byteLength. */
export function rightsRecord(text, rights) {
  const data = new TextEncoder().encode(text);
  const words = rights.flatMap(({ kind, byteLength }) => {
    return kind === MEMORY ? [0xc000, byteLength, 0] : [kind === DESCRIPTOR ? 0xb000 : 0x12000];
  });
  const table = [rights.length, ...rights.flatMap(({ kind, value }) => [kind, value])];
  const array = [0x72, 0xe000, 4 + 4 * words.length, rights.length, ...words];
  const start = 4 * table.length;
  const bodyBytes = 32 + padded(data.length) + 4 * array.length;
  const record = new Uint8Array(start + bodyBytes);
  new Uint32Array(record.buffer, 0, table.length).set(table);
  new Uint32Array(record.buffer, start, 8).set(head(MACH_MAGIC, bodyBytes, 2, data.length));
  record.set(data, start + 32);
  new Uint32Array(record.buffer, start + 32 + padded(data.length), array.length).set(array);
  return record;
}

/** The rights and the text of a body with a table. */
export function readRights(record) {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  const count = view.getUint32(0, true);
  const start = 4 + 8 * count;
  const rights = Array.from({ length: count }, (_, index) => {
    return { kind: view.getUint32(4 + 8 * index, true), value: view.getUint32(8 + 8 * index, true) };
  });
  const text = new TextDecoder().decode(
    record.subarray(start + 32, start + 32 + view.getUint32(start + 28, true)),
  );
  return { rights, text };
}

function padded(length) {
  return Math.ceil(length / 4) * 4;
}
