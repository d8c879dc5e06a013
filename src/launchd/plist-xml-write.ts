/** Writes XML property lists, so that reading them gives the very same values. */
import { PlistReal, type PlistValue } from './plist-value.js';
import { NOT_XML } from './plist-xml.js';

const HEAD =
  '<?xml version="1.0" encoding="UTF-8"?>\n' +
  '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n' +
  '<plist version="1.0">\n';

/**
 * Writes a value, two spaces a level, with a line break at the end.
 * @throws Error for a text with a character that XML cannot carry, and for a number that is not exact or not finite
 */
export function buildXmlPlist(value: PlistValue): string {
  return `${HEAD}${element(value, '  ')}\n</plist>\n`;
}

function element(value: PlistValue, indent: string): string {
  if (typeof value === 'string') return `${indent}${tagged('string', value)}`;
  if (typeof value === 'boolean') return `${indent}<${value}/>`;
  if (typeof value === 'bigint') return `${indent}<integer>${value}</integer>`;
  if (typeof value === 'number') return `${indent}${numeric(value)}`;
  if (value instanceof PlistReal) return `${indent}<real>${realText(value.value)}</real>`;
  if (value instanceof Date)
    return `${indent}<date>${value.toISOString().replace(/\.[0-9]{3}Z$/, 'Z')}</date>`;
  if (value instanceof Uint8Array) return `${indent}${tagged('data', Buffer.from(value).toString('base64'))}`;
  const inner = `${indent}  `;
  if (isArray(value))
    return container(
      'array',
      value.map((each) => element(each, inner)),
      indent,
    );
  const entries = Object.entries(value).map(
    ([key, each]) => `${inner}${tagged('key', key)}\n${element(each, inner)}`,
  );
  return container('dict', entries, indent);
}

function container(tag: string, lines: readonly string[], indent: string): string {
  if (lines.length === 0) return `${indent}<${tag}/>`;
  return `${indent}<${tag}>\n${lines.join('\n')}\n${indent}</${tag}>`;
}

function tagged(tag: string, text: string): string {
  if (NOT_XML.test(text)) throw new Error('a text holds a character that XML cannot carry');
  if (text === '') return `<${tag}/>`;
  // A carriage return that is not an entity is read as a line feed (XML 1.0, 2.11).
  const escaped = text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/\r/g, '&#xD;');
  return `<${tag}>${escaped}</${tag}>`;
}

function numeric(value: number): string {
  if (!Number.isFinite(value)) throw new Error('a number is not finite');
  if (!Number.isInteger(value) || Object.is(value, -0)) return `<real>${realText(value)}</real>`;
  if (!Number.isSafeInteger(value)) throw new Error('a number beyond 2^53 is not exact');
  return `<integer>${value}</integer>`;
}

/** Always with a point, an exponent or a word, so that no reader takes it for an integer. */
function realText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? '+infinity' : '-infinity';
  const text = Object.is(value, -0) ? '-0' : String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

function isArray(value: PlistValue): value is readonly PlistValue[] {
  return Array.isArray(value);
}
