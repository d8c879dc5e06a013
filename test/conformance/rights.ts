/** What messages carry: descriptors above all, in every kind of message, and in their order. */
import { expect, it } from 'vitest';
import { type Handle, MAX_RIGHTS, Outbound, RECORD_HAS_RIGHTS } from '../../src/native/index.js';
import { isSame, patternBody } from './body.js';
import type { UseBench } from './define.js';
import { type Content, type Received, type RightEntry, withTable } from './received.js';
import {
  type Carrying,
  carrying,
  carryingData,
  descriptor,
  endpoint,
  memory,
  rightsBody,
  type SentRight,
} from './rights-body.js';
import type { TestPort } from './test-port.js';

/** Sends back everything that a request brings, and lets go of it. */
export function bounce(server: TestPort): void {
  server.onRecord = (record: Received) => {
    if (record.type !== 'request') return;
    server.reply(record, record.body, record.rights);
    letGo(server, record.rights ?? []);
  };
}

/** Closes and releases what a port received. */
export function letGo(port: TestPort, rights: readonly RightEntry[]): void {
  for (const { kind, value } of rights) {
    port.call(() => (kind === 'descriptor' ? port.port.closeDescriptor(value) : port.port.release(value)));
  }
}

/** The descriptors and handles that a message brought. */
export function valuesOf({ rights = [] }: Content): number[] {
  return rights.map(({ value }) => value);
}

