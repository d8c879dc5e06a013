/** What tests see of a mock world besides the contract: its descriptors and memories, and who is busy. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMockWorld, type MockWorld } from '../../src/native/mock/index.js';
import { carrying, descriptor, memory } from './rights-body.js';
import { TestPort } from './test-port.js';

const OTHER = 4_000_001;

describe('a mock world', () => {
  let world: MockWorld;

  beforeEach(() => {
    world = createMockWorld();
  });

  afterEach(() => world.close());

  /** A connection from the host to another process. */
  async function connected(): Promise<{ host: TestPort; other: TestPort; connection: number }> {
    const [host, other] = [new TestPort(world.binding()), new TestPort(world.binding(OTHER))];
    const socket = world.createListener('/service');
    other.listen({ name: 'com.example.service', descriptor: socket });
    const connection = host.dial({ name: 'com.example.service', address: '/service' });
    host.message(connection);
    await other.next('message');
    return { host, other, connection };
  }

  it('knows descriptors by name, and duplicates by what they are of', async () => {
    const { host, other, connection } = await connected();
    const [first, second] = [world.createDescriptor('first'), world.createDescriptor('second')];
    expect([first, second, 7].map((fd) => world.descriptorLabel(fd))).toEqual(['first', 'second', undefined]);
    host.message(connection, ...carrying(descriptor(first)));
    const { rights } = await other.next('message', 2);
    const received = rights?.[0]?.value as number;
    expect(world.descriptorLabel(received)).toBe('first');
    expect(world.isSameDescriptor(received, first)).toBe(true);
    expect(world.isSameDescriptor(received, second)).toBe(false);
    expect(world.closeDescriptor(first)).toBe(true);
    expect(world.closeDescriptor(first)).toBe(false);
    expect(world.isSameDescriptor(first, first)).toBe(false);
    expect(world.descriptorLabel(received)).toBe('first');
  });

  it('counts descriptors and memories by process, and those under way', async () => {
    const { host, other, connection } = await connected();
    const before = [world.openDescriptors(), world.openDescriptors(process.pid)];
    const file = world.createDescriptor('file');
    const bytes = host.port.createMemory(16);
    const { peer } = await other.next('peer');
    other.suspend(peer);
    host.message(connection, ...carrying(descriptor(file), memory(bytes, 16)));
    await world.settled();
    expect(world.openDescriptors() - (before[0] as number)).toBe(2);
    expect(world.openDescriptors(process.pid) - (before[1] as number)).toBe(1);
    expect([world.openDescriptors(OTHER), world.openMemories(OTHER), world.openMemories()]).toEqual([
      0, 0, 2,
    ]);
    other.resume(peer);
    await other.next('message', 2);
    expect([world.openDescriptors(OTHER), world.openMemories(OTHER), world.openMemories()]).toEqual([
      1, 1, 2,
    ]);
  });

  it('closes all that a process has when it ends', async () => {
    const { host, other, connection } = await connected();
    const file = world.createDescriptor('file');
    const bytes = host.port.createMemory(16);
    const before = [world.openDescriptors(), world.openMemories()];
    world.createDescriptor('its own', OTHER);
    host.message(connection, ...carrying(descriptor(file), memory(bytes, 16)));
    await other.next('message', 2);
    other.port.createMemory(16);
    world.kill(OTHER);
    expect([world.openDescriptors(), world.openMemories()]).toEqual(before);
    expect(() => world.openDescriptors(12)).toThrow('ESRCH');
  });

  it('ignores the close of a descriptor that no message brought, and of another process', async () => {
    const { host, other, connection } = await connected();
    const file = world.createDescriptor('file');
    host.port.closeDescriptor(file);
    expect(world.descriptorLabel(file)).toBe('file');
    host.message(connection, ...carrying(descriptor(file)));
    const { rights } = await other.next('message', 2);
    const received = rights?.[0]?.value as number;
    host.port.closeDescriptor(received);
    expect(world.descriptorLabel(received)).toBe('file');
    other.port.closeDescriptor(received);
    expect(world.descriptorLabel(received)).toBeUndefined();
  });

  it('takes descriptors of another process for none', async () => {
    const { host, connection } = await connected();
    const file = world.createDescriptor('file', OTHER);
    const id = host.request(connection, ...carrying(descriptor(file)));
    expect(await host.outcome(id)).toMatchObject({ failure: 'malformed' });
  });

  it('gives one buffer of a memory to all, until the last has released it', async () => {
    const { host, other, connection } = await connected();
    const bytes = host.port.createMemory(16);
    host.message(connection, ...carrying(memory(bytes, 16)));
    const { rights } = await other.next('message', 2);
    const received = rights?.[0]?.value as number;
    const buffer = host.port.memory(bytes);
    expect(other.port.memory(received)).toBe(buffer);
    host.port.release(bytes);
    expect(buffer.byteLength).toBe(16);
    other.port.release(received);
    expect(buffer.byteLength).toBe(0);
  });

  it('knows who is busy', async () => {
    const { host, other } = await connected();
    expect([world.isBusy(), world.isBusy(OTHER)]).toEqual([false, false]);
    other.port.setBusy(true);
    expect([world.isBusy(), world.isBusy(OTHER)]).toEqual([false, true]);
    host.port.setBusy(true);
    other.port.close();
    expect([world.isBusy(), world.isBusy(OTHER)]).toEqual([true, false]);
  });
});
