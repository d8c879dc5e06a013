/** What the conformance suite cannot see of rights: memory over garbage collection, and damaged messages by the thousand. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Handle, loadBinding, Outbound, RECORD_HAS_RIGHTS } from '../../src/native/index.js';
import { deserialize, XpcPortRight } from '../../src/xpc/index.js';
import { patternBody } from '../conformance/body.js';
import { withTable } from '../conformance/received.js';
import { letGo } from '../conformance/rights.js';
import { descriptor, endpoint, memory, rightsBody, type SentRight } from '../conformance/rights-body.js';
import { TestPort } from '../conformance/test-port.js';
import { eventually } from './eventually.js';
import { addon } from './processes.js';

const MEMORY_SCRIPT = fileURLToPath(new URL('./fixtures/memory.mjs', import.meta.url));

const openDescriptors = () => readdirSync('/proc/self/fd').length;

describe.runIf(process.platform === 'linux')('rights', () => {
  describe('of memory', () => {
    it('nothing is unmapped while its bytes can be seen, and everything is afterwards', () => {
      const { stdout, stderr, status } = spawnSync(
        process.execPath,
        ['--expose-gc', MEMORY_SCRIPT, addon()],
        { encoding: 'utf8' },
      );
      expect([status, stderr]).toEqual([0, '']);
      expect(JSON.parse(stdout)).toEqual({
        keptByView: [1, 1],
        seenAgain: [2, 2, 2, 100_001],
        released: [1, 0],
        writtenAfter: true,
        closed: [0, 0, 0],
        worker: [8, 0],
      });
    });
  });

  describe('of messages', () => {
    let client: TestPort;
    let connection: Handle;
    let rights: readonly SentRight[];

    beforeEach(async () => {
      client = new TestPort(loadBinding());
      const { port } = client;
      const bytes = port.createMemory(24);
      rights = [descriptor(1), memory(bytes, 24), endpoint(port.endpoint(client.listen({})))];
      connection = client.dial({ endpoint: port.endpoint(client.listen({})) });
      client.message(connection);
      await client.next('message');
    });

    afterEach(() => {
      client.port.close();
    });

    /** Lets go of all that arrived, and forgets it. */
    function clear(): void {
      for (const record of client.received.splice(0)) {
        if ('rights' in record) letGo(client, record.rights ?? []);
      }
    }

    it('damaged bodies bring what their words say or nothing, and leave nothing open', async () => {
      const message = fc.tuple(
        fc.array(fc.nat(2), { minLength: 1, maxLength: 6 }),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 3 }),
      );
      clear();
      const before = [openDescriptors(), client.port.statistics().rights];
      let accepted = 0;
      const samples = fc.sample(message, 3000);
      for (const [kinds, changes] of samples) {
        const sent = kinds.map((kind) => rights[kind] as SentRight);
        const body = Buffer.from(rightsBody(sent));
        for (const [at, byte] of changes) body[at % body.length] = byte;
        client.message(connection, body, sent);
        const id = client.request(connection);
        await client.until('the request', () => client.of('request').length > 0);
        for (const { body: bytes, rights: brought = [] } of client.of('message')) {
          accepted += 1;
          expect([brought.length, undefined]).toContain(rightWords(bytes, brought.length > 0));
        }
        for (const { token } of client.of('request')) client.port.drop(token);
        await client.outcome(id);
        clear();
      }
      expect(accepted).toBeGreaterThan(samples.length / 10);
      expect(accepted).toBeLessThan(samples.length);
      await eventually('all are closed', () => openDescriptors() === before[0]);
      expect(client.port.statistics().rights).toBe(before[1]);
    });

    it('damaged tables are refused, or bring what they name, and leave nothing open', async () => {
      const entry = fc.tuple(
        fc.oneof(
          { weight: 9, arbitrary: fc.integer({ min: 1, max: 3 }) },
          { weight: 1, arbitrary: fc.nat() },
        ),
        fc.oneof(fc.constantFrom(1, ...rights.map(({ value }) => value)), fc.nat(), fc.constant(0xffff_ffff)),
      );
      const table = fc.tuple(
        fc.array(entry, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: -1, max: 1 }),
      );
      clear();
      const before = [openDescriptors(), client.port.statistics().rights];
      for (const [entries, difference] of fc.sample(table, 2000)) {
        const words = Uint32Array.of(entries.length + difference, ...entries.flat());
        const sent = entries.map(([kind]) => rights[kind % 3] as SentRight);
        const body = Buffer.concat([new Uint8Array(words.buffer), rightsBody(sent)]);
        try {
          client.port.send(Outbound.message | RECORD_HAS_RIGHTS, connection, 0, body);
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError);
        }
        const id = client.request(connection);
        await client.until('the request', () => client.of('request').length > 0);
        for (const { token } of client.of('request')) client.port.drop(token);
        await client.outcome(id);
        clear();
      }
      await eventually('all are closed', () => openDescriptors() === before[0]);
      expect(client.port.statistics().rights).toBe(before[1]);
    });

    it.each([
      ['short', 30 * 1024],
      ['long', 100 * 1024],
    ])('a port closed by the first of many %s messages leaves none of the rest open', async (_what, size) => {
      clear();
      const before = openDescriptors();
      const receiver = new TestPort(loadBinding());
      const listener = receiver.listen({});
      const own = receiver.dial({ endpoint: receiver.port.endpoint(listener) });
      const body = withTable(rights.slice(0, 1), rightsBody(rights.slice(0, 1), patternBody(size)));
      receiver.onRecord = ({ type }) => {
        if (type === 'message') receiver.port.close();
      };
      for (let count = 0; count < 40; count += 1) {
        receiver.port.send(Outbound.message | RECORD_HAS_RIGHTS, own, 0, body);
      }
      await eventually('it is closed', () => receiver.of('message').length > 0);
      for (const record of receiver.of('message')) letGo(receiver, record.rights ?? []);
      await eventually('all are closed', () => openDescriptors() === before);
    });
  });
});

/** How many rights a body has words for; undefined when its keys are no text. */
function rightWords(body: Uint8Array, hasRights: boolean): number | undefined {
  try {
    return portRights(deserialize(body, { form: hasRights ? 'mach' : 'bare' }));
  } catch (error) {
    expect(String(error)).toContain('UTF-8');
    return undefined;
  }
}

/** How many rights a value holds. */
function portRights(value: unknown): number {
  if (value instanceof XpcPortRight) return 1;
  if (ArrayBuffer.isView(value) || typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce((sum: number, part) => sum + portRights(part), 0);
}
