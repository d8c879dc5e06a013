/** Property lists as such: what is written is read back, and what others write is read alike. */
import fc from 'fast-check';
import { build, buildBinary } from 'plist';
import { describe, expect, it } from 'vitest';
import { buildJobPlist, type JobDefinitionInput, PlistReal, parseJobPlist } from '../../src/launchd/index.js';
import { parseBinaryPlist } from '../../src/launchd/plist-binary.js';
import type { PlistValue } from '../../src/launchd/plist-value.js';
import { parseXmlPlist } from '../../src/launchd/plist-xml.js';
import { buildXmlPlist } from '../../src/launchd/plist-xml-write.js';

const XML_TEXT = fc
  .string({ unit: 'grapheme', maxLength: 10 })
  .map((text) => text.replace(/[^\t\n\r -\ud7ff]/g, ''));
const DATE = fc
  .date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T00:00:00Z'), noInvalidDate: true })
  .map((date) => new Date(Math.floor(date.getTime() / 1000) * 1000));

/** Any value; `isCommon` leaves out what the other writer of property lists loses. */
function values(isCommon: boolean): fc.Arbitrary<PlistValue> {
  const exact = fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }).map((value) => {
      const number = Number(value);
      return Number.isSafeInteger(number) ? number : value;
    }),
    fc.integer().map((value) => new PlistReal(value)),
    fc.constantFrom(Number.NaN, Infinity, -Infinity, -0).map((value) => new PlistReal(value)),
  );
  const common = fc.oneof(
    XML_TEXT,
    fc.boolean(),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Number.isInteger(value)),
    DATE,
    fc.uint8Array({ maxLength: 20 }),
  );
  const { tree } = fc.letrec<{ tree: PlistValue }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      isCommon ? common : fc.oneof(common, exact),
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(XML_TEXT, tie('tree'), { maxKeys: 4 }),
    ),
  }));
  return tree;
}

describe('XML', () => {
  it('gives back exactly what was written: integers of 64 bits, reals without a fraction, dates and data', () => {
    fc.assert(
      fc.property(values(false), (value) => {
        expect(parseXmlPlist(buildXmlPlist(value))).toEqual(value);
      }),
      { numRuns: 300 },
    );
  });

  it('is read and written as another writer does', () => {
    fc.assert(
      fc.property(fc.dictionary(XML_TEXT, values(true), { maxKeys: 4 }), (value) => {
        // The other one writes a carriage return as it is, which every reader takes for a line feed.
        const text = JSON.stringify(value);
        fc.pre(!text.includes('\\r'));
        expect(parseXmlPlist(build(value as Parameters<typeof build>[0]))).toEqual(value);
        expect(buildXmlPlist(value).trimEnd()).toBe(build(value as Parameters<typeof build>[0]).trimEnd());
      }),
      { numRuns: 200 },
    );
  });

  it.each<[string, PlistValue]>([
    ['<integer>9223372036854775807</integer>', 2n ** 63n - 1n],
    ['<integer>18446744073709551615</integer>', 2n ** 64n - 1n],
    ['<integer>-9223372036854775808</integer>', -(2n ** 63n)],
    ['<integer> 0x1F </integer>', 31],
    ['<integer>+7</integer>', 7],
    ['<real>1.0</real>', new PlistReal(1)],
    ['<real>1</real>', new PlistReal(1)],
    ['<real>1.5</real>', 1.5],
    ['<real>1e3</real>', new PlistReal(1000)],
    ['<real>-inf</real>', new PlistReal(-Infinity)],
    ['<string><![CDATA[a <b> &amp;]]></string>', 'a <b> &amp;'],
    ['<string>a<!-- no -->b&#65;&#x1F600;</string>', 'abA😀'],
    ['<string>a\r\nb</string>', 'a\nb'],
    ['<data>\n\tAQ\n\tID\n</data>', Uint8Array.of(1, 2, 3)],
    ['<date>2026-11-24T12:00:00Z</date>', new Date('2026-11-24T12:00:00Z')],
    ['<array> <true/> <false></false> </array>', [true, false]],
    ['<dict><key>__proto__</key><integer>1</integer></dict>', Object.fromEntries([['__proto__', 1]])],
  ])('reads %s', (xml, value) => {
    expect(parseXmlPlist(`<?xml version="1.0"?><plist version="1.0">${xml}</plist>`)).toEqual(value);
  });

  it.each([
    '<integer>1.5</integer>',
    '<integer>18446744073709551616</integer>',
    '<integer></integer>',
    '<real>one</real>',
    '<date>yesterday</date>',
    '<date>2026-13-24T12:00:00Z</date>',
    '<data>A</data>',
    '<true>x</true>',
    '<string>&#0;</string>',
    '<string>&#xD800;</string>',
    '<string>\u0001</string>',
    '<string><b/></string>',
    '<dict><string>a</string></dict>',
    '<dict><key>a</key></dict>',
    '<dict><key>a</key><key>b</key></dict>',
    '<array>x</array>',
    '<array><key>a</key></array>',
    '<array><plist/></array>',
    '<null/>',
    '<true/><true/>',
    '',
  ])('refuses %j, and says at which line', (xml) => {
    expect(() => parseXmlPlist(`<plist>\n${xml}</plist>`)).toThrow(/at line \d+$/);
  });
});

