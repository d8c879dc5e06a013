/** Reads XML property lists: a small part of XML, with no entities of one's own, and bounded nesting. */
import { type PlistValue, plistInteger, plistReal } from './plist-value.js';

const MAX_DEPTH = 64;

// In order: declaration or comment, CDATA, doctype without an internal subset, closing tag, opening tag, text or
// one entity.
const TOKEN =
  /<\?[^>]*\?>|<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<!DOCTYPE[^[\]<>]*>|<\/([A-Za-z]+)\s*>|<([A-Za-z]+)(?:\s+[A-Za-z:]+\s*=\s*(?:"[^"<&]*"|'[^'<&]*'))*\s*(\/?)>|([^<&]+|&(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)/y;

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const INTEGER = /^([+-]?)(0x[0-9a-f]{1,32}|[0-9]{1,40})$/i;
const REAL = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]{1,4})?$/i;
const DATE = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
/** Whether a text holds a character that XML 1.0 has not, not even as an entity. */
export const NOT_XML = /[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

/** An element that is not closed yet. */
interface Frame {
  readonly tag: string;
  /** Values of a container, those of a dictionary by its keys in turn. */
  readonly values: PlistValue[];
  readonly keys: string[];
  text: string;
}

/**
 * Reads a document. Of a key that a dictionary has twice the last value counts, as in Core Foundation.
 * @param onDuplicate called with such a key
 * @throws Error saying what is wrong and at which line
 */
export function parseXmlPlist(xml: string, onDuplicate: (key: string) => void = () => {}): PlistValue {
  const open: Frame[] = [];
  let root: PlistValue | undefined;
  let hasRoot = false;
  TOKEN.lastIndex = 0;
  for (let at = 0; at < xml.length; at = TOKEN.lastIndex) {
    const token = TOKEN.exec(xml);
    if (token === null) throw faultAt(xml, at, 'bad XML');
    const end = TOKEN.lastIndex;
    const [, cdata, closing, opening, selfClosing, text] = token;
    try {
      if (opening !== undefined) {
        if (open.length === 0 && hasRoot) throw new Error('a second root element');
        hasRoot = true;
        if (open.length >= MAX_DEPTH) throw new Error('nested too deeply');
        open.push({ tag: opening, values: [], keys: [], text: '' });
      }
      if (closing !== undefined || selfClosing === '/') {
        const frame = open.pop();
        if (frame === undefined || (closing ?? frame.tag) !== frame.tag)
          throw new Error(`unexpected </${closing}>`);
        root = close(frame, open.at(-1), onDuplicate) ?? root;
      } else if (cdata !== undefined || text !== undefined) {
        addText(
          open.at(-1),
          cdata === undefined ? decodeText(text as string) : lines(cdata),
          cdata !== undefined,
        );
      }
    } catch (error) {
      throw faultAt(xml, at, (error as Error).message);
    }
    TOKEN.lastIndex = end;
  }
  const unclosed = open.pop();
  if (unclosed !== undefined) throw faultAt(xml, xml.length, `<${unclosed.tag}> is not closed`);
  if (root === undefined) throw faultAt(xml, xml.length, 'no value');
  return root;
}

/** Hands the value of a closed element to its parent; returns it when it is the root. */
function close(
  frame: Frame,
  parent: Frame | undefined,
  onDuplicate: (key: string) => void,
): PlistValue | undefined {
  if (frame.tag === 'key') {
    if (parent?.tag !== 'dict' || parent.keys.length > parent.values.length)
      throw new Error('unexpected <key>');
    parent.keys.push(frame.text);
    return undefined;
  }
  if (frame.tag === 'plist') {
    if (parent !== undefined) throw new Error('unexpected <plist>');
    return frame.values[0];
  }
  const value = elementValue(frame, onDuplicate);
  if (parent === undefined) return value;
  if (parent.tag === 'dict') {
    if (parent.keys.length === parent.values.length) throw new Error(`<${frame.tag}> without a key`);
  } else if (parent.tag === 'plist') {
    if (parent.values.length > 0) throw new Error('a second value');
  } else if (parent.tag !== 'array') throw new Error(`<${frame.tag}> inside <${parent.tag}>`);
  parent.values.push(value);
  return undefined;
}

function elementValue(frame: Frame, onDuplicate: (key: string) => void): PlistValue {
  const { tag, text, keys, values } = frame;
  switch (tag) {
    case 'dict': {
      if (keys.length !== values.length) throw new Error(`no value for key ${JSON.stringify(keys.at(-1))}`);
      const entries = new Map<string, PlistValue>();
      for (const [index, key] of keys.entries()) {
        if (entries.has(key)) onDuplicate(key);
        entries.set(key, values[index] as PlistValue);
      }
      return Object.fromEntries(entries);
    }
    case 'array':
      return values;
    case 'string':
      return text;
    case 'true':
    case 'false':
      if (text.trim() !== '') throw new Error(`text inside <${tag}>`);
      return tag === 'true';
    default:
      return scalar(tag, text.trim());
  }
}

function scalar(tag: string, text: string): PlistValue {
  const bad = () => new Error(`not a ${tag}: ${JSON.stringify(text.slice(0, 40))}`);
  switch (tag) {
    case 'integer': {
      const [, sign, digits] = INTEGER.exec(text) ?? [];
      if (digits === undefined) throw bad();
      return plistInteger(sign === '-' ? -BigInt(digits) : BigInt(digits));
    }
    case 'real': {
      const special = /^([+-]?)(?:inf(?:inity)?|(nan))$/i.exec(text);
      if (special === null && !REAL.test(text)) throw bad();
      const [, sign, nan] = special ?? [];
      const infinite = sign === '-' ? -Infinity : Infinity;
      return plistReal(special === null ? Number(text) : nan === undefined ? infinite : Number.NaN);
    }
    case 'date': {
      const date = new Date(text);
      if (!DATE.test(text) || Number.isNaN(date.getTime())) throw bad();
      return date;
    }
    case 'data': {
      const packed = text.replace(/\s+/g, '');
      if (!BASE64.test(packed)) throw bad();
      return new Uint8Array(Buffer.from(packed, 'base64'));
    }
    default:
      throw new Error(`unknown element <${tag}>`);
  }
}

function addText(frame: Frame | undefined, text: string, isData: boolean): void {
  const isContainer = frame === undefined || ['plist', 'dict', 'array'].includes(frame.tag);
  if (!isContainer) frame.text += text;
  else if (isData || text.trim() !== '')
    throw new Error(frame === undefined ? 'text outside the root element' : `text inside <${frame.tag}>`);
}

function decodeText(text: string): string {
  if (!text.startsWith('&')) {
    return lines(text);
  }
  const name = text.slice(1, -1);
  const known = ENTITIES[name];
  if (known !== undefined) return known;
  const code = name.startsWith('#x') ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
  const character = code <= 0x10ffff ? String.fromCodePoint(code) : '\0';
  if (NOT_XML.test(character)) throw new Error('a character that XML has not');
  return character;
}

/** Raw text; a line break is a line feed however it is written (XML 1.0, 2.11). */
function lines(text: string): string {
  if (NOT_XML.test(text)) throw new Error('a character that XML has not');
  return text.replace(/\r\n?/g, '\n');
}

function faultAt(xml: string, offset: number, what: string): Error {
  return new Error(`${what} at line ${xml.slice(0, offset).split('\n').length}`);
}
