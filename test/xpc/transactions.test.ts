/** Transactions: while the process is busy the system is told so, once per change. */
import { describe, expect, it } from 'vitest';
import { Inbound } from '../../src/native/index.js';
import { serialize, type XpcMessage, XpcTransport } from '../../src/xpc/index.js';
import { credentials, ScriptedBinding } from '../helpers/scripted-binding.js';
import { rejectionOf, thrownBy } from '../helpers/thrown.js';
import { deferred, Pair } from '../helpers/xpc-pair.js';

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('a transaction of the program', () => {
  it('makes the process busy until all are disposed, of which twice is harmless', () => {
    const binding = new ScriptedBinding();
    const transport = new XpcTransport(binding);
    const first = transport.beginTransaction();
    const second = transport.beginTransaction();
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    expect(binding.take()).toEqual(['setBusy true']);
    second[Symbol.dispose]();
    expect(binding.take()).toEqual(['setBusy false']);
    {
      using _ = transport.beginTransaction();
      expect(binding.take()).toEqual(['setBusy true']);
    }
    expect(binding.take()).toEqual(['setBusy false']);
  });

  it('ends with the transport, and none begins after', async () => {
    const binding = new ScriptedBinding();
    const transport = new XpcTransport(binding);
    const open = transport.beginTransaction();
    binding.take();
    await transport.close();
    expect(binding.take()).toEqual(['setBusy false', 'close']);
    open[Symbol.dispose]();
    expect(binding.take()).toEqual([]);
    expect(thrownBy(() => transport.beginTransaction()).code).toBe('ERR_XPC_STATE');
  });

  it('does not keep the event loop alive', () => {
    const binding = new ScriptedBinding();
    new XpcTransport(binding).beginTransaction();
    expect(binding.take()).not.toContain('setActive true');
  });
});

describe('handlers', () => {
  /** A listener whose handlers answer when told to, and requests from its one peer. */
  function scripted() {
    const binding = new ScriptedBinding();
    const transport = new XpcTransport(binding);
    const answers: ((reply: XpcMessage) => void)[] = [];
    const request = ({ isSlow }: { readonly isSlow?: unknown }) =>
      isSlow === true ? new Promise<XpcMessage>((resolve) => void answers.push(resolve)) : {};
    transport.listen('com.example.echo', () => ({ request }));
    binding.deliver({ kind: Inbound.peer, handle: 1, id: 2, body: credentials() });
    binding.take();
    const deliver = (...slow: readonly boolean[]) =>
      binding.deliver(
        ...slow.map((isSlow, i) => ({
          kind: Inbound.request,
          handle: 2,
          id: 10 + i,
          body: serialize({ isSlow }),
        })),
      );
    return { binding, answers, deliver };
  }

  it('make the process busy while any of them runs, and the replies go before the end', async () => {
    const { binding, answers, deliver } = scripted();
    deliver(true, true, false);
    await nextTurn();
    expect(binding.take()).toEqual([expect.stringMatching(/^flush/), 'setBusy true']);
    deliver(true);
    await nextTurn();
    expect(binding.take()).toEqual([]);
    answers[0]?.({});
    await nextTurn();
    expect(binding.take()).toEqual([expect.stringMatching(/^flush/)]);
    answers[1]?.({});
    answers[2]?.({});
    await nextTurn();
    expect(binding.take()).toEqual([expect.stringMatching(/^flush/), 'setBusy false']);
  });

  it('that are done at once cost no call', async () => {
    const { binding, deliver } = scripted();
    deliver(...new Array<boolean>(10).fill(false));
    await nextTurn();
    expect(binding.take()).toEqual([expect.stringMatching(/^flush/)]);
  });

  it('make the process busy in the world too, until their client is gone and they are done', async () => {
    const finish = deferred();
    await using pair = new Pair().serve(() => ({
      request: async () => {
        await finish.promise;
        return {};
      },
    }));
    const connection = pair.connect();
    const lost = rejectionOf(connection.request({}));
    await pair.world.settled();
    expect(pair.world.isBusy(pair.serverPid)).toBe(true);
    connection.cancel();
    await lost;
    await pair.world.settled();
    expect(pair.world.isBusy(pair.serverPid)).toBe(true);
    finish.resolve();
    await nextTurn();
    await pair.world.settled();
    expect(pair.world.isBusy(pair.serverPid)).toBe(false);
  });
});

describe('the end of a process', () => {
  it('is told to the connections that were accepted, over which work may still be finished', async () => {
    const told = deferred();
    await using pair = new Pair().serve((peer) => ({
      request: (message) => message,
      terminationImminent: () => void peer.send({ note: 'imminent' }),
    }));
    const connection = pair.connect({ handlers: { message: () => told.resolve() } });
    await connection.request({});
    pair.server.announceTermination();
    await told.promise;
    expect((await connection.request({ n: 1n })).n).toBe(1n);
  });

  it('tells nobody when the transport is closed', async () => {
    const binding = new ScriptedBinding();
    const transport = new XpcTransport(binding);
    transport.announceTermination();
    expect(binding.take()).toEqual(['announceTermination']);
    await transport.close();
    binding.take();
    transport.announceTermination();
    expect(binding.take()).toEqual([]);
  });
});
