/** The numbers of XPC's binary serialization: magics, type words and the limits of a receiver. */

/** First word of a body, by form. Both are followed by {@link WIRE_VERSION}, then one dictionary. */
export const MAGIC = {
  /** What `xpc_make_serialization` gives; also the body of a RemoteXPC frame. */
  bare: 0x4213_3742,
  /** What follows a Mach header, "CPX@". Only here do descriptor-bearing words mean something. */
  mach: 0x4058_5043,
} as const;

/** Which of the two bodies it is. */
export type WireForm = keyof typeof MAGIC;

/** Second word of a body. Another version is refused, by Apple's library too. */
export const WIRE_VERSION = 5;

/** Bytes before the top-level dictionary. */
export const WIRE_HEADER_BYTES = 8;

/** Type words of what applications send and receive. All are an index shifted left by 12. */
export const Type = {
  null: 0x1000,
  bool: 0x2000,
  int64: 0x3000,
  uint64: 0x4000,
  double: 0x5000,
  date: 0x7000,
  data: 0x8000,
  string: 0x9000,
  uuid: 0xa000,
  fd: 0xb000,
  shmem: 0xc000,
  machSend: 0xd000,
  array: 0xe000,
  dictionary: 0xf000,
  endpoint: 0x12000,
  /** Received only. */
  richError: 0x1c000,
} as const;

/** The first word beyond Apple's table of types; from here on every word is malformed. */
export const TYPE_WORD_END = 0x1e000;

/** Most containers inside one another, the top-level dictionary included. Apple's receiver refuses more. */
export const MAX_DEPTH = 512;

/** Most elements of an array: Apple's receiver refuses 2^24 and more. */
export const MAX_ARRAY_COUNT = 0xff_ffff;

/** Most bytes in a data value or string: lengths are u32, and on macOS one byte more aborts the sender. */
export const MAX_DATA_BYTES = 0xffff_ffff;

/**
 * Most bytes of a whole message. A message travels in one ArrayBuffer and one record whose length is a u32; the
 * bound leaves room for the record's header and is far above what any transport takes.
 */
export const MAX_MESSAGE_BYTES = 0x7fff_ffe0;

/** Rounds up to the 4 bytes that every item is aligned to. Exact for sums up to 2^53, unlike bit operations. */
export function padded(byteLength: number): number {
  return Math.ceil(byteLength / 4) * 4;
}
