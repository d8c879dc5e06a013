/** Every recorded and derived vector, byte for byte in both directions. */
import { describe, expect, it } from 'vitest';
import { deserialize, serialize, type WireForm } from '../../src/xpc/index.js';
import {
  bytesOf,
  hexOf,
  message,
  received,
  type TaggedDictionary,
  type TaggedWrapper,
  unwrap,
  VECTORS,
  wrap,
} from '../helpers/tagged-value.js';

const dictionaries = VECTORS.filter(({ form }) => form !== 'remotexpc-wrapper');
const wrappers = VECTORS.filter(({ form }) => form === 'remotexpc-wrapper');
const captured = dictionaries.filter(({ source }) => source.startsWith('Apple libxpc'));
const wireForm = (form: string): WireForm => (form === 'mach-payload' ? 'mach' : 'bare');

it('has all vectors', () => {
  expect([dictionaries.length, wrappers.length, captured.length]).toEqual([33, 3, 17]);
});

describe.each(dictionaries)('$name', ({ form, value, hex }) => {
  const dictionary = value as TaggedDictionary;

  it('encodes to the recorded bytes', () => {
    expect(hexOf(serialize(message(dictionary), { form: wireForm(form) }))).toBe(hex);
  });

  it('decodes to the recorded value', () => {
    expect(deserialize(bytesOf(hex), { form: wireForm(form) })).toStrictEqual(received(dictionary));
  });

  it('encodes to the same bytes after decoding', () => {
    const decoded = deserialize(bytesOf(hex), { form: wireForm(form), isReused: false });
    expect(hexOf(serialize(decoded, { form: wireForm(form) }))).toBe(hex);
  });
});

describe.each(captured)('$name, captured from Apple', ({ form, value, hex }) => {
  it('is what the order of libxpc gives', () => {
    // A new entry goes to the front of its bucket, so the entry written last was set first. Descriptors are
    // numbered as they are written and keep their numbers.
    const entries = message(value as TaggedDictionary, true);
    expect(hexOf(serialize(entries, { form: wireForm(form), order: 'libxpc' }))).toBe(hex);
  });
});

describe.each(wrappers)('$name', ({ value, hex }) => {
  const wrapper = value as TaggedWrapper;

  it('frames to the recorded bytes', () => {
    const body = wrapper.v && serialize(message(wrapper.v));
    expect(hexOf(wrap(wrapper.flags, BigInt(wrapper.id), body))).toBe(hex);
  });

  it('unframes to the recorded value', () => {
    const { flags, id, body } = unwrap(bytesOf(hex));
    expect([flags, id]).toEqual([wrapper.flags, BigInt(wrapper.id)]);
    expect(body && deserialize(body)).toStrictEqual(wrapper.v && received(wrapper.v));
  });
});
