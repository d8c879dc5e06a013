/** Descriptors, endpoints and shared memory in routes: who gets them, and that nobody's are left open. */
import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import { defineRoute, defineStreamRoute, RouteClient, x } from '../../src/routes/index.js';
import {
  fileDescriptor,
  type XpcEndpoint,
  type XpcFileDescriptor,
  type XpcSharedMemory,
  XpcTransport,
} from '../../src/xpc/index.js';
import { type Link, openLink } from './link.js';

const give = defineRoute('give', { request: { file: x.fd() } });
const take = defineRoute('take', { reply: { file: x.fd() } });
const files = defineStreamRoute('files', { item: { file: x.fd() } });

/** A link whose client is another process, and a count of what the two have open. */
function openProcesses(): Link & { readonly remote: RouteClient; descriptor(label: string): number } {
  const link = openLink();
  const transport = new XpcTransport(link.world.binding(4711));
  const remote = RouteClient.connect(transport, 'test.service', {
    timeout: 60_000,
    connect: { bootstrap: link.directory },
  });
  return Object.assign(link, {
    remote,
    descriptor: (label: string) => link.world.createDescriptor(label, 4711),
  });
}

/** Descriptors open in the server's process but its listener. */
const serverHolds = ({ world }: Link) => world.openDescriptors(process.pid) - 1;

describe('a descriptor in a request', () => {
  it('is the handler’s until it ends, and then closed unless it was taken', async () => {
    await using link = openProcesses();
    let kept = -1;
    let closed: XpcFileDescriptor | undefined;
    link.server.handle(give, ({ file }) => {
      expectTypeOf(file).toEqualTypeOf<XpcFileDescriptor>();
      expect(link.world.descriptorLabel(file.fd)).toBe(kept < 0 ? 'first' : 'second');
      if (kept < 0) kept = file.take();
      else closed = file;
    });
    const first = link.descriptor('first');
    await link.remote.call(give, { file: fileDescriptor(first) });
    expect(serverHolds(link)).toBe(1);
    expect(link.world.descriptorLabel(first)).toBe('first');
    expect(link.world.isSameDescriptor(first, kept)).toBe(true);
    await link.remote.call(give, { file: fileDescriptor(link.descriptor('second')) });
    expect(closed?.isOpen).toBe(false);
    expect(serverHolds(link)).toBe(1);
  });

  it.each([
    ['of a handler that throws', { file: 'fd' }],
    ['that the schema does not name', { file: 'fd', other: 'fd', deep: 'fd' }],
    ['with another key that does not fit', { file: 'fd', text: 1n }],
    ['for an unknown route', { file: 'fd' }],
  ])('%s is closed', async (what, keys) => {
    await using link = openProcesses();
    const route = defineRoute('give', { request: { file: x.fd(), text: x.string().optional() } });
    link.server.handle(route, () => {
      if (what.includes('throws')) throw new Error('no disk');
    });
    const fd = fileDescriptor(link.descriptor('file'));
    const body = Object.fromEntries(
      Object.entries(keys).map(([key, value]) => [
        key,
        value === 'fd' ? (key === 'deep' ? [{ list: [fd] }] : fd) : (value as bigint),
      ]),
    );
    const name = what.includes('unknown') ? 'no/such' : 'give';
    await link.remote.callRaw(name, body).catch(() => {});
    await link.world.settled();
    expect(serverHolds(link)).toBe(0);
  });

  it('of a one-way message, and of one that comes too late, is closed', async () => {
    await using link = openProcesses();
    const handler = vi.fn();
    link.server.handle(give, handler);
    const file = fileDescriptor(link.descriptor('file'));
    link.remote.send(give, { file });
    await vi.waitFor(() => expect(handler).toHaveBeenCalledTimes(1));
    await link.server.drain();
    link.remote.send(give, { file });
    await expect(link.remote.call(give, { file })).rejects.toMatchObject({ code: 'ERR_XPC_INTERRUPTED' });
    await link.world.settled();
    expect(serverHolds(link)).toBe(0);
  });

  it('may be the reply of a raw route, which closes its own afterwards', async () => {
    await using link = openProcesses();
    link.server.handleRaw('echo', (message) => message);
    const sent = link.descriptor('file');
    const { file } = await link.remote.callRaw('echo', { file: fileDescriptor(sent) });
    expect(link.world.isSameDescriptor((file as XpcFileDescriptor).fd, sent)).toBe(true);
    expect(serverHolds(link)).toBe(0);
  });
});

