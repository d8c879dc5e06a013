/** Payloads as upstream's services write them: read, and written again without a loss. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import * as compat from '../../src/compat/index.js';
import { encodeJson } from '../../src/compat/index.js';

const FOLDER = join(import.meta.dirname, '../../fixtures/compat');

interface Fixture {
  readonly schema: string;
  readonly payload: unknown;
  readonly today?: unknown;
}

const names = (folder: string) => readdirSync(folder).filter((name) => name.endsWith('.json'));
const textOf = (folder: string, name: string) => readFileSync(join(folder, name), 'utf8');

/** The schema that a fixture names: an export of the layer, or an array of one. */
function schemaOf(name: string): z.ZodType<unknown, unknown> {
  const schema = (compat as unknown as Record<string, z.ZodType<unknown, unknown>>)[
    name.replace(/\[\]$/, '')
  ];
  if (schema === undefined) throw new Error(`no schema ${name}`);
  return name.endsWith('[]') ? z.array(schema) : schema;
}

/** Every JSON number of a text as it is spelled: JSON.parse would make two large ones equal. */
const numbersOf = (text: string) =>
  [...text.matchAll(/"(?:[^"\\]|\\.)*"|(-?\d[\d.eE+-]*)/g)].flatMap(([, number]) => number ?? []);

describe('payloads of apple/container', () => {
  it.each(names(FOLDER))('%s is written as it was read', (name) => {
    const text = textOf(FOLDER, name);
    const { schema, payload } = JSON.parse(text) as Fixture;
    const type = schemaOf(schema);
    const written = encodeJson(type, type.parse(payload));
    expect(JSON.parse(written)).toEqual(payload);
    expect(numbersOf(written).sort()).toEqual(numbersOf(text).sort());
  });

  it.each(names(FOLDER))('what %s does not define is kept at every level', (name) => {
    const { schema, payload } = JSON.parse(textOf(FOLDER, name)) as Fixture;
    if (/pluginJson|systemPlatform/.test(schema)) return;
    const extended = withUnknownKeys(payload, schema);
    const type = schemaOf(schema);
    expect(JSON.parse(encodeJson(type, type.parse(extended)))).toEqual(extended);
  });

  it.each(names(join(FOLDER, 'legacy')))('older form: %s is read as upstream reads it', (name) => {
    const { schema, payload, today } = JSON.parse(textOf(join(FOLDER, 'legacy'), name)) as Fixture;
    const type = schemaOf(schema);
    expect(JSON.parse(encodeJson(type, type.parse(payload)))).toEqual(today);
  });
});

/** Keys whose values are maps of text, where every key is data. */
const MAPS = new Set(['labels', 'sysctls', 'annotations', 'options']);

/** Adds a key to every object that has keys of its own. */
function withUnknownKeys(value: unknown, at: string): unknown {
  if (Array.isArray(value)) return value.map((item) => withUnknownKeys(item, at));
  if (typeof value !== 'object' || value === null) return value;
  if (MAPS.has(at) && !('hostname' in value)) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, withUnknownKeys(item, key)]);
  return { ...Object.fromEntries(entries), futureKey: { deep: [1, null, 'text'] } };
}
