/**
 * Strings seen before, found by their bytes: dictionary keys, route names and the like come again with nearly every
 * message, and finding one is cheaper than making it. The table has a fixed size, whatever peers send.
 */

const SLOTS = 1024;

/** Longest string kept, in words of 4 bytes, its NUL included. */
export const MAX_TABLE_WORDS = 16;

/** A table of strings over little-endian words. */
export class StringTable {
  readonly #words = new Int32Array(SLOTS * MAX_TABLE_WORDS);
  /** Bytes of the string in each slot, without NUL; -1 for an empty slot. */
  readonly #lengths = new Int8Array(SLOTS).fill(-1);
  readonly #strings: string[] = new Array<string>(SLOTS).fill('');
  /** The hash last missed at each slot: a string is kept when it comes a second time, so unique ones cost little. */
  readonly #missed = new Int32Array(SLOTS);

  /** For each slot, the slot of the key that came after it last time: messages of one kind have the same keys. */
  readonly #followers = new Int16Array(SLOTS).fill(-1);
  #lastKey = 0;

  /**
   * The key that followed the last key before, if it is there at `at` again; undefined else. Costs less than `find`,
   * for neither the end of the key nor its hash is needed. Behind it is {@link StringTable.keyBytes}.
   */
  expectedKey(view: DataView, at: number, end: number): string | undefined {
    const slot = this.#followers[this.#lastKey] as number;
    if (slot < 0) return undefined;
    const count = ((this.#lengths[slot] as number) >> 2) + 1;
    if (at + count * 4 > end || !this.#matches(view, at, slot, count)) return undefined;
    this.#lastKey = slot;
    return this.#strings[slot];
  }

  /** Bytes that the key found last takes, with its NUL and padding. */
  get keyBytes(): number {
    return (((this.#lengths[this.#lastKey] as number) >> 2) + 1) * 4;
  }

  /** Tells that a string found by its hash was a key. */
  expectKey(hash: number): void {
    const slot = slotOf(hash);
    this.#followers[this.#lastKey] = slot;
    this.#lastKey = slot;
  }

  /** The string kept for `byteLength` bytes, their NUL and padding at `at`, if any. */
  find(view: DataView, at: number, byteLength: number, hash: number): string | undefined {
    const slot = slotOf(hash);
    if (this.#lengths[slot] !== byteLength) return undefined;
    return this.#matches(view, at, slot, (byteLength >> 2) + 1) ? this.#strings[slot] : undefined;
  }

  #matches(view: DataView, at: number, slot: number, count: number): boolean {
    const words = this.#words;
    const start = slot * MAX_TABLE_WORDS;
    for (let i = 0; i < count; i++) {
      if (words[start + i] !== view.getInt32(at + i * 4, true)) return false;
    }
    return true;
  }

  /** Offers a string that was not found. Returns the string, ready to be a key. */
  keep(view: DataView, at: number, byteLength: number, hash: number, value: string): string {
    const slot = slotOf(hash);
    if (this.#missed[slot] !== hash) {
      this.#missed[slot] = hash;
      return value;
    }
    const start = slot * MAX_TABLE_WORDS;
    const count = (byteLength >> 2) + 1;
    for (let i = 0; i < count; i++) this.#words[start + i] = view.getInt32(at + i * 4, true);
    this.#lengths[slot] = byteLength;
    // V8 keeps property names in a table of its own; taking the string from there makes it a fast key.
    const kept = Object.keys({ __proto__: null, [value]: 0 })[0] as string;
    this.#strings[slot] = kept;
    return kept;
  }
}

/** Adds a word to a hash. */
export function mix(hash: number, word: number): number {
  return Math.imul(hash ^ word, 0x5bd1_e995);
}

function slotOf(hash: number): number {
  return (hash ^ (hash >>> 15)) & (SLOTS - 1);
}
