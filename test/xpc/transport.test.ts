/** A transport and its port: bursts, the event loop, strange records, and the end. */
import { describe, expect, it } from 'vitest';
import { Event, Failure, Inbound } from '../../src/native/index.js';
import { serialize, type XpcDictionary, XpcTransport } from '../../src/xpc/index.js';
import { credentials, reason, ScriptedBinding } from '../helpers/scripted-binding.js';
import { rejectionOf, thrownBy } from '../helpers/thrown.js';
import { LogBook, Pair } from '../helpers/xpc-pair.js';

const SERVICE = 'com.example.echo';
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A transport over a scripted binding, with one connection (handle 1). */
function scripted(platform?: 'darwin') {
  const binding = new ScriptedBinding(platform);
  const log = new LogBook();
  const transport = new XpcTransport(binding, { logger: log });
  const connection = transport.connect(SERVICE, { bootstrap: '/run/lp' });
  return { binding, log, transport, connection };
}

describe('where a connection goes', () => {
  it('is a socket of the bootstrap directory on Linux', () => {
    const target = { name: SERVICE, address: `/run/lp/${SERVICE}` };
    expect(scripted().binding.take()).toEqual([`connect ${JSON.stringify(target)} -> 1`, 'activate 1']);
  });

  it('is a name on macOS, without an address', () => {
    const { binding, transport } = scripted('darwin');
    transport.connect(SERVICE, { privileged: true });
    expect(binding.take().filter((call) => call.startsWith('connect'))).toEqual([
      `connect ${JSON.stringify({ name: SERVICE, privileged: false })} -> 1`,
      `connect ${JSON.stringify({ name: SERVICE, privileged: true })} -> 2`,
    ]);
  });

  it('must be a service name', () => {
    expect(thrownBy(() => scripted().transport.connect('../x')).code).toBe('ERR_XPC_NAME');
    expect(thrownBy(() => scripted().transport.listen('', () => ({}))).code).toBe('ERR_XPC_NAME');
  });
});

describe('a burst', () => {
  it('is one call, made when the turn’s promises have run', async () => {
    const { binding, connection } = scripted();
    binding.take();
    const body = serialize({}).length + 16;
    connection.send({});
    connection.send({});
    await Promise.resolve();
    await Promise.resolve();
    connection.send({});
    expect(binding.take()).toEqual([]);
    await nextTurn();
    expect(binding.take()).toEqual([`flush ${3 * body}`]);
  });

  it('of requests that come together is answered together, by handlers that wait for promises too', async () => {
    const binding = new ScriptedBinding();
    const transport = new XpcTransport(binding);
    const later = async (turns: number) => {
      for (let i = 0; i < turns; i++) await undefined;
      return {};
    };
    const request = ({ n }: XpcDictionary) => (n === 0n ? {} : later(Number(n)));
    transport.listen(SERVICE, () => ({ request }));
    binding.deliver({ kind: Inbound.peer, handle: 1, id: 2, body: credentials() });
    await nextTurn();
    binding.take();
    const requests = [0n, 1n, 5n, 9n].map((n, i) => ({
      kind: Inbound.request,
      handle: 2,
      id: 10 + i,
      body: serialize({ n }),
    }));
    // As a binding does it, from the event loop: there, ticks run before promises.
    setImmediate(() => binding.deliver(...requests));
    await nextTurn();
    await nextTurn();
    expect(binding.take()).toEqual([`flush ${4 * (serialize({}).length + 16)}`]);
  });

  it('too long for the outbox is several calls, in order, with what is larger on its own', async () => {
    const { binding, connection } = scripted();
    binding.take();
    for (const size of [1500, 1500, 1500, 10_000, 100]) connection.send({ data: new Uint8Array(size) });
    await nextTurn();
    const length = (size: number) => serialize({ data: new Uint8Array(size) }).length;
    expect(binding.take()).toEqual([
      `flush ${2 * (length(1500) + 16)}`,
      `flush ${length(1500) + 16}`,
      `send 1 1 0 ${length(10_000)}`,
      `flush ${length(100) + 16}`,
    ]);
  });
});

