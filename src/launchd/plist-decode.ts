/** Property-list bytes, XML or binary, to a dictionary of plain values. */
import { parse, parseBinary } from 'plist';
import { errorText, LaunchportError } from '../base/index.js';
import { assertBinaryPlist } from './plist-binary.js';
import { assertXmlPlist } from './plist-xml.js';

/** A decoded dictionary whose values nobody has checked yet. */
export type PlistDictionary = Readonly<Record<string, unknown>>;

/** Largest plist read, in bytes; real job plists are a few kilobytes. */
export const MAX_PLIST_BYTES = 1 << 20;

const BINARY_MAGIC = 'bplist';

/**
 * Decodes a plist whose root is a dictionary. The older text format ("OpenStep") is refused.
 * @throws LaunchportError ERR_LAUNCHD_PLIST
 */
export function decodePlist(data: string | Uint8Array, path?: string): PlistDictionary {
  const fail = (what: string, cause?: unknown) =>
    new LaunchportError(
      'ERR_LAUNCHD_PLIST',
      `bad job plist${path === undefined ? '' : ` ${path}`}: ${what}`,
      {
        hint: '`plutil -lint` shows the place.',
        details: path === undefined ? {} : { path },
        cause,
      },
    );
  if (data.length > MAX_PLIST_BYTES) throw fail(`larger than ${MAX_PLIST_BYTES} bytes`);
  let root: unknown;
  try {
    root = typeof data === 'string' ? decodeXml(data) : decodeBytes(data);
  } catch (error) {
    throw fail(errorText(error), error);
  }
  if (!isDictionary(root)) throw fail('the root is not a dictionary');
  return root;
}

/** Whether a decoded value is a dictionary, and not an array, data or date. */
export function isDictionary(value: unknown): value is PlistDictionary {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function decodeBytes(bytes: Uint8Array): unknown {
  if (Buffer.from(bytes.subarray(0, BINARY_MAGIC.length)).toString('latin1') === BINARY_MAGIC) {
    assertBinaryPlist(bytes);
    return parseBinary(bytes);
  }
  return decodeXml(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
}

function decodeXml(xml: string): unknown {
  const text = xml.trimStart();
  if (!text.startsWith('<')) throw new Error('neither an XML nor a binary property list');
  assertXmlPlist(text);
  return parse(text);
}
