/** Shared memory: one region of bytes with several views, which outlives whoever made it. */
import { expect, it } from 'vitest';
import type { Handle } from '../../src/native/index.js';
import { MAX_MEMORY_BYTES } from '../../src/native/index.js';
import type { UseBench } from './define.js';
import { received } from './rights.js';
import { carrying, memory } from './rights-body.js';
import type { TestPort } from './test-port.js';

const MIB = 1024 * 1024;

export function memoryTests(use: UseBench): void {
  const viewOf = ({ port }: TestPort, handle: Handle) => new Uint8Array(port.memory(handle));

  it.each([1, 7, 4096, 4097, MIB + 1])(
    'memory of %i bytes is zeroed and exact, at both ends',
    async (byteLength) => {
      const { port, connection } = await use().privatePair();
      await use().withoutLeak(async () => {
        const sent = port.port.createMemory(byteLength);
        expect(port.port.memory(sent)).toBeInstanceOf(ArrayBuffer);
        expect(viewOf(port, sent).byteLength).toBe(byteLength);
        expect(viewOf(port, sent).every((byte) => byte === 0)).toBe(true);
        viewOf(port, sent)[byteLength - 1] = 7;
        const [got] = (await received(port, connection, memory(sent, byteLength))) as [Handle];
        expect(got).not.toBe(sent);
        expect(viewOf(port, got).byteLength).toBe(byteLength);
        expect(viewOf(port, got)[byteLength - 1]).toBe(7);
        port.port.release(sent);
        port.port.release(got);
      });
    },
  );

  it('each end sees what the other writes, without a message', async () => {
    const { port, connection } = await use().privatePair();
    const sent = port.port.createMemory(16);
    const [got] = (await received(port, connection, memory(sent, 16))) as [Handle];
    viewOf(port, sent).set([1, 2, 3]);
    expect([...viewOf(port, got).subarray(0, 4)]).toEqual([1, 2, 3, 0]);
    viewOf(port, got).set([9, 8], 1);
    expect([...viewOf(port, sent).subarray(0, 4)]).toEqual([1, 9, 8, 0]);
  });

  it('the buffer is the same at each call', () => {
    const { port } = use().client;
    const handle = port.createMemory(64);
    expect(port.memory(handle)).toBe(port.memory(handle));
  });

  it('release detaches the buffer, and the handle is none any more', async () => {
    const { port } = use().client;
    await use().withoutLeak(() => {
      const handle = port.createMemory(64);
      const buffer = port.memory(handle);
      const view = new Uint8Array(buffer);
      expect(port.statistics().rights).toBe(1);
      port.release(handle);
      port.release(handle);
      expect([buffer.byteLength, view.byteLength]).toEqual([0, 0]);
      expect(port.statistics().rights).toBe(0);
      expect(() => port.memory(handle)).toThrow(TypeError);
    });
  });

  it('memory whose buffer nobody asked for is released too', async () => {
    const { port } = use().client;
    await use().withoutLeak(() => {
      for (let count = 0; count < 20; count += 1) port.release(port.createMemory(MIB));
    });
  });

  it('what was received lives on when the sender releases it, before arrival or after', async () => {
    const { port, connection, peer } = await use().privatePair();
    await use().withoutLeak(async () => {
      const sent = port.port.createMemory(16);
      viewOf(port, sent).set([1, 2, 3]);
      const [early] = (await received(port, connection, memory(sent, 16))) as [Handle];
      port.suspend(peer);
      port.message(connection, ...carrying(memory(sent, 16)));
      port.port.release(sent);
      await use().settle();
      port.resume(peer);
      const { rights } = await port.next('message', 2);
      const late = rights?.[0]?.value as number;
      viewOf(port, early).set([5], 1);
      expect([...viewOf(port, late).subarray(0, 3)]).toEqual([1, 5, 3]);
      port.port.release(early);
      expect([...viewOf(port, late).subarray(0, 3)]).toEqual([1, 5, 3]);
      port.port.release(late);
    });
  });

  it('lives on when its connection and the port that made it are gone', async () => {
    const { port, endpoint } = await use().privatePair();
    const maker = use().port();
    await use().withoutLeak(async () => {
      const connection = port.dial({ endpoint });
      const sent = port.port.createMemory(4);
      viewOf(port, sent)[0] = 3;
      const [got] = (await received(port, connection, memory(sent, 4))) as [Handle];
      port.cancel(connection);
      await port.event(connection, 'invalid');
      port.port.release(sent);
      expect(viewOf(port, got)[0]).toBe(3);
      port.port.release(got);
    });
    maker.port.close();
  });

  it('sent twice, it arrives as two handles of the same bytes', async () => {
    const { port, connection } = await use().privatePair();
    const sent = port.port.createMemory(4);
    const [first, second] = (await received(port, connection, memory(sent, 4), memory(sent, 4))) as [
      Handle,
      Handle,
    ];
    expect(first).not.toBe(second);
    viewOf(port, first)[2] = 6;
    expect(viewOf(port, second)[2]).toBe(6);
    expect(port.port.statistics().rights).toBe(4);
  });

  it('what was received can be sent on', async () => {
    const { port, connection, peer } = await use().privatePair();
    const sent = port.port.createMemory(5);
    const [got] = (await received(port, connection, memory(sent, 5))) as [Handle];
    const [back] = (await received(port, peer, memory(got, 5))) as [Handle];
    port.port.release(got);
    viewOf(port, back)[4] = 8;
    expect(viewOf(port, sent)[4]).toBe(8);
  });

  it.each([0, -1, 1.5, Number.NaN, MAX_MEMORY_BYTES + 1, '16', undefined])(
    'there is no memory of %s bytes',
    (byteLength) => {
      const { port } = use().client;
      expect(() => port.createMemory(byteLength as number)).toThrow(TypeError);
      expect(port.statistics().rights).toBe(0);
    },
  );

  it('what is no memory has no buffer', async () => {
    const { port, connection, endpoint } = await use().privatePair();
    for (const handle of [connection, endpoint, 0, 0x7fff_0000]) {
      expect(() => port.port.memory(handle)).toThrow(TypeError);
    }
  });

  it('closing the port releases what it has', async () => {
    const port = use().port().port;
    await use().withoutLeak(() => {
      const buffer = port.memory(port.createMemory(64));
      port.createMemory(64);
      port.close();
      expect(buffer.byteLength).toBe(0);
      expect(port.statistics().rights).toBe(0);
    });
  });
}
