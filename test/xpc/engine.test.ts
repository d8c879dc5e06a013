/** Records that a binding delivers: those nobody waits for, large ones, failures, and malformed messages. */
import { describe, expect, it, vi } from 'vitest';
import { Failure, Inbound } from '../../src/native/index.js';
import { serialize, XpcTransport } from '../../src/xpc/index.js';
import { credentials, reason, ScriptedBinding } from '../helpers/scripted-binding.js';
import { rejectionOf } from '../helpers/thrown.js';
import { LogBook } from '../helpers/xpc-pair.js';

const SERVICE = 'com.example.echo';

/** A transport over a scripted binding, with one connection (handle 1). */
function scripted() {
  const binding = new ScriptedBinding();
  const log = new LogBook();
  const transport = new XpcTransport(binding, { logger: log });
  const connection = transport.connect(SERVICE, { bootstrap: '/run/lp' });
  return { binding, log, transport, connection };
}

it('the deadline of a request too large for the outbox counts from when it is sent', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  try {
    const { connection } = scripted();
    const data = new Uint8Array(8192);
    const first = rejectionOf(connection.request({ data }, { timeout: 1000 }));
    // Nothing is delivered or flushed meanwhile.
    await vi.advanceTimersByTimeAsync(900);
    let isOver = false;
    const second = rejectionOf(connection.request({ data }, { timeout: 1000 })).finally(() => {
      isOver = true;
    });
    await vi.advanceTimersByTimeAsync(900);
    expect((await first).code).toBe('ERR_XPC_TIMEOUT');
    expect(isOver).toBe(false);
    await vi.advanceTimersByTimeAsync(100);
    expect((await second).code).toBe('ERR_XPC_TIMEOUT');
  } finally {
    vi.useRealTimers();
  }
});

describe('records', () => {
  it('that nobody waits for are answered, not ignored', () => {
    const { binding, log } = scripted();
    binding.take();
    binding.deliver(
      { kind: Inbound.request, handle: 99, id: 5, body: serialize({}) },
      { kind: Inbound.peer, handle: 99, id: 6, body: credentials() },
      { kind: Inbound.request, handle: 1, id: 7, body: serialize({}) },
      { kind: Inbound.peer, handle: 1, id: 8, body: credentials() },
      { kind: Inbound.reply, handle: 1, id: 4000, body: serialize({}) },
      { kind: Inbound.requestFailed, handle: 1, id: 4000, body: reason(Failure.invalid, '') },
      { kind: 55, handle: 1, id: 0 },
    );
    expect(binding.take()).toEqual(['drop 5', 'cancel 6', 'drop 7', 'cancel 8']);
    expect(log.text).toContain('unknown kind');
  });

  it('of one connection cannot answer the request of another', async () => {
    const { binding, transport, connection } = scripted();
    transport.connect(SERVICE, { bootstrap: '/run/lp' });
    const reply = connection.request({});
    binding.deliver({ kind: Inbound.reply, handle: 2, id: 1, body: serialize({ from: 2n }) });
    binding.deliver({ kind: Inbound.reply, handle: 1, id: 1, body: serialize({ from: 1n }) });
    expect((await reply).from).toBe(1n);
  });

  it('with large bodies are decoded as views of the buffer that came along', async () => {
    const { binding, connection } = scripted();
    const replies = [connection.request({}), connection.request({}), connection.request({})];
    const body = (n: number) => serialize({ data: new Uint8Array(300).fill(n) });
    binding.deliver(
      { kind: Inbound.reply, handle: 1, id: 1, body: body(1), isLarge: true },
      { kind: Inbound.reply, handle: 1, id: 2, body: body(2) },
      { kind: Inbound.reply, handle: 1, id: 3, body: body(3), isLarge: true },
    );
    const data = (await Promise.all(replies)).map((reply) => reply.data as Uint8Array);
    expect(data.map((bytes) => bytes[299])).toEqual([1, 2, 3]);
    expect(data[0]?.buffer.byteLength).toBe(body(1).length);
  });

  it('with a failure text give it to the error, and an unknown failure counts as invalid', async () => {
    const { binding, connection } = scripted();
    const failures = Array.from({ length: 7 }, () => rejectionOf(connection.request({})));
    const codes = [1, 2, 3, 4, 5, 6, 200];
    codes.forEach((failure, i) => {
      binding.deliver({
        kind: Inbound.requestFailed,
        handle: 1,
        id: i + 1,
        body: reason(failure, `why ${failure} ✓`),
      });
    });
    const errors = await Promise.all(failures);
    expect(errors.map(({ code }) => code)).toEqual([
      'ERR_XPC_INTERRUPTED',
      'ERR_XPC_INVALID',
      'ERR_XPC_PEER_REFUSED',
      'ERR_XPC_QUEUE_FULL',
      'ERR_XPC_MESSAGE_TOO_LARGE',
      'ERR_XPC_MALFORMED',
      'ERR_XPC_INVALID',
    ]);
    expect(errors[0]?.message).toBe(`${SERVICE}: why 1 ✓`);
    for (const error of errors) expect(error.hint).toBeTruthy();
  });

  it('of a reason cut short are read as far as they go', async () => {
    const { binding, connection } = scripted();
    const failed = rejectionOf(connection.request({}));
    const lying = reason(Failure.interrupted, 'text');
    new DataView(lying.buffer).setUint32(4, 4_000_000_000, true);
    binding.deliver({ kind: Inbound.requestFailed, handle: 1, id: 1, body: lying });
    expect((await failed).message).toBe(`${SERVICE}: text`);
    const empty = rejectionOf(connection.request({}));
    binding.deliver({ kind: Inbound.requestFailed, handle: 1, id: 1 });
    expect((await empty).code).toBe('ERR_XPC_INVALID');
  });
});

