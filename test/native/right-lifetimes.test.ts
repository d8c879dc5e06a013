/** How long descriptors and shared memory of the addon live: until they are given up, or nobody can reach them. */
import { closeSync, fstatSync, openSync, readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadBinding } from '../../src/native/index.js';
import {
  fileDescriptor,
  type XpcConnection,
  type XpcDictionary,
  XpcFileDescriptor,
  XpcSharedMemory,
  XpcTransport,
} from '../../src/xpc/index.js';
import { collectGarbage, collectUntil } from '../helpers/garbage.js';
import { LogBook } from '../helpers/xpc-pair.js';
import { eventually } from './eventually.js';

const count = () => readdirSync(process.platform === 'linux' ? '/proc/self/fd' : '/dev/fd').length;

describe('rights of the addon', () => {
  let transport: XpcTransport;
  let connection: XpcConnection;
  let log: LogBook;
  let received: XpcDictionary[];

  beforeEach(async () => {
    log = new LogBook();
    received = [];
    transport = new XpcTransport(loadBinding(), { logger: log });
    const listener = transport.listenAnonymous(() => ({
      request: (message) => {
        received.push(message);
        return {};
      },
    }));
    using endpoint = listener.endpoint();
    connection = transport.connect(endpoint);
    await connection.request({});
    received = [];
  });

  afterEach(() => transport.close());

  it('a shared memory outlives its value as long as its buffer is used, and no longer', async () => {
    let view: Uint8Array | undefined = new Uint8Array(transport.createSharedMemory(100_000).buffer);
    const before = transport.statistics().rights;
    await collectGarbage();
    view.fill(7);
    expect(view[99_999]).toBe(7);
    expect(transport.statistics().rights).toBe(before);
    view = undefined;
    await collectUntil('the memory is released', () => transport.statistics().rights === before - 1);
  });

  it('a shared memory that is released takes its bytes away here, and leaves them there', async () => {
    const memory = transport.createSharedMemory(5000);
    const bytes = new Uint8Array(memory.buffer).fill(5);
    await connection.request({ memory });
    memory.release();
    expect([bytes.length, memory.isReleased]).toEqual([0, true]);
    const other = received[0]?.memory as XpcSharedMemory;
    expect(other).toBeInstanceOf(XpcSharedMemory);
    expect([other.buffer.byteLength, new Uint8Array(other.buffer)[4999]]).toEqual([5000, 5]);
    other.release();
  });

  it('a shared memory ends with its transport', async () => {
    const { buffer } = transport.createSharedMemory(5000);
    const bytes = new Uint8Array(buffer).fill(5);
    await transport.close();
    // Whether it is detached or lives on is the binding's affair; touching it must be harmless.
    expect([0, 5000]).toContain(bytes.length);
    expect([5, undefined]).toContain(bytes[0]);
    await collectGarbage();
    expect([5, undefined]).toContain(bytes[0]);
  });

  it('a descriptor that nobody closes is closed when it is collected, and that is logged', async () => {
    const before = count();
    const fd = openSync('/dev/null', 'r');
    await connection.request({ fd: fileDescriptor(fd) });
    closeSync(fd);
    expect(received[0]?.fd).toBeInstanceOf(XpcFileDescriptor);
    expect(count()).toBe(before + 1);
    received = [];
    await collectUntil('it is closed', () => count() === before);
    expect(log.text).toContain('collected');
  });

  it('a descriptor outlives its transport, and is still its receiver’s to close', async () => {
    const fd = openSync('/dev/null', 'r');
    await connection.request({ fd: fileDescriptor(fd) });
    closeSync(fd);
    const descriptor = received[0]?.fd as XpcFileDescriptor;
    await transport.close();
    const { fd: number } = descriptor;
    expect(fstatSync(number).isCharacterDevice()).toBe(true);
    descriptor.close();
    expect(() => fstatSync(number)).toThrow(/EBADF/);
  });

  it('descriptors of a thousand messages that nobody receives are closed', async () => {
    const listener = transport.listenAnonymous(() => ({ request: () => ({}) }));
    const deaf = transport.connect(listener.endpoint());
    await deaf.request({});
    const before = count();
    const fd = openSync('/dev/null', 'r');
    for (let i = 0; i < 1000; i++) {
      deaf.send({ list: [fileDescriptor(fd), fileDescriptor(fd)] });
      if (i % 50 === 49) await deaf.request({});
    }
    closeSync(fd);
    await deaf.request({});
    await eventually('all are closed', () => count() === before);
  });
});
