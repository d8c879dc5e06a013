/** Messages with rights, by hand: bodies in Mach form, and the tables in front of them. */
import type { Handle } from '../../src/native/index.js';
import type { RightEntry } from './received.js';

const MACH_MAGIC = 0x40585043;
const VERSION = 5;
const Type = {
  data: 0x8000,
  fd: 0xb000,
  shmem: 0xc000,
  array: 0xe000,
  dictionary: 0xf000,
  endpoint: 0x12000,
};
const KEY_D = 0x64;
const KEY_R = 0x72;

/** A right to send. */
export interface SentRight extends RightEntry {
  /** Of a memory: what its word says. */
  readonly byteLength?: number;
}

/** The arguments of a send after the handle: a body, and what it carries. */
export type Carrying = readonly [body: Uint8Array, rights: readonly RightEntry[]];

export function descriptor(value: number): SentRight {
  return { kind: 'descriptor', value };
}

export function memory(value: Handle, byteLength: number): SentRight {
  return { kind: 'memory', value, byteLength };
}

export function endpoint(value: Handle): SentRight {
  return { kind: 'endpoint', value };
}

/** The Mach form of `{ d: data, r: [a word for each right] }`. */
export function rightsBody(rights: readonly SentRight[], data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const padded = new Uint8Array(Math.ceil(data.byteLength / 4) * 4);
  padded.set(data);
  const words = rights.flatMap(wordsOf);
  const array = [Type.array, 4 + 4 * words.length, rights.length, ...words];
  const content = 8 + 4 + padded.byteLength + 4 + 4 * array.length;
  const head = [MACH_MAGIC, VERSION, Type.dictionary, 4 + content, 2, KEY_D, Type.data, data.byteLength];
  return Buffer.concat([bytesOf(head), padded, bytesOf([KEY_R, ...array])]);
}

/** A message that carries these, in this order. */
export function carrying(...rights: readonly SentRight[]): Carrying {
  return [rightsBody(rights), rights];
}

/** The same, with data before them. */
export function carryingData(data: Uint8Array, ...rights: readonly SentRight[]): Carrying {
  return [rightsBody(rights, data), rights];
}

/** What a job is told to do, and with what. */
export function command(name: string, ...rights: readonly SentRight[]): Carrying {
  return [rightsBody(rights, new TextEncoder().encode(name)), rights];
}

/** The data of a body in Mach form. */
export function dataOf(body: Uint8Array): Uint8Array {
  const length = new DataView(body.buffer, body.byteOffset).getUint32(28, true);
  return body.subarray(32, 32 + length);
}

function wordsOf({ kind, byteLength = 0 }: SentRight): number[] {
  if (kind === 'descriptor') return [Type.fd];
  if (kind === 'endpoint') return [Type.endpoint];
  return [Type.shmem, byteLength % 2 ** 32, Math.floor(byteLength / 2 ** 32)];
}

function bytesOf(words: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(words).buffer);
}
