/** The mock's message port: checks what JavaScript says, and hands it to the inside. */
import type { Deliver, Port, PortStatistics } from '../binding.js';
import { type Handle, MAX_BODY_BYTES, MAX_MEMORY_BYTES, Outbound } from '../records.js';
import type { ConnectTarget, ListenTarget, PeerCredentials } from '../targets.js';
import {
  assertBody,
  assertConnectTarget,
  assertDescriptor,
  assertListenTarget,
  assertWord,
} from './arguments.js';
import { UNKNOWN_PEER } from './channel.js';
import { MockConnection } from './connection.js';
import { MockListener } from './listener.js';
import { PortCore } from './port-core.js';
import type { ProcessState } from './process-state.js';
import { type OutboundRecord, readRecord, readRecords } from './records.js';
import { assertRequirement } from './requirement.js';
import { EndpointRight, SharedMemory } from './rights.js';
import type { ListeningSocket } from './socket.js';
import type { WorldState } from './world-state.js';

/** One port of a process of the world. */
export class MockPort implements Port {
  readonly outbox: ArrayBuffer;
  readonly #world: WorldState;
  readonly #process: ProcessState;
  readonly #core: PortCore;
  /** What `allocate` gave last. */
  #lent: ArrayBuffer | undefined;

  constructor(world: WorldState, process: ProcessState, deliver: Deliver) {
    this.#world = world;
    this.#process = process;
    this.#core = new PortCore(world, process, deliver);
    this.outbox = new ArrayBuffer(world.limits.bufferBytes);
  }

  get inbox(): ArrayBuffer {
    return this.#core.inbox;
  }

  /** How many shared memories it has. */
  get memories(): number {
    return this.#core.rights.memories;
  }

  connect(target: ConnectTarget): Handle {
    assertConnectTarget(target);
    const { requirement } = target;
    assertRequirement(requirement);
    this.#assertOpen();
    if (!('endpoint' in target)) {
      const address = target.address as string;
      return this.#core.add((handle) => new MockConnection(this.#core, handle, { address, requirement }));
    }
    const endpoint = this.#core.rights.get(target.endpoint);
    if (!(endpoint instanceof EndpointRight)) throw new TypeError('endpoint is no endpoint of this port');
    return this.#core.add((handle) => new MockConnection(this.#core, handle, { endpoint, requirement }));
  }

  listen(target: ListenTarget): Handle {
    assertListenTarget(target);
    const { name, requirement } = target;
    assertRequirement(requirement);
    this.#assertOpen();
    const source = name === undefined ? undefined : this.#sourceOf(target.descriptor);
    return this.#core.add((handle) => new MockListener(this.#core, handle, { name, source, requirement }));
  }

  activate(handle: Handle): void {
    this.#core.channel(assertHandle(handle))?.activate();
  }

  cancel(handle: Handle): void {
    this.#core.channel(assertHandle(handle))?.cancel();
  }

  suspend(handle: Handle): void {
    this.#core.channel(assertHandle(handle))?.suspend();
  }

  resume(handle: Handle): void {
    this.#core.channel(assertHandle(handle))?.resume();
  }

  barrier(handle: Handle): void {
    const connection = this.#core.channel(assertHandle(handle));
    if (connection instanceof MockConnection) connection.barrier();
  }

  peer(handle: Handle): PeerCredentials {
    return this.#core.channel(assertHandle(handle))?.peer() ?? UNKNOWN_PEER;
  }

  flush(byteLength: number): void {
    const records = readRecords(this.outbox, byteLength);
    if (!this.#core.isClosed) for (const record of records) this.#send(record);
  }

  allocate(byteLength: number): ArrayBuffer {
    if (!Number.isInteger(byteLength) || byteLength < 1 || byteLength > MAX_BODY_BYTES) {
      throw new TypeError(`byteLength must be an integer from 1 to ${MAX_BODY_BYTES}`);
    }
    this.#assertOpen();
    this.#lent = new ArrayBuffer(byteLength);
    return this.#lent;
  }

  send(kind: number, handle: Handle, id: number, body: Uint8Array): void {
    assertWord(kind, 'kind');
    assertHandle(handle);
    assertWord(id, 'id');
    assertBody(body);
    const record = readRecord(kind, handle, id, body);
    if (!this.#core.isClosed) this.#send(record);
    if (body.buffer !== this.#lent || body.byteOffset > 0) return;
    structuredClone(this.#lent, { transfer: [this.#lent] });
    this.#lent = undefined;
  }

  drop(token: Handle): void {
    this.#core.drop(assertHandle(token));
  }

  endpoint(listener: Handle): Handle {
    const channel = this.#core.channel(assertHandle(listener));
    this.#assertOpen();
    if (!(channel instanceof MockListener)) throw new TypeError('the handle is no listener of this port');
    return this.#core.rights.add(channel.endpoint());
  }

  createMemory(byteLength: number): Handle {
    if (!Number.isInteger(byteLength) || byteLength < 1 || byteLength > MAX_MEMORY_BYTES) {
      throw new TypeError(`byteLength must be an integer from 1 to ${MAX_MEMORY_BYTES}`);
    }
    this.#assertOpen();
    return this.#core.rights.add(new SharedMemory(this.#world.memories, byteLength));
  }

  memory(memory: Handle): ArrayBuffer {
    const right = this.#core.rights.get(assertHandle(memory));
    this.#assertOpen();
    if (!(right instanceof SharedMemory)) throw new TypeError('the handle is no shared memory of this port');
    return right.buffer;
  }

  release(right: Handle): void {
    this.#core.rights.release(assertHandle(right));
  }

  closeDescriptor(descriptor: number): void {
    const { descriptors } = this.#world;
    assertDescriptor(descriptor);
    if (descriptors.isReceivedBy(descriptor, this.#process)) descriptors.close(descriptor);
  }

  setBusy(isBusy: boolean): void {
    if (typeof isBusy !== 'boolean') throw new TypeError('isBusy must be a boolean');
    if (isBusy && !this.#core.isClosed) this.#process.busyPorts.add(this);
    else this.#process.busyPorts.delete(this);
  }

  announceTermination(): void {
    this.#core.announceTermination();
  }

  setActive(isActive: boolean): void {
    this.#core.setActive(isActive);
  }

  statistics(): PortStatistics {
    return this.#core.statistics();
  }

  close(): void {
    this.#core.close();
    this.#process.ports.delete(this);
    this.#process.busyPorts.delete(this);
  }

  #send({ kind, handle, id, message }: OutboundRecord): void {
    if (kind === Outbound.reply) this.#core.reply(id, message);
    else this.#core.send(kind === Outbound.request ? 'request' : 'message', handle, id, message);
  }

  /** The socket of a descriptor, which may be no socket; without one that which the process inherited. */
  #sourceOf(descriptor: number | undefined): ListeningSocket | 'inherited' | undefined {
    if (descriptor === undefined) return 'inherited';
    const file = this.#world.descriptors.file(descriptor);
    if (file === undefined) throw new TypeError('descriptor is not open');
    return file.socket;
  }

  #assertOpen(): void {
    if (this.#core.isClosed) throw new Error('the port is closed');
  }
}

function assertHandle(handle: Handle): Handle {
  return assertWord(handle, 'handle');
}