export function rightsTests(use: UseBench): void {
  const files = () => use().environment.files;

  /** What `send` sends, as it arrives. */
  const ways: Readonly<
    Record<
      string,
      (port: TestPort, ends: { connection: Handle; peer: Handle }, what: Carrying) => Promise<Content>
    >
  > = {
    async 'a message'(port, { connection }, what) {
      port.message(connection, ...what);
      return port.next('message');
    },
    async 'a message to the client'(port, { peer }, what) {
      port.message(peer, ...what);
      return port.next('message');
    },
    async 'a request'(port, { connection }, what) {
      port.request(connection, ...what);
      return port.next('request');
    },
    async 'a reply'(port, { connection }, what) {
      const id = port.request(connection);
      port.reply(await port.next('request'), ...what);
      return (await port.outcome(id)) as Content & Received;
    },
  };

  it.each(Object.entries(ways))('%s brings a descriptor, new and close-on-exec', async (_what, send) => {
    const { port, ...ends } = await use().privatePair();
    const sent = files().open();
    await use().withoutLeak(async () => {
      const { rights, body } = await send(port, ends, carrying(descriptor(sent)));
      expect(isSame(body, rightsBody([descriptor(sent)]))).toBe(true);
      expect(rights).toMatchObject([{ kind: 'descriptor' }]);
      const received = rights?.[0]?.value as number;
      expect(received).not.toBe(sent);
      expect(files().isSame(sent, received)).toBe(true);
      expect(files().isCloseOnExec(received)).toBe(true);
      letGo(port, rights ?? []);
      expect(files().isSame(sent, sent)).toBe(true);
    });
    files().close(sent);
  });

  it.each(Object.entries(ways))('%s brings each kind, in order', async (_what, send) => {
    const { port, endpoint: target, ...ends } = await use().privatePair();
    const sent = [files().open(), files().open()] as const;
    await use().withoutLeak(async () => {
      const bytes = port.port.createMemory(8);
      const what: readonly SentRight[] = [
        endpoint(target),
        descriptor(sent[0]),
        memory(bytes, 8),
        descriptor(sent[1]),
        endpoint(target),
      ];
      const content = await send(port, ends, carrying(...what));
      expect(content.rights?.map(({ kind }) => kind)).toEqual(what.map(({ kind }) => kind));
      const values = valuesOf(content);
      expect(new Set([...values, bytes, target]).size).toBe(7);
      expect(files().isSame(values[1] as number, sent[0])).toBe(true);
      expect(files().isSame(values[3] as number, sent[1])).toBe(true);
      expect(port.port.memory(values[2] as number).byteLength).toBe(8);
      for (const at of [0, 4]) {
        const connection = port.dial({ endpoint: values[at] as number });
        port.cancel(connection);
        await port.event(connection, 'invalid');
      }
      port.port.release(bytes);
      letGo(port, content.rights ?? []);
      expect(port.port.statistics().rights).toBe(1);
    });
    for (const file of sent) files().close(file);
  });

  it('a descriptor that was sent can be closed at once, and the received one outlives the connection', async () => {
    const kept = files().open();
    await use().withoutLeak(async () => {
      const { port, connection, listener, endpoint: target } = await use().privatePair();
      const [sent] = await received(port, connection, descriptor(kept));
      port.message(connection, ...carrying(descriptor(sent as number)));
      port.port.closeDescriptor(sent as number);
      const { rights } = await port.next('message', 2);
      port.cancel(listener);
      await port.event(connection, 'invalid');
      expect(files().isSame(rights?.[0]?.value as number, kept)).toBe(true);
      letGo(port, rights ?? []);
      port.port.release(target);
    });
    files().close(kept);
  });

  it('a descriptor named twice arrives as two', async () => {
    const { port, connection } = await use().privatePair();
    const sent = files().open();
    await use().withoutLeak(async () => {
      const values = await received(port, connection, descriptor(sent), descriptor(sent));
      expect(new Set([...values, sent]).size).toBe(3);
      expect(values.every((value) => files().isSame(value, sent))).toBe(true);
      port.port.closeDescriptor(values[0] as number);
      expect(files().isSame(values[1] as number, sent)).toBe(true);
      port.port.closeDescriptor(values[1] as number);
    });
    files().close(sent);
  });

  it('a message brings as many as the limit says, and no more are sent', async () => {
    const { port, connection } = await use().privatePair();
    const sent = [files().open(), files().open(), files().open()] as const;
    const many = (count: number) => {
      return Array.from({ length: count }, (_, index) => descriptor(sent[index % 3] as number));
    };
    await use().withoutLeak(async () => {
      const values = await received(port, connection, ...many(MAX_RIGHTS));
      expect(new Set(values).size).toBe(MAX_RIGHTS);
      expect(values.every((value, index) => files().isSame(value, sent[index % 3] as number))).toBe(true);
      for (const value of values) port.port.closeDescriptor(value);
      expect(() => port.request(connection, ...carrying(...many(MAX_RIGHTS + 1)))).toThrow(TypeError);
    });
    for (const file of sent) files().close(file);
  });

  it.each([100 * 1024, 256 * 1024 - 16, 1024 * 1024, 8 * 1024 * 1024])(
    'a body of %i bytes brings rights too',
    async (byteLength) => {
      const { port, connection } = await use().privatePair();
      bounce(port);
      const sent = files().open();
      await use().withoutLeak(async () => {
        const what = carryingData(patternBody(byteLength), descriptor(sent), descriptor(sent));
        const outcome = await port.outcome(port.request(connection, ...what));
        if (outcome.type !== 'reply') throw new Error(outcome.failure);
        expect(isSame(outcome.body, what[0])).toBe(true);
        expect(outcome.rights).toHaveLength(2);
        expect(valuesOf(outcome).every((value) => files().isSame(value, sent))).toBe(true);
        letGo(port, outcome.rights ?? []);
      });
      files().close(sent);
    },
  );

  it('messages with and without rights keep one order, many in one flush', async () => {
    const { port, connection } = await use().privatePair();
    const sent = [files().open(), files().open()] as const;
    await use().withoutLeak(async () => {
      for (let index = 0; index < 400; index += 1) {
        const right = descriptor(sent[index % 2] as number);
        const table = withTable([right], rightsBody([right]));
        if (index % 4 < 2) port.write(Outbound.message | RECORD_HAS_RIGHTS, connection, 0, table);
        else port.write(Outbound.message, connection, 0, patternBody(64, index));
      }
      port.flush();
      await port.next('message', 400);
      port.of('message').forEach(({ body, rights }, index) => {
        if (index % 4 >= 2) expect(isSame(body, patternBody(64, index))).toBe(true);
        else expect(files().isSame(rights?.[0]?.value as number, sent[index % 2] as number)).toBe(true);
        letGo(port, rights ?? []);
      });
    });
    for (const file of sent) files().close(file);
  });

  it('closing a descriptor that is no longer open is ignored', async () => {
    const { port, connection } = await use().privatePair();
    const sent = files().open();
    const [value] = await received(port, connection, descriptor(sent));
    port.port.closeDescriptor(value as number);
    port.port.closeDescriptor(value as number);
    files().close(sent);
  });

  it('a descriptor can be closed after its port', async () => {
    const { port, connection } = await use().privatePair();
    const sent = files().open();
    await use().withoutLeak(async () => {
      const [value] = await received(port, connection, descriptor(sent));
      const other = use().port();
      other.port.closeDescriptor(value as number);
      expect(files().isSame(sent, sent)).toBe(true);
    });
    files().close(sent);
  });
}

/** Sends a message with these, and gives what arrives for them. */
export async function received(
  port: TestPort,
  connection: Handle,
  ...rights: readonly SentRight[]
): Promise<number[]> {
  const count = port.of('message').length;
  port.message(connection, ...carrying(...rights));
  return valuesOf(await port.next('message', count + 1));
}
