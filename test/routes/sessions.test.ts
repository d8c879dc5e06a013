/** Sessions: what a server keeps for each client, what it does when one goes, and what the client hears. */
import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import { type Logger, silentLogger } from '../../src/base/index.js';
import { defineSessionValue, type RouteContext, type RouteSession } from '../../src/routes/index.js';
import { openLink } from './link.js';

/** A handler that runs until it is let go. */
function gate() {
  const held: (() => void)[] = [];
  return {
    held,
    handler: async () => {
      await new Promise<void>((resolve) => held.push(resolve));
      return {};
    },
  };
}

function errorLog() {
  const error = vi.fn();
  const logger: Logger = { ...silentLogger, error };
  return { error, logger };
}

describe('a session', () => {
  it('is one per connection, with the credentials of its client', async () => {
    await using link = openLink();
    const sessions: RouteSession[] = [];
    link.server.handleRaw('who', (_message, { session, connection }) => {
      expect(session.connection).toBe(connection);
      sessions.push(session);
      return {};
    });
    const first = link.client();
    await first.callRaw('who');
    await first.callRaw('who');
    await link.client().callRaw('who');
    expect(sessions.map(({ id }) => id)).toEqual([1, 1, 2]);
    expect(sessions[0]).toBe(sessions[1]);
    expect(sessions[0]?.credentials).toMatchObject({ pid: expect.any(Number), euid: expect.any(Number) });
    expect(sessions[0]?.credentials).toHaveProperty('asid');
    expect(link.server.sessionCount).toBe(2);
  });

  it('keeps typed values, each client its own', async () => {
    await using link = openLink();
    const calls = defineSessionValue('calls', () => 0);
    const name = defineSessionValue<string>('name');
    link.server.handleRaw('count', (_message, { session }) => {
      expectTypeOf(session.get(name)).toEqualTypeOf<string | undefined>();
      expect(session.get(name)).toBeUndefined();
      session.set(calls, session.get(calls) + 1);
      return { calls: BigInt(session.get(calls)) };
    });
    const first = link.client();
    await first.callRaw('count');
    expect(await first.callRaw('count')).toEqual({ calls: 2n });
    expect(await link.client().callRaw('count')).toEqual({ calls: 1n });
  });
});