describe('binary', () => {
  it('is read as another writer means it', () => {
    fc.assert(
      fc.property(fc.dictionary(XML_TEXT, values(true), { maxKeys: 4 }), (value) => {
        expect(parseBinaryPlist(buildBinary(value as Parameters<typeof buildBinary>[0]))).toEqual(value);
      }),
      { numRuns: 200 },
    );
  });

  it.each<[string, readonly number[], PlistValue]>([
    ['2^63-1', [0x13, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 2n ** 63n - 1n],
    ['-1', [0x13, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], -1],
    ['2^64-1 in 16 bytes', [0x14, ...Array(8).fill(0), ...Array(8).fill(0xff)], 2n ** 64n - 1n],
    ['255', [0x10, 0xff], 255],
    ['1.0', [0x23, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0], new PlistReal(1)],
    ['1.5 in 4 bytes', [0x22, 0x3f, 0xc0, 0, 0], 1.5],
    ['2001-01-01', [0x33, 0, 0, 0, 0, 0, 0, 0, 0], new Date('2001-01-01T00:00:00Z')],
    ['UTF-8', [0x72, 0xc3, 0xa9], 'é'],
  ])('reads %s', (_, object, value) => {
    expect(parseBinaryPlist(single(object))).toEqual(value);
  });

  it.each<[string, readonly number[]]>([
    ['an unknown type', [0xf0]],
    ['null', [0x00]],
    ['17 bytes', [0x15, ...Array(32).fill(0)]],
    ['more than there is', [0x5f, 0x11, 0xff, 0xff]],
    ['a date that is none', [0x33, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0]],
    ['an integer of more than 64 bits', [0x14, 0, 0, 0, 0, 0, 0, 0, 1, ...Array(8).fill(0)]],
  ])('refuses %s', (_, object) => {
    expect(() => parseBinaryPlist(single(object))).toThrow();
  });

  it('holds a text once that a thousand elements refer to', () => {
    const bytes = single(
      [0xaf, 0x11, 0x03, 0xe8, ...Array(1000).fill(1)],
      [0x5f, 0x11, 0x01, 0x00, ...Array(256).fill(0x61)],
    );
    expect(parseBinaryPlist(bytes)).toEqual(Array(1000).fill('a'.repeat(256)));
  });
});

describe('a job plist', () => {
  const ECHO: JobDefinitionInput = { Label: 'a', Program: '/a' };

  it('keeps what it does not understand exactly, and limits beyond 2^53', () => {
    const definition: JobDefinitionInput = {
      ...ECHO,
      SpawnConstraint: { version: new PlistReal(1), id: 2n ** 60n, blob: Uint8Array.of(1) },
      HardResourceLimits: { FileSize: 2n ** 63n - 1n, Core: 0 },
    };
    expect(parseJobPlist(buildJobPlist(definition))).toEqual({ definition, warnings: [] });
  });

  it('reads a real without a fraction as the integer it stands for, and says so', () => {
    const xml =
      '<plist><dict><key>Label</key><string>a</string><key>Program</key><string>/a</string>' +
      '<key>Nice</key><real>5.0</real><key>ThrottleInterval</key><real>1.5</real></dict></plist>';
    const { definition, warnings } = parseJobPlist(xml);
    expect(definition).toEqual({ ...ECHO, Nice: 5 });
    expect(warnings).toEqual([
      'Nice is a real number; read as the integer 5',
      expect.stringContaining('ThrottleInterval ignored'),
    ]);
  });

  it('names a key that is given twice', () => {
    const xml =
      '<plist><dict><key>Label</key><string>a</string><key>Label</key><string>b</string>' +
      '<key>Program</key><string>/a</string></dict></plist>';
    expect(parseJobPlist(xml)).toEqual({
      definition: { Label: 'b', Program: '/a' },
      warnings: ['key Label is given twice; the last value counts'],
    });
  });
});

/** A binary plist whose root is the first of these objects. */
function single(...objects: readonly (readonly number[])[]): Uint8Array {
  const bytes = [...Buffer.from('bplist00')];
  const offsets: number[] = [];
  for (const object of objects) {
    offsets.push(bytes.length);
    bytes.push(...object);
  }
  const table = bytes.length;
  const word = (value: number) => [0, 0, 0, 0, 0, 0, value >> 8, value & 0xff];
  const entries = offsets.flatMap((offset) => [offset >> 8, offset & 0xff]);
  const tail = [...[0, 0, 0, 0, 0, 0, 2, 1], ...word(objects.length), ...word(0), ...word(table)];
  return Uint8Array.from([...bytes, ...entries, ...tail]);
}
