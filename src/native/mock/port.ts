/** The mock's message port: records in and out, handles, reply tokens and counters. */
import type { Deliver, Port, PortStatistics } from '../binding.js';
import { Failure, type Handle, Outbound } from '../records.js';
import type { ConnectTarget, ListenTarget, PeerCredentials } from '../targets.js';
import { assertBody, assertConnectTarget, assertKind, assertListenTarget, assertWord } from './arguments.js';
import { MockConnection } from './connection.js';
import { type Endpoint, type EndpointHost, emitFailure, UNKNOWN_PEER } from './endpoint.js';
import { MockListener } from './listener.js';
import type { ProcessState } from './process-state.js';
import { RecordWriter, readRecords } from './records.js';
import type { ListeningSocket, SocketEnd } from './socket.js';
import { KeepAlive, type Turn } from './turn.js';
import type { WorldState } from './world-state.js';

interface Token {
  readonly connection: Handle;
  readonly end: SocketEnd;
  readonly id: number;
}

/** Everything is delivered in a later turn of the loop, all of a turn in as few calls as the inbox allows. */
export class MockPort implements Port, EndpointHost {
  readonly outbox: ArrayBuffer;
  readonly limits;
  readonly #world: WorldState;
  readonly process: ProcessState;
  readonly #writer: RecordWriter;
  readonly #turn: Turn;
  readonly #keepAlive = new KeepAlive();
  readonly #endpoints = new Map<Handle, Endpoint>();
  readonly #tokens = new Map<Handle, Token>();
  #ready = new Set<Endpoint>();
  #orphans: { readonly handle: Handle; readonly id: number }[] = [];
  #lastHandle = 0;
  #isActive = false;
  #isClosed = false;
  #messagesSent = 0;
  #messagesReceived = 0;
  #deliveries = 0;
  #peersRefused = 0;

