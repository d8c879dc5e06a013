/** Which JavaScript strings can be XPC strings, and the encoded dictionary keys that are kept. */
import { LaunchportError } from '../base/index.js';
import { padded } from './wire.js';

/** Most keys kept. Programs have few; one that makes keys up would otherwise fill the memory. */
const MAX_KEYS = 2048;

/** Longest key kept, in UTF-16 units. */
const MAX_KEY_LENGTH = 128;

const LONE_SURROGATE = /\p{Surrogate}/u;

const cache = new Map<string, Int32Array>();

/**
 * The bytes of a key as little-endian words: UTF-8, a NUL, zeros up to a multiple of 4.
 * @throws LaunchportError ERR_XPC_VALUE for a NUL or half a surrogate pair in it
 */
export function encodedKey(key: string): Int32Array {
  const known = cache.get(key);
  return known === undefined ? encodeKey(key) : known;
}

function encodeKey(key: string): Int32Array {
  if (typeof key !== 'string') throw new TypeError(`a dictionary key must be a string, not ${typeof key}`);
  assertText(key, 'the dictionary key');
  const bytes = Buffer.alloc(padded(Buffer.byteLength(key) + 1));
  bytes.write(key, 'utf8');
  const words = new Int32Array(bytes.length / 4);
  for (let i = 0; i < words.length; i++) words[i] = bytes.readInt32LE(i * 4);
  if (key.length <= MAX_KEY_LENGTH) {
    // Starting over is simpler than ageing, and costs a program with few keys nothing.
    if (cache.size >= MAX_KEYS) cache.clear();
    cache.set(key, words);
  }
  return words;
}

/**
 * Checks that a JavaScript string can be an XPC string without loss. `what` begins the error's message.
 * @throws LaunchportError ERR_XPC_VALUE
 */
export function assertText(text: string, what: string): void {
  if (text.includes('\0')) {
    throw new LaunchportError('ERR_XPC_VALUE', `${what} contains a NUL, which XPC strings end with`, {
      hint: 'Send it as data (Uint8Array).',
    });
  }
  if (LONE_SURROGATE.test(text)) {
    throw new LaunchportError('ERR_XPC_VALUE', `${what} contains half a surrogate pair, which is not UTF-8`, {
      hint: 'Send it as data (Uint8Array), or repair the text first.',
    });
  }
}
