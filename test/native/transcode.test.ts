/** The transcoder: bytes to XPC objects and back, forced on a system that can do without. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Event, Inbound, loadBinding, Outbound } from '../../src/native/index.js';
import { deserialize, serialize, type XpcDictionary } from '../../src/xpc/index.js';
import { dictionary } from '../helpers/xpc-arbitraries.js';
import { eventually } from './eventually.js';
import { EMPTY_MESSAGE, RecordPort } from './records.js';

const NAME = 'com.example.transcode';

interface Vector {
  readonly name: string;
  readonly form: string;
  readonly hex: string;
}

describe.runIf(process.platform === 'linux')('transcoder', () => {
  let directory: string;
  let server: RecordPort;
  let client: RecordPort;
  let connection: number;

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'lp-'));
    process.env.LAUNCHPORT_FORCE_TRANSCODE = '1';
    const binding = loadBinding();
    server = new RecordPort(binding);
    client = new RecordPort(binding);
    delete process.env.LAUNCHPORT_FORCE_TRANSCODE;
    const supervisor = binding.openSupervisor?.({ demand: () => {}, exit: () => {} });
    const descriptor = supervisor?.createListener(join(directory, NAME), 8) ?? -1;
    server.port.activate(server.port.listen({ name: NAME, descriptor }));
    supervisor?.closeDescriptor(descriptor);
    connection = client.port.connect({ name: NAME, address: join(directory, NAME) });
    client.port.activate(connection);
  });

  afterAll(() => {
    server.port.close();
    client.port.close();
    rmSync(directory, { recursive: true });
  });

  beforeEach(() => {
    server.received.length = 0;
    client.received.length = 0;
  });

  /** Sends each body as a message: what arrives, or nothing where it was refused as malformed. */
  async function transcode(bodies: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]> {
    // A request after each tells which of the messages were dropped.
    for (const [id, body] of bodies.entries()) {
      client.port.send(Outbound.message, connection, 0, body);
      client.port.send(Outbound.request, connection, id, EMPTY_MESSAGE);
    }
    await eventually('all', () => server.of(Inbound.request).length === bodies.length, 60_000);
    const results: (Uint8Array | undefined)[] = [];
    let latest: Uint8Array | undefined;
    for (const record of server.received) {
      if (record.kind === Inbound.message) latest = record.body;
      if (record.kind !== Inbound.request) continue;
      results.push(latest);
      latest = undefined;
      server.port.drop(record.id);
    }
    const refused = results.filter((result) => result === undefined).length;
    await eventually('refusals', () => {
      return client.of(Inbound.event).filter(({ id }) => id === Event.dropped).length === refused;
    });
    server.received.length = 0;
    client.received.length = 0;
    return results;
  }

  function verdict(bytes: Uint8Array): XpcDictionary | undefined {
    try {
      return deserialize(bytes);
    } catch {
      return undefined;
    }
  }

  it('is in use: keys do not arrive in the order they were written', async () => {
    const value = Object.fromEntries(Array.from('abcdefghijklmnop', (key) => [key, key]));
    const [result] = await transcode([serialize(value)]);
    expect(result).not.toEqual(serialize(value));
    expect(verdict(result ?? EMPTY_MESSAGE)).toEqual(value);
  });

  it('keeps every recorded message', async () => {
    const file = new URL('../../fixtures/xpc/xpc-vectors.json', import.meta.url);
    const vectors = (JSON.parse(readFileSync(file, 'utf8')) as Vector[]).filter(
      ({ form }) => form === 'bare',
    );
    const bodies = vectors.map(({ hex }) => new Uint8Array(Buffer.from(hex, 'hex')));
    const results = await transcode(bodies);
    expect(vectors.length).toBeGreaterThan(20);
    for (const [index, result] of results.entries()) {
      // Another order of keys is no other value, and changes no length.
      expect([vectors[index]?.name, result?.length]).toEqual([vectors[index]?.name, bodies[index]?.length]);
      expect(verdict(result ?? EMPTY_MESSAGE)).toEqual(verdict(bodies[index] as Uint8Array));
    }
  });

  it('keeps every value', async () => {
    const values = fc.sample(dictionary, 500);
    const results = await transcode(values.map((value) => serialize(value)));
    for (const [index, result] of results.entries()) {
      expect(isDeepStrictEqual(verdict(result ?? new Uint8Array(0)), values[index])).toBe(true);
    }
  });

  it('judges damaged bytes as the decoder does, or more strictly', async () => {
    const damaged = fc.sample(
      fc
        .tuple(
          dictionary,
          fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 }),
        )
        .map(([value, changes]) => {
          const bytes = serialize(value).slice();
          for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
          return bytes;
        }),
      2000,
    );
    const results = await transcode(damaged);
    let accepted = 0;
    for (const [index, result] of results.entries()) {
      if (result === undefined) continue;
      accepted += 1;
      expect(isDeepStrictEqual(verdict(result), verdict(damaged[index] as Uint8Array))).toBe(true);
    }
    expect(accepted).toBeGreaterThan(50);
    expect(accepted).toBeLessThan(damaged.length);
  });

  it('refuses every truncation', async () => {
    const whole = serialize({ a: [1n, 'two', { three: new Uint8Array(5) }], b: true });
    const cuts = Array.from({ length: whole.length }, (_, length) => whole.slice(0, length));
    expect(await transcode(cuts)).toEqual(cuts.map(() => undefined));
  });

  it('accepts 512 containers inside one another, and no more', async () => {
    const nested = (depth: number) => {
      // Arrays of one element around an empty one, in a dictionary.
      const arrays = Array.from({ length: depth - 1 }, (_, index) => [
        0xe000,
        0,
        index === depth - 2 ? 0 : 1,
      ]).flat();
      const words = [0x42133742, 5, 0xf000, 0, 1, 0x61, ...arrays];
      return new Uint8Array(new Uint32Array(words).buffer);
    };
    const [most, tooMany] = await transcode([nested(512), nested(513)]);
    expect(verdict(most ?? new Uint8Array(0))).toEqual(verdict(nested(512)));
    expect(most).toBeDefined();
    expect(tooMany).toBeUndefined();
  });

  it.each([
    ['an array of 2^24', [0xe000, 4, 1 << 24]],
    ['an array of 2^32-1', [0xe000, 4, 0xffff_ffff]],
    ['a dictionary of 2^32-1', [0xf000, 4, 0xffff_ffff]],
    ['data of 2^32-1 bytes', [0x8000, 0xffff_ffff]],
    ['data of 2^32-4 bytes', [0x8000, 0xffff_fffc]],
    ['a string of 2^32-1 bytes', [0x9000, 0xffff_ffff]],
    ['a string of no bytes', [0x9000, 0]],
    ['a string with no NUL', [0x9000, 4, 0x61616161]],
    ['a string with a NUL inside', [0x9000, 4, 0x00610061]],
    ['a descriptor', [0xb000]],
    ['an endpoint', [0x12000]],
    ['shared memory', [0xc000, 4096, 0]],
    ['type 0', [0]],
    ['an unknown type', [0x1e000]],
  ])('refuses %s', async (_what, words) => {
    const bytes = new Uint8Array(new Uint32Array([0x42133742, 5, 0xf000, 0, 1, 0x61, ...words]).buffer);
    expect(await transcode([bytes])).toEqual([undefined]);
  });
});