describe('a malformed message', () => {
  const broken = serialize({ v: true });
  broken.set([0, 0, 0, 0], 24);

  it('from a client is logged, its requests are dropped and the connection is cancelled', async () => {
    const binding = new ScriptedBinding();
    const log = new LogBook();
    const seen: unknown[] = [];
    const handlers = { message: () => void seen.push('message'), request: () => ({}) };
    new XpcTransport(binding, { logger: log }).listen(SERVICE, () => handlers);
    binding.deliver({ kind: Inbound.peer, handle: 1, id: 2, body: credentials() });
    binding.take();
    binding.deliver(
      { kind: Inbound.request, handle: 2, id: 5, body: broken },
      { kind: Inbound.message, handle: 2, id: 0, body: serialize({}) },
      { kind: Inbound.request, handle: 2, id: 6, body: serialize({}) },
    );
    expect(binding.take()).toEqual(['cancel 2', 'drop 5', 'drop 6']);
    expect(seen).toEqual([]);
    expect(log.text).toContain('malformed');
  });

  it('as a reply fails the request and cancels the connection', async () => {
    const { binding, connection } = scripted();
    const failed = rejectionOf(connection.request({}));
    binding.deliver({ kind: Inbound.reply, handle: 1, id: 1, body: broken });
    expect((await failed).code).toBe('ERR_XPC_MALFORMED');
    expect(connection.isClosed).toBe(true);
    expect(binding.take()).toContain('cancel 1');
  });

  it('beyond a limit is treated alike', async () => {
    const { binding, connection } = scripted();
    const failed = rejectionOf(connection.request({}));
    const body = serialize({ v: [null] });
    new DataView(body.buffer, body.byteOffset).setUint32(32, 0xffff_ffff, true);
    binding.deliver({ kind: Inbound.reply, handle: 1, id: 1, body });
    expect((await failed).code).toBe('ERR_XPC_LIMIT');
    expect(connection.isClosed).toBe(true);
  });
});