describe('disconnect hooks', () => {
  it('run once, in order, one after the other, after the running handlers have ended', async () => {
    await using link = openLink();
    const order: string[] = [];
    const { held, handler } = gate();
    link.server
      .handleRaw('hook', (_message, { session }) => {
        session.onDisconnect(async (gone) => {
          expect(gone).toBe(session);
          expect(gone.isConnected).toBe(false);
          order.push('first starts');
          await new Promise((resolve) => setImmediate(resolve));
          order.push('first ends');
        });
        session.onDisconnect(() => void order.push('second'));
        session.onDisconnect(() => void order.push('taken back'))();
        return {};
      })
      .handleRaw('work', async (_message, { signal }) => {
        await handler();
        expect(signal.aborted).toBe(true);
        order.push('handler ends');
        return {};
      });
    const client = link.client();
    await client.callRaw('hook');
    client.callRaw('work').catch(() => {});
    await vi.waitFor(() => expect(held).toHaveLength(1));
    await client.close();
    await vi.waitFor(() => expect(link.server.sessionCount).toBe(0));
    expect(order).toEqual([]);
    held[0]?.();
    await link.server.drain();
    expect(order).toEqual(['handler ends', 'first starts', 'first ends', 'second']);
  });

  it('that fail or hang are logged and do not stop the others', async () => {
    const { error, logger } = errorLog();
    await using link = openLink({ logger, disconnectTimeout: 20 });
    const order: string[] = [];
    link.server.handleRaw('hook', (_message, { session }) => {
      session.onDisconnect(() => {
        throw new Error('no disk');
      });
      session.onDisconnect((_session, signal) => {
        signal.addEventListener('abort', () => order.push('aborted'));
        return new Promise(() => {});
      });
      session.onDisconnect(() => void order.push('last'));
      return {};
    });
    const client = link.client();
    await client.callRaw('hook');
    await client.close();
    await vi.waitFor(() => expect(order).toEqual(['aborted', 'last']));
    expect(error.mock.calls.map(([, fields]) => fields.error)).toEqual(['no disk', 'not done after 20 ms']);
  });

  it('do not wait for ever for a handler that does not end', async () => {
    const { error, logger } = errorLog();
    await using link = openLink({ logger, disconnectTimeout: 20 });
    const { held, handler } = gate();
    const ran = vi.fn();
    link.server.handleRaw('stuck', (_message, { session }) => {
      session.onDisconnect(ran);
      return handler();
    });
    const client = link.client();
    client.callRaw('stuck').catch(() => {});
    await vi.waitFor(() => expect(held).toHaveLength(1));
    await client.close();
    await vi.waitFor(() => expect(ran).toHaveBeenCalledTimes(1));
    expect(error.mock.calls[0]?.[0]).toContain('the end of the handlers');
    held[0]?.();
  });

  it('added by a handler after the disconnect wait for it to end, and later ones run at once', async () => {
    await using link = openLink();
    const { held, handler } = gate();
    const order: string[] = [];
    let session: RouteSession | undefined;
    link.server.handleRaw('work', async (_message, context: RouteContext) => {
      session = context.session;
      await handler();
      session.onDisconnect(() => void order.push('hook'));
      order.push('handler');
      return {};
    });
    const client = link.client();
    client.callRaw('work').catch(() => {});
    await vi.waitFor(() => expect(held).toHaveLength(1));
    await client.close();
    await vi.waitFor(() => expect(session?.isConnected).toBe(false));
    held[0]?.();
    await link.server.drain();
    expect(order).toEqual(['handler', 'hook']);
    session?.onDisconnect(() => void order.push('late'));
    expect(order).toEqual(['handler', 'hook', 'late']);
  });

  it('of clients that are still there run when the server closes', async () => {
    await using link = openLink();
    const ran = vi.fn();
    link.server.handleRaw('hook', (_message, { session }) => {
      session.onDisconnect(ran);
      return {};
    });
    await link.client().callRaw('hook');
    await link.server.drain();
    expect(ran).not.toHaveBeenCalled();
    await link.server.close();
    expect(ran).toHaveBeenCalledTimes(1);
  });
});

describe('the client hears of a loss', () => {
  it('once when an interruption turns out to be the end, with the first reason', async () => {
    await using link = openLink();
    link.server.handleRaw('ping', () => ({}));
    const client = link.client();
    const heard = vi.fn();
    client.onDisconnect(heard);
    await client.callRaw('ping');
    link.listener.cancel();
    link.unload();
    await vi.waitFor(() => expect(heard).toHaveBeenCalledTimes(1));
    expect(heard.mock.calls[0]?.[0]).toMatchObject({ code: 'ERR_XPC_INTERRUPTED' });
    await expect(client.callRaw('ping')).rejects.toMatchObject({ code: 'ERR_XPC_INVALID' });
    await client.connection.closed;
    expect(heard).toHaveBeenCalledTimes(1);
  });

  it('again after the service has answered again, and not when it took its listener back', async () => {
    await using link = openLink();
    let peer: RouteContext['connection'] | undefined;
    link.server.handleRaw('ping', (_message, { connection }) => {
      peer = connection;
      return {};
    });
    const client = link.client();
    const heard = vi.fn();
    const deaf = vi.fn();
    client.onDisconnect(heard);
    client.onDisconnect(deaf)();
    for (const times of [1, 2]) {
      await client.callRaw('ping');
      peer?.cancel();
      await vi.waitFor(() => expect(heard).toHaveBeenCalledTimes(times));
    }
    expect(deaf).not.toHaveBeenCalled();
  });

  it('but not of its own close', async () => {
    await using link = openLink();
    link.server.handleRaw('ping', () => ({}));
    const client = link.client();
    const heard = vi.fn();
    client.onDisconnect(heard);
    await client.callRaw('ping');
    await client.close();
    expect(heard).not.toHaveBeenCalled();
  });
});
