import { describe, expect, it } from 'vitest';
import { parseFields } from '../../src/cli/fields.js';
import { valueToJson } from '../../src/cli/output/xpc-value.js';
import { date, fileDescriptor, uint64, uuid, XpcRichError } from '../../src/xpc/index.js';
import { Pair } from '../helpers/xpc-pair.js';

const ID = '01234567-89ab-cdef-0123-456789abcdef';

describe('request fields', () => {
  it.each([
    ['a=b=c', 'b=c'],
    ['a=', ''],
    ['a:int64=-9223372036854775808', -(2n ** 63n)],
    ['a:uint64=18446744073709551615', uint64(2n ** 64n - 1n)],
    ['a:double=-0.5', -0.5],
    ['a:bool=true', true],
    ['a:date=1970-01-01T00:00:01Z', date(new Date(1000))],
    [`a:uuid=${ID}`, uuid(ID)],
    ['a:data=00ff', Uint8Array.of(0, 255)],
    ['a:json={"x":1}', new TextEncoder().encode('{"x":1}')],
  ])('%s', (field, value) => {
    expect(parseFields([field])).toEqual(Object.assign(Object.create(null), { a: value }));
  });

  it.each([
    ['a', 'is not KEY=TEXT'],
    ['=x', 'is not KEY=TEXT'],
    ['a:int64=9223372036854775808', 'is not of type int64'],
    ['a:int64=1.5', 'is not of type int64'],
    ['a:uint64=-1', 'is not of type uint64'],
    ['a:double=', 'is not of type double'],
    ['a:bool=yes', 'is not of type bool'],
    ['a:date=soon', 'is not of type date'],
    ['a:uuid=1', 'is not of type uuid'],
    ['a:data=0', 'is not of type data'],
    ['a:json={', 'is not of type json'],
    ['a:float=1', 'unknown type'],
    ['a:constructor=1', 'unknown type'],
  ])('refuses %s', (field, problem) => {
    expect(() => parseFields([field])).toThrowError(expect.objectContaining({ code: 'ERR_USAGE' }));
    expect(() => parseFields([field])).toThrowError(problem);
  });

  it('refuses a key given twice', () => {
    expect(() => parseFields(['a=1', 'a=2'])).toThrowError('second time');
  });

  it('takes __proto__ as a key like any other', () => {
    expect(Object.keys(parseFields(['__proto__=x']))).toEqual(['__proto__']);
  });
});

describe('values shown as JSON', () => {
  it('tells what came beside a message by its type', async () => {
    await using pair = new Pair();
    const message = {
      file: fileDescriptor(5),
      memory: pair.client.createSharedMemory(100),
      failure: new XpcRichError('no such service', true),
    };
    expect(valueToJson(message)).toEqual({
      file: { type: 'fd' },
      memory: { type: 'shmem', byteLength: 100 },
      failure: { message: 'no such service', canRetry: true },
    });
  });

  it('keeps large integers as text and structures in data as JSON', () => {
    const message = {
      small: 5n,
      large: uint64(2n ** 64n - 1n),
      json: new TextEncoder().encode('[1,2]'),
      bytes: Uint8Array.of(1, 2),
      nested: [null, true, 'x', 1.5],
    };
    expect(valueToJson(message)).toEqual({
      small: 5,
      large: '18446744073709551615',
      json: [1, 2],
      bytes: { data: '0102' },
      nested: [null, true, 'x', 1.5],
    });
  });
});