  constructor(world: WorldState, process: ProcessState, deliver: Deliver) {
    this.#world = world;
    this.process = process;
    this.limits = world.limits;
    this.outbox = new ArrayBuffer(world.limits.bufferBytes);
    this.#writer = new RecordWriter(world.limits.bufferBytes, (byteLength, large) => {
      if (this.#isClosed) return;
      this.#deliveries += 1;
      deliver(byteLength, large);
    });
    this.#turn = world.turn(() => this.#run());
  }

  get inbox(): ArrayBuffer {
    return this.#writer.inbox;
  }

  connect(target: ConnectTarget): Handle {
    const address = assertConnectTarget(target);
    this.#assertOpen();
    return this.#add((handle) => new MockConnection(this, handle, { address }));
  }

  listen(target: ListenTarget): Handle {
    const allowAnyUser = assertListenTarget(target);
    this.#assertOpen();
    const { name, descriptor } = target;
    if (descriptor !== undefined && !this.#world.isOpen(descriptor))
      throw new TypeError('descriptor is not open');
    const source =
      descriptor === undefined ? ('inherited' as const) : this.#world.listeningSocket(descriptor);
    return this.#add((handle) => new MockListener(this, handle, { name, source, allowAnyUser }));
  }

  activate(handle: Handle): void {
    this.#endpoints.get(assertHandle(handle))?.activate();
  }

  cancel(handle: Handle): void {
    this.#endpoints.get(assertHandle(handle))?.cancel();
  }

  barrier(handle: Handle): void {
    const connection = this.#endpoints.get(assertHandle(handle));
    if (connection instanceof MockConnection) connection.barrier();
  }

  peer(handle: Handle): PeerCredentials {
    return this.#endpoints.get(assertHandle(handle))?.peer() ?? UNKNOWN_PEER;
  }

  flush(byteLength: number): void {
    const records = readRecords(this.outbox, byteLength);
    for (const { kind, handle, id, body } of records) {
      this.send(kind, handle, id, body);
    }
  }

  send(kind: number, handle: Handle, id: number, body: Uint8Array): void {
    assertKind(kind);
    assertHandle(handle);
    assertWord(id, 'id');
    assertBody(body);
    if (this.#isClosed) return;
    if (kind === Outbound.reply) {
      this.#reply(id, body);
      return;
    }
    const connection = this.#endpoints.get(handle);
    if (connection instanceof MockConnection) {
      const isSent = connection.send(kind === Outbound.request ? 'request' : 'message', id, body);
      if (isSent) this.#messagesSent += 1;
    } else if (kind === Outbound.request) {
      this.#orphans.push({ handle, id });
      this.#turn.request();
    }
  }

  drop(token: Handle): void {
    const taken = this.#take(assertHandle(token));
    taken?.end.write({ kind: 'dropped', id: taken.id, body: new Uint8Array(0) });
  }

  setActive(isActive: boolean): void {
    this.#isActive = isActive;
    this.#updateKeepAlive();
  }

  statistics(): PortStatistics {
    const listeners = [...this.#endpoints.values()].filter((endpoint) => endpoint.isListener).length;
    return {
      connections: this.#endpoints.size - listeners,
      listeners,
      openTokens: this.#tokens.size,
      messagesSent: this.#messagesSent,
      messagesReceived: this.#messagesReceived,
      deliveries: this.#deliveries,
      peersRefused: this.#peersRefused,
    };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#turn.close();
    this.process.ports.delete(this);
    for (const endpoint of this.#endpoints.values()) endpoint.close();
    this.#endpoints.clear();
    this.#tokens.clear();
    this.#updateKeepAlive();
  }

  emit(kind: number, handle: Handle, id: number, body: Uint8Array): void {
    if (!this.#isClosed) this.#writer.write(kind, handle, id, body);
  }

  schedule(endpoint: Endpoint): void {
    this.#ready.add(endpoint);
    this.#turn.request();
  }

  remove(endpoint: Endpoint): void {
    this.#endpoints.delete(endpoint.handle);
    for (const [token, { connection }] of this.#tokens) {
      if (connection === endpoint.handle) this.#tokens.delete(token);
    }
    this.#updateKeepAlive();
  }

  lookUp(address: string): ListeningSocket | undefined {
    return this.#world.lookUp(address);
  }

  openToken(connection: Handle, end: SocketEnd, id: number): Handle {
    this.#lastHandle += 1;
    this.#tokens.set(this.#lastHandle, { connection, end, id });
    return this.#lastHandle;
  }

  addPeer(end: SocketEnd): Endpoint {
    return this.#endpoints.get(this.#add((handle) => new MockConnection(this, handle, { end }))) as Endpoint;
  }

  count(what: 'received' | 'refused'): void {
    if (what === 'received') this.#messagesReceived += 1;
    else this.#peersRefused += 1;
  }

  #run(): void {
    const ready = this.#ready;
    this.#ready = new Set();
    for (const endpoint of ready) {
      if (this.#endpoints.get(endpoint.handle) === endpoint) endpoint.pump();
    }
    const orphans = this.#orphans;
    this.#orphans = [];
    for (const { handle, id } of orphans) {
      emitFailure(this, handle, id, Failure.invalid, 'there is no such connection');
    }
    this.#writer.flush();
  }

  #reply(token: Handle, body: Uint8Array): void {
    const taken = this.#take(assertHandle(token));
    const connection = taken === undefined ? undefined : this.#endpoints.get(taken.connection);
    if (taken === undefined || !(connection instanceof MockConnection)) return;
    if (connection.reply(taken.end, taken.id, body)) this.#messagesSent += 1;
  }

  #take(token: Handle): Token | undefined {
    const taken = this.#tokens.get(token);
    this.#tokens.delete(token);
    return taken;
  }

  #add(make: (handle: Handle) => Endpoint): Handle {
    this.#lastHandle += 1;
    this.#endpoints.set(this.#lastHandle, make(this.#lastHandle));
    this.#updateKeepAlive();
    return this.#lastHandle;
  }

  #updateKeepAlive(): void {
    this.#keepAlive.update(this.#isActive && this.#endpoints.size > 0);
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new Error('the port is closed');
  }
}

function assertHandle(handle: Handle): Handle {
  return assertWord(handle, 'handle');
}