describe('a descriptor in a reply', () => {
  it('is the caller’s; one that the schema does not name is closed', async () => {
    await using link = openProcesses();
    const own = link.world.createDescriptor('served');
    link.server.handleRaw('take', () => ({ file: fileDescriptor(own), other: fileDescriptor(own) }));
    const before = link.world.openDescriptors(4711);
    const { file } = await link.remote.call(take);
    expect(link.world.openDescriptors(4711)).toBe(before + 1);
    expect(link.world.descriptorLabel(file.fd)).toBe('served');
    file.close();
    expect(link.world.openDescriptors(4711)).toBe(before);
    expect(link.world.descriptorLabel(own)).toBe('served');
  });

  it('that does not fit is closed', async () => {
    await using link = openProcesses();
    const own = link.world.createDescriptor('served');
    link.server.handleRaw('take', () => ({ file: 'text', other: fileDescriptor(own) }));
    const before = link.world.openDescriptors(4711);
    await expect(link.remote.call(take)).rejects.toMatchObject({ code: 'ERR_ROUTE_REPLY' });
    expect(link.world.openDescriptors(4711)).toBe(before);
  });
});

describe('work after a reply', () => {
  it('runs when the descriptors in it have been sent, also after an error, and its failure is nobody else’s', async () => {
    await using link = openProcesses();
    const own = link.world.createDescriptor('served');
    const done: string[] = [];
    link.server.handle(take, async (_request, context) => {
      context.afterReply(() => {
        throw new Error('cannot close');
      });
      context.afterReply(() => void done.push('closed'));
      await Promise.resolve();
      expect(done).toEqual([]);
      return { file: fileDescriptor(own) };
    });
    link.server.handleRaw('fail', (_message, context) => {
      context.afterReply(() => void done.push('failed'));
      throw new Error('no');
    });
    const { file } = await link.remote.call(take);
    expect(link.world.isSameDescriptor(own, file.fd)).toBe(true);
    file.close();
    expect(done).toEqual(['closed']);
    await expect(link.remote.callRaw('fail')).rejects.toMatchObject({ code: 'ERR_REMOTE' });
    expect(done).toEqual(['closed', 'failed']);
  });
});

describe('a descriptor in an item', () => {
  it('is the reader’s; those that nobody reads are closed', async () => {
    await using link = openProcesses();
    const own = link.world.createDescriptor('served');
    link.server.handleStream(files, async function* () {
      for (;;) yield { file: fileDescriptor(own) };
    });
    const before = link.world.openDescriptors(4711);
    for await (const { file } of link.remote.stream(files)) {
      await link.world.settled();
      expect(link.world.openDescriptors(4711)).toBeGreaterThan(before + 1);
      file.close();
      break;
    }
    await vi.waitFor(() => expect(link.server.runningCount).toBe(0));
    await link.world.settled();
    expect(link.world.openDescriptors(4711)).toBe(before);
  });
});

describe('other rights', () => {
  it('an endpoint leads to its listener, also for a third party', async () => {
    await using link = openProcesses();
    const meet = defineRoute('meet', { reply: { endpoint: x.endpoint() } });
    const anonymous = link.transport.listenAnonymous(link.server.accept);
    link.server.handle(meet, () => ({ endpoint: anonymous.endpoint() })).handleRaw('hi', () => ({ n: 1n }));
    const { endpoint } = await link.client().call(meet);
    expectTypeOf(endpoint).toEqualTypeOf<XpcEndpoint>();
    const direct = RouteClient.connect(link.transport, endpoint);
    endpoint.release();
    expect(await direct.callRaw('hi')).toEqual({ n: 1n });
    const heard = vi.fn();
    direct.onDisconnect(heard);
    anonymous.cancel();
    await vi.waitFor(() => expect(heard).toHaveBeenCalledTimes(1));
    expect(heard.mock.calls[0]?.[0]).toMatchObject({ code: 'ERR_XPC_INVALID' });
  });

  it('shared memory is seen from both sides, and stays after the handler', async () => {
    await using link = openLink();
    const share = defineRoute('share', { request: { memory: x.sharedMemory() } });
    let kept: XpcSharedMemory | undefined;
    link.server.handle(share, ({ memory }) => {
      kept = memory;
    });
    const memory = link.transport.createSharedMemory(8);
    await link.client().call(share, { memory });
    new Uint8Array(memory.buffer)[0] = 7;
    expect(kept?.byteLength).toBe(8);
    expect(new Uint8Array(kept?.buffer as ArrayBuffer)[0]).toBe(7);
  });

  it('are told apart by their schemas', async () => {
    await using link = openLink();
    link.server.handle(give, () => {});
    const endpoint = link.listener.endpoint();
    await expect(link.client().callRaw('give', { file: endpoint })).rejects.toMatchObject({
      details: { message: 'give: key "file": expected fd, got endpoint' },
    });
    // @ts-expect-error a number is no descriptor: fileDescriptor makes one
    await expect(link.client().call(give, { file: 3 })).rejects.toMatchObject({
      code: 'ERR_ROUTE_REQUEST',
      message: 'request of test.service/give: key "file": expected fd, got double',
    });
    expect(() => x.richError().encode('x' as never)).toThrow('expected rich error, got string');
  });
});