describe('the event loop', () => {
  const active = (binding: ScriptedBinding) => binding.take().filter((call) => call.startsWith('setActive'));

  it('is not kept alive by an idle client connection', async () => {
    const { binding, connection } = scripted();
    connection.send({});
    await nextTurn();
    expect(active(binding)).toEqual([]);
  });

  it('is kept alive by a request until its answer, its deadline or its failure', async () => {
    const { binding, connection } = scripted();
    const reply = connection.request({});
    await nextTurn();
    expect(active(binding)).toEqual(['setActive true']);
    binding.deliver({ kind: Inbound.reply, handle: 1, id: 1, body: serialize({}) });
    expect(active(binding)).toEqual(['setActive false']);
    await reply;
    expect((await rejectionOf(connection.request({}, { timeout: 1 }))).code).toBe('ERR_XPC_TIMEOUT');
    expect(active(binding)).toEqual(['setActive true', 'setActive false']);
    binding.deliver({ kind: Inbound.reply, handle: 1, id: 1, body: serialize({ late: true }) });
    expect(active(binding)).toEqual([]);
    const failed = rejectionOf(connection.request({}));
    await nextTurn();
    const body = reason(Failure.interrupted, 'gone');
    binding.deliver({ kind: Inbound.requestFailed, handle: 1, id: 1, body });
    expect(active(binding)).toEqual(['setActive true', 'setActive false']);
    expect((await failed).code).toBe('ERR_XPC_INTERRUPTED');
  });

  it('is not told of what goes to and fro within a delivery', async () => {
    const { binding, transport, connection } = scripted();
    const replies = [connection.request({})];
    const handlers = { closed: () => void replies.push(connection.request({})) };
    transport.connect(SERVICE, { bootstrap: '/run/lp', handlers });
    await nextTurn();
    expect(active(binding)).toEqual(['setActive true']);
    binding.deliver(
      { kind: Inbound.reply, handle: 1, id: 1, body: serialize({}) },
      { kind: Inbound.event, handle: 2, id: Event.invalid, body: reason(2, '') },
    );
    await nextTurn();
    expect(active(binding)).toEqual([]);
    binding.deliver({ kind: Inbound.reply, handle: 1, id: 1, body: serialize({}) });
    expect(await Promise.all(replies)).toHaveLength(2);
    expect(active(binding)).toEqual(['setActive false']);
  });

  it('is kept alive by a client that takes messages, a listener and a peer, until their end', () => {
    const binding = new ScriptedBinding();
    const transport = new XpcTransport(binding);
    transport.connect(SERVICE, { bootstrap: '/run/lp', handlers: { message: () => {} } });
    expect(active(binding)).toEqual(['setActive true']);
    transport.listen(SERVICE, () => ({}));
    binding.deliver({ kind: Inbound.peer, handle: 2, id: 3, body: credentials() });
    for (const handle of [1, 2])
      binding.deliver({ kind: Inbound.event, handle, id: Event.invalid, body: reason(2, '') });
    expect(active(binding)).toEqual([]);
    binding.deliver({ kind: Inbound.event, handle: 3, id: Event.invalid, body: reason(2, '') });
    expect(active(binding)).toEqual(['setActive false']);
  });

  it('is kept alive by a cancelled connection until its end', () => {
    const { binding, connection } = scripted();
    connection.cancel();
    expect(active(binding)).toEqual(['setActive true']);
    binding.deliver({ kind: Inbound.event, handle: 1, id: Event.invalid, body: reason(2, '') });
    expect(active(binding)).toEqual(['setActive false']);
  });
});

describe('close', () => {
  it('ends everything at once, is harmless twice, and then nothing can be made', async () => {
    const pair = new Pair().serve(() => ({ request: () => new Promise<never>(() => {}) }));
    await using _ = pair;
    const reasons: string[] = [];
    const connection = pair.connect({ handlers: { closed: ({ code }) => void reasons.push(code) } });
    const lost = rejectionOf(connection.request({}));
    await pair.client.close();
    await pair.client.close();
    expect((await lost).code).toBe('ERR_XPC_CANCELLED');
    await connection.closed;
    expect(reasons).toEqual(['ERR_XPC_CANCELLED']);
    connection.cancel();
    expect(thrownBy(() => connection.send({})).code).toBe('ERR_XPC_INVALID');
    expect(thrownBy(() => pair.connect()).code).toBe('ERR_XPC_STATE');
    expect(thrownBy(() => pair.client.listen(SERVICE, () => ({}))).code).toBe('ERR_XPC_STATE');
    await pair.server.close();
    expect(await pair.listener.closed).toBeUndefined();
  });

  it('sends first what was sent before, and then makes no call of any kind', async () => {
    const { binding, transport, connection } = scripted();
    const other = transport.connect(SERVICE, {
      bootstrap: '/run/lp',
      handlers: { closed: () => connection.cancel() },
    });
    const failed = rejectionOf(other.request({}));
    binding.take();
    await transport.close();
    const calls = binding.take();
    expect(calls.map((call) => call.split(' ')[0])).toEqual(['flush', 'close']);
    await failed;
    await nextTurn();
    expect(binding.take()).toEqual([]);
  });

  it('by a handler in the middle of a delivery ends the delivery', () => {
    const binding = new ScriptedBinding();
    const transport = new XpcTransport(binding);
    const seen: unknown[] = [];
    const message = ({ n }: XpcDictionary) => {
      seen.push(n);
      void transport.close();
    };
    transport.connect(SERVICE, { bootstrap: '/run/lp', handlers: { message } });
    const record = (n: bigint) => ({ kind: Inbound.message, handle: 1, id: 0, body: serialize({ n }) });
    binding.deliver(record(1n), record(2n));
    expect(seen).toEqual([1n]);
  });
});
