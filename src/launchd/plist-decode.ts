/** Property-list bytes, XML or binary, to a dictionary of plain values. */
import { errorText, LaunchportError } from '../base/index.js';
import { parseBinaryPlist } from './plist-binary.js';
import { isDictionary } from './plist-value.js';
import { parseXmlPlist } from './plist-xml.js';

/** A decoded dictionary whose values nobody has checked yet. */
export type UncheckedDictionary = Readonly<Record<string, unknown>>;

/** Largest plist read, in bytes; real job plists are a few kilobytes. */
export const MAX_PLIST_BYTES = 1 << 20;

const BINARY_MAGIC = 'bplist';

/**
 * Decodes a plist whose root is a dictionary. The older text format ("OpenStep") is refused.
 * @param onDuplicate called with a key that an XML dictionary has twice; the last value counts
 * @throws LaunchportError ERR_LAUNCHD_PLIST
 */
export function decodePlist(
  data: string | Uint8Array,
  path?: string,
  onDuplicate: (key: string) => void = () => {},
): UncheckedDictionary {
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
    root = typeof data === 'string' ? decodeXml(data, onDuplicate) : decodeBytes(data, onDuplicate);
  } catch (error) {
    throw fail(errorText(error), error);
  }
  if (!isDictionary(root)) throw fail('the root is not a dictionary');
  return root;
}

function decodeBytes(bytes: Uint8Array, onDuplicate: (key: string) => void): unknown {
  if (Buffer.from(bytes.subarray(0, BINARY_MAGIC.length)).toString('latin1') === BINARY_MAGIC)
    return parseBinaryPlist(bytes);
  return decodeXml(new TextDecoder('utf-8', { fatal: true }).decode(bytes), onDuplicate);
}

function decodeXml(xml: string, onDuplicate: (key: string) => void): unknown {
  const text = xml.trimStart();
  if (!text.startsWith('<')) throw new Error('neither an XML nor a binary property list');
  return parseXmlPlist(text, onDuplicate);
}
