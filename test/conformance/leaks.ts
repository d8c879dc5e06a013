/** What is not delivered leaks nothing: each test counts descriptors before and after. */
import { expect, it } from 'vitest';
import { Outbound, RECORD_HAS_RIGHTS, Right } from '../../src/native/index.js';
import { emptyBody, patternBody } from './body.js';
import type { UseBench } from './define.js';
import { withTable } from './received.js';
import { letGo } from './rights.js';
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

const MIB = 1024 * 1024;

/** Descriptors, memories and endpoints to make wrong messages of. */
interface Given {
  readonly file: SentRight;
  readonly bytes: SentRight;
  readonly target: SentRight;
}

/** Bodies and tables that do not fit. Each names things that would leak. */
const MALFORMED: Readonly<Record<string, (given: Given) => Carrying>> = {
  'fewer rights than words': ({ file, bytes }) => [rightsBody([file, bytes, file]), [file, bytes]],
  'more rights than words': ({ file, bytes }) => [rightsBody([file]), [file, bytes]],
  'rights and no word': ({ file }) => [rightsBody([]), [file]],
  'a memory for a descriptor': ({ file, bytes }) => [rightsBody([file, file]), [file, bytes]],
  'a descriptor for a memory': ({ file, bytes }) => [rightsBody([bytes, bytes]), [bytes, file]],
  'an endpoint for a memory': ({ file, bytes, target }) => [rightsBody([file, bytes]), [file, target]],
  'a memory for an endpoint': ({ file, bytes, target }) => [rightsBody([file, target]), [file, bytes]],
  'two rights in another order': ({ file, bytes }) => [rightsBody([file, bytes]), [bytes, file]],
  'a memory of another length': ({ file, bytes }) => carrying(file, memory(bytes.value, 9)),
  'a descriptor that is not open': ({ file }) => carrying(file, descriptor(987_654)),
  'a descriptor beyond all': ({ file }) => carrying(file, descriptor(0xffff_ffff)),
  'a memory that is none': ({ file }) => carrying(file, memory(0x7fff_0000, 8)),
  'handle 0': ({ file }) => carrying(file, endpoint(0)),
  'rights in a body that is cut': ({ file }) => [rightsBody([file, file]).subarray(0, -4), [file, file]],
  'rights beside a bare body': ({ file }) => [emptyBody(), [file]],
};

