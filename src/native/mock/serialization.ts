/** What the mock must know of XPC's serialization: whether it is one of a dictionary, and which rights it speaks of. */
import { Right } from '../records.js';

const BARE_MAGIC = 0x42133742;
/** "CPX@": the form of a message that carries rights. */
const MACH_MAGIC = 0x40585043;
const VERSION = 5;
const MAX_DEPTH = 512;

const Type = {
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
  array: 0xe000,
  dictionary: 0xf000,
  endpoint: 0x12000,
} as const;

/** Payload bytes of types that have always the same. */
const FIXED_BYTES: Readonly<Record<number, number>> = {
  [Type.null]: 0,
  [Type.bool]: 4,
  [Type.int64]: 8,
  [Type.uint64]: 8,
  [Type.double]: 8,
  [Type.date]: 8,
  [Type.uuid]: 16,
};

/** A word of a serialization that stands for a right. */
export interface RightWord {
  /** One of {@link Right}. */
  readonly kind: number;
  /** Of a shared memory. */
  readonly byteLength: number | undefined;
}

/** Whether bytes start as a dictionary's serialization does. Its byte length binds no reader, nor Apple's. */
export function isDictionary(body: Uint8Array, hasRights: boolean): boolean {
  if (body.byteLength < 20) return false;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  return (
    view.getUint32(0, true) === (hasRights ? MACH_MAGIC : BARE_MAGIC) &&
    view.getUint32(4, true) === VERSION &&
    view.getUint32(8, true) === Type.dictionary
  );
}

/** The words that stand for rights, in their order; undefined when the bytes are no serialization. */
export function rightWords(body: Uint8Array): readonly RightWord[] | undefined {
  const walk = new Walk(body);
  try {
    walk.value(0);
    return walk.words;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** One pass over a serialization. Reading beyond the end is a RangeError, and so is all that is malformed. */
class Walk {
  readonly words: RightWord[] = [];
  readonly #view: DataView;
  #at = 8;

  constructor(body: Uint8Array) {
    this.#view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  }

  value(depth: number): void {
    const type = this.#word();
    const fixed = FIXED_BYTES[type];
    if (fixed !== undefined) this.#skip(fixed);
    else if (type === Type.data || type === Type.string) this.#skip(this.#word());
    else if (type === Type.array || type === Type.dictionary) this.#container(type, depth + 1);
    else this.#right(type);
  }

  #container(type: number, depth: number): void {
    if (depth > MAX_DEPTH) throw new RangeError('nested too deeply');
    this.#word();
    for (let count = this.#word(); count > 0; count -= 1) {
      if (type === Type.dictionary) this.#key();
      this.value(depth);
    }
  }

  #right(type: number): void {
    if (type === Type.fd) this.words.push({ kind: Right.descriptor, byteLength: undefined });
    else if (type === Type.endpoint) this.words.push({ kind: Right.endpoint, byteLength: undefined });
    else if (type === Type.shmem) {
      const byteLength = Number(this.#view.getBigUint64(this.#at, true));
      this.words.push({ kind: Right.memory, byteLength });
      this.#skip(8);
    } else throw new RangeError('a type that cannot be sent');
  }

  #key(): void {
    const start = this.#at;
    let end = start;
    while (this.#view.getUint8(end) !== 0) end += 1;
    this.#skip(end - start + 1);
  }

  #word(): number {
    const word = this.#view.getUint32(this.#at, true);
    this.#at += 4;
    return word;
  }

  #skip(byteLength: number): void {
    this.#at += Math.ceil(byteLength / 4) * 4;
    if (this.#at > this.#view.byteLength) throw new RangeError('cut');
  }
}