export function leakTests(use: UseBench): void {
  /** A pair, and one of each right. */
  const prepare = async () => {
    const pair = await use().privatePair();
    const { files } = use().environment;
    const bytes = pair.port.port.createMemory(8);
    const given: Given = {
      file: descriptor(files.open()),
      bytes: memory(bytes, 8),
      target: endpoint(pair.endpoint),
    };
    return { ...pair, ...given, given, all: carrying(given.file, given.bytes, given.target) };
  };

  /** Runs `work` with such a pair, ends that, and waits until nothing is left of either. */
  const clean = async (work: (prepared: Awaited<ReturnType<typeof prepare>>) => Promise<void>) => {
    await use().withoutLeak(async () => {
      const prepared = await prepare();
      const { port, listener, connection, peer, file, bytes, target } = prepared;
      await work(prepared);
      for (const handle of [connection, listener]) port.cancel(handle);
      for (const handle of [connection, listener, peer]) await port.event(handle, 'invalid');
      for (const { value } of [bytes, target]) port.port.release(value);
      use().environment.files.close(file.value);
      expect(port.port.statistics()).toMatchObject({ rights: 0, openTokens: 0, listeners: 0 });
    });
  };

  it.each(Object.entries(MALFORMED))('%s: the message is malformed', async (_what, make) => {
    await clean(async ({ port, connection, given }) => {
      const id = port.request(connection, ...make(given));
      expect(await port.outcome(id)).toMatchObject({ type: 'failed', failure: 'malformed' });
      port.message(connection, ...make(given));
      await port.event(connection, 'dropped');
      expect(port.of('event')).toMatchObject([{ handle: connection, failure: 'malformed' }]);
      expect(port.of('message')).toEqual([]);
    });
  });

  it.each<[string, Uint8Array]>([
    ['an unknown kind of right', new Uint8Array(Uint32Array.of(1, 4, 0).buffer)],
    ['a table that is cut', new Uint8Array(Uint32Array.of(2, Right.descriptor, 0).buffer)],
    ['a table without rights', new Uint8Array(Uint32Array.of(0).buffer)],
    ['a table of an enormous length', new Uint8Array(Uint32Array.of(0xffff_ffff).buffer)],
    ['no table', new Uint8Array(0)],
  ])('%s is a TypeError, and nothing is sent', async (_what, table) => {
    await clean(async ({ port, connection, file, all }) => {
      const kind = Outbound.request | RECORD_HAS_RIGHTS;
      const isCut = table.byteLength !== 4;
      const body = isCut ? table : Buffer.concat([table, rightsBody([file])]);
      port.write(kind, connection, 76, withTable(all[1], all[0]));
      port.write(kind, connection, 77, body);
      expect(() => port.flush()).toThrow(TypeError);
      expect(() => port.port.send(kind, connection, 77, body)).toThrow(TypeError);
      await use().settle();
      expect(port.received).toEqual([]);
    });
  });

  it('a malformed reply drops its request', async () => {
    await clean(async ({ port, connection, peer, file, bytes }) => {
      const id = port.request(connection);
      port.reply(await port.next('request'), rightsBody([file, file]), [file, bytes]);
      expect(await port.outcome(id)).toMatchObject({ failure: 'interrupted' });
      await port.event(peer, 'dropped');
    });
  });

  it('cancelling a connection that was not activated', async () => {
    await clean(async ({ port, endpoint: target, all }) => {
      const connection = port.connect({ endpoint: target });
      const id = port.request(connection, ...all);
      port.message(connection, ...all);
      port.cancel(connection);
      expect(await port.outcome(id)).toMatchObject({ failure: 'invalid' });
      await port.event(connection, 'invalid');
    });
  });

  it('sending over a connection that is cancelled, or to a handle that names nothing', async () => {
    await clean(async ({ port, connection, peer, all }) => {
      port.cancel(connection);
      await port.event(peer, 'invalid');
      for (const handle of [connection, peer, 0x7fff_0000, 0]) {
        port.message(handle, ...all);
        expect(await port.outcome(port.request(handle, ...all))).toMatchObject({ failure: 'invalid' });
      }
    });
  });

  it('messages that nobody accepts', async () => {
    await clean(async ({ port, endpoint: target, listener, all }) => {
      port.suspend(listener);
      const connection = port.dial({ endpoint: target });
      for (let count = 0; count < 20; count += 1) port.message(connection, ...all);
      await use().settle();
      port.cancel(listener);
      await port.event(connection, 'invalid');
    });
  });

  it('messages that wait for a suspended peer when it is cancelled', async () => {
    await clean(async ({ port, connection, peer, all }) => {
      port.suspend(peer);
      for (let count = 0; count < 20; count += 1) port.message(connection, ...all);
      await use().settle();
      port.cancel(peer);
      await port.event(connection, 'invalid');
      expect(port.of('message')).toEqual([]);
    });
  });

  it('messages on their way when their sender is cancelled', async () => {
    await clean(async ({ port, connection, peer, all, file }) => {
      port.message(connection, ...carryingData(patternBody(3 * MIB), file));
      for (let count = 0; count < 20; count += 1) port.message(connection, ...all);
      port.cancel(connection);
      await port.event(peer, 'invalid');
      for (const { rights } of port.of('message')) letGo(port, rights ?? []);
    });
  });

  it('a queue that is full', async () => {
    await clean(async ({ port, connection, peer, file, bytes }) => {
      port.suspend(peer);
      const big = carryingData(patternBody(4 * MIB), file, bytes);
      for (let count = 0; count < 20; count += 1) port.message(connection, ...big);
      await port.event(connection, 'dropped');
      expect(port.of('event').some(({ failure }) => failure === 'queueFull')).toBe(true);
      port.cancel(peer);
      await port.event(connection, 'invalid');
    });
  });

  it('a reply to a request whose sender is gone', async () => {
    await clean(async ({ port, connection, peer, all }) => {
      port.request(connection);
      port.request(connection);
      await port.next('request', 2);
      const [first, second] = port.of('request');
      port.suspend(peer);
      port.cancel(connection);
      await port.event(connection, 'invalid');
      if (first !== undefined) port.reply(first, ...all);
      port.resume(peer);
      await port.event(peer, 'invalid');
      if (second !== undefined) port.reply(second, ...all);
    });
  });

  it('a reply that comes when its request was given up', async () => {
    await clean(async ({ port, connection, peer, all }) => {
      port.request(connection);
      const request = await port.next('request');
      port.suspend(connection);
      port.reply(request, ...all);
      await use().settle();
      port.cancel(connection);
      await port.event(peer, 'invalid');
      expect(port.of('reply')).toEqual([]);
    });
  });

  it('a request with rights that is dropped', async () => {
    await clean(async ({ port, connection, all }) => {
      const id = port.request(connection, ...all);
      const { token, rights } = await port.next('request');
      port.port.drop(token);
      letGo(port, rights ?? []);
      expect(await port.outcome(id)).toMatchObject({ failure: 'interrupted' });
    });
  });

  it('a peer that is refused', async () => {
    await clean(async ({ port, all }) => {
      const strict = port.listen({ requirement: { users: [4_000_000_000] } });
      const target = port.call(() => port.port.endpoint(strict));
      const connection = port.dial({ endpoint: target });
      for (let count = 0; count < 5; count += 1) port.message(connection, ...all);
      await port.next('refused');
      await port.event(connection, 'invalid');
      port.cancel(strict);
      await port.event(strict, 'invalid');
      port.port.release(target);
    });
  });

  it('a closed port, and one that is closed with messages on their way', async () => {
    const file = descriptor(use().environment.files.open());
    await use().withoutLeak(async () => {
      const pair = await use().privatePair();
      const { port, connection, peer } = pair;
      const what = carrying(file, memory(port.port.createMemory(8), 8), endpoint(pair.endpoint));
      port.suspend(peer);
      for (let count = 0; count < 20; count += 1) port.message(connection, ...what);
      await use().settle();
      port.resume(peer);
      port.port.close();
      expect(port.port.statistics().rights).toBe(0);
      port.message(connection, ...what);
      await use().settle();
      expect(port.received).toEqual([]);
      port.port.send(
        Outbound.request | RECORD_HAS_RIGHTS,
        connection,
        1,
        withTable([file], rightsBody([file])),
      );
    });
  });

  it('a port that is closed by the delivery of one of many', async () => {
    const file = descriptor(use().environment.files.open());
    await use().withoutLeak(async () => {
      const { port, connection } = await use().privatePair();
      port.onRecord = ({ type }) => {
        if (type === 'message') port.port.close();
      };
      const big = carryingData(patternBody(100_000), file);
      for (let count = 0; count < 40; count += 1) port.message(connection, ...big);
      await port.next('message');
      await use().settle();
      for (const { rights } of port.of('message')) letGo(port, rights ?? []);
    });
  });
}
