/** The inside of a mock port: its channels, rights, reply tokens and counters, and the records it delivers. */
import type { Deliver, PortStatistics } from '../binding.js';
import { Failure, type Handle, RECORD_HAS_RIGHTS } from '../records.js';
import { type Channel, type ChannelHost, emitFailure } from './channel.js';
import { MockConnection } from './connection.js';
import { MockListener } from './listener.js';
import type { ProcessState } from './process-state.js';
import { RecordWriter } from './records.js';
import { type MockRight, releaseAll } from './right.js';
import { type Outgoing, type RightName, RightTable, tableBytes } from './right-table.js';
import type { RightWord } from './serialization.js';
import type { ListeningSocket, SocketEnd } from './socket.js';
import { KeepAlive, type Turn } from './turn.js';
import type { WorldState } from './world-state.js';

interface Token {
  readonly connection: Handle;
  readonly end: SocketEnd;
  readonly id: number;
}

/** Everything is delivered in a later turn of the loop, all of a turn in as few calls as the inbox allows. */
export class PortCore implements ChannelHost {
  readonly limits;
  readonly process: ProcessState;
  readonly rights: RightTable;
  readonly #world: WorldState;
  readonly #writer: RecordWriter;
  readonly #turn: Turn;
  readonly #keepAlive = new KeepAlive();
  readonly #channels = new Map<Handle, Channel>();
  readonly #tokens = new Map<Handle, Token>();
  #ready = new Set<Channel>();
  #orphans: { readonly handle: Handle; readonly id: number }[] = [];
  #lastHandle = 0;
  #isActive = false;
  #isClosed = false;
  #messagesSent = 0;
  #messagesReceived = 0;
  #deliveries = 0;
  #wakeUps = 0;
  #peersRefused = 0;

  constructor(world: WorldState, process: ProcessState, deliver: Deliver) {
    this.#world = world;
    this.process = process;
    this.limits = world.limits;
    this.#writer = new RecordWriter(world.limits.bufferBytes, (byteLength, large) => {
      if (this.#isClosed) return;
      this.#deliveries += 1;
      this.rights.markDelivered();
      deliver(byteLength, large);
    });
    this.#turn = world.turn(() => {
      this.#wakeUps += 1;
      this.#run();
    });
    this.rights = new RightTable(process, world.descriptors, () => this.#nextHandle());
  }

  get inbox(): ArrayBuffer {
    return this.#writer.inbox;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  channel(handle: Handle): Channel | undefined {
    return this.#channels.get(handle);
  }

  add(make: (handle: Handle) => Channel): Handle {
    const handle = this.#nextHandle();
    this.#channels.set(handle, make(handle));
    this.#updateKeepAlive();
    return handle;
  }

  /** Sends a message or request; a request to nobody fails. */
  send(kind: 'message' | 'request', handle: Handle, id: number, message: Outgoing): void {
    const connection = this.#channels.get(handle);
    if (connection instanceof MockConnection) {
      if (connection.send(kind, id, message)) this.#messagesSent += 1;
    } else if (kind === 'request') {
      this.#orphans.push({ handle, id });
      this.#turn.request();
    }
  }

  reply(token: Handle, message: Outgoing): void {
    const taken = this.#take(token);
    const connection = taken === undefined ? undefined : this.#channels.get(taken.connection);
    if (taken === undefined || !(connection instanceof MockConnection)) return;
    if (connection.reply(taken.end, taken.id, message)) this.#messagesSent += 1;
  }

  drop(token: Handle): void {
    const taken = this.#take(token);
    taken?.end.write({ kind: 'dropped', id: taken.id, body: new Uint8Array(0), rights: [] });
  }

  announceTermination(): void {
    for (const channel of this.#channels.values()) {
      if (channel instanceof MockConnection && channel.listener !== undefined) channel.announceTermination();
    }
  }

  setActive(isActive: boolean): void {
    this.#isActive = isActive;
    this.#updateKeepAlive();
  }

  statistics(): PortStatistics {
    const listeners = [...this.#channels.values()].filter(
      (channel) => channel instanceof MockListener,
    ).length;
    return {
      connections: this.#channels.size - listeners,
      listeners,
      openTokens: this.#tokens.size,
      messagesSent: this.#messagesSent,
      messagesReceived: this.#messagesReceived,
      deliveries: this.#deliveries,
      wakeUps: this.#wakeUps,
      peersRefused: this.#peersRefused,
      rights: this.rights.size,
    };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#turn.close();
    for (const channel of this.#channels.values()) channel.close();
    this.#channels.clear();
    this.#tokens.clear();
    this.rights.close();
    this.#updateKeepAlive();
  }

  emit(kind: number, handle: Handle, id: number, body: Uint8Array, rights: readonly MockRight[] = []): void {
    const room = rights.length === 0 ? 0 : tableBytes(rights.length);
    if (!this.#isClosed) this.#writer.reserve(room + body.byteLength);
    if (this.#isClosed) releaseAll(rights);
    else if (room === 0) this.#writer.write(kind, handle, id, body);
    else {
      const whole = Buffer.concat([this.rights.install(rights), body]);
      this.#writer.write(kind | RECORD_HAS_RIGHTS, handle, id, whole);
    }
  }

  hold(names: readonly RightName[], words: readonly RightWord[] | undefined): MockRight[] | undefined {
    return this.rights.hold(names, words);
  }

  schedule(channel: Channel): void {
    this.#ready.add(channel);
    this.#turn.request();
  }

  remove(channel: Channel): void {
    this.#channels.delete(channel.handle);
    for (const [token, { connection }] of this.#tokens) {
      if (connection === channel.handle) this.#tokens.delete(token);
    }
    this.#updateKeepAlive();
  }

  lookUp(address: string): ListeningSocket | undefined {
    return this.#world.lookUp(address);
  }

  openToken(connection: Handle, end: SocketEnd, id: number): Handle {
    const token = this.#nextHandle();
    this.#tokens.set(token, { connection, end, id });
    return token;
  }

  addPeer(end: SocketEnd, listener: Handle): Channel {
    const handle = this.add((handle) => new MockConnection(this, handle, { end, listener }));
    return this.#channels.get(handle) as Channel;
  }

  peersOf(listener: Handle): Channel[] {
    return [...this.#channels.values()].filter((channel) => {
      return channel instanceof MockConnection && channel.listener === listener;
    });
  }

  count(what: 'received' | 'refused'): void {
    if (what === 'received') this.#messagesReceived += 1;
    else this.#peersRefused += 1;
  }

  #run(): void {
    const ready = this.#ready;
    this.#ready = new Set();
    for (const channel of ready) {
      if (this.#channels.get(channel.handle) === channel) channel.pump();
    }
    const orphans = this.#orphans;
    this.#orphans = [];
    for (const { handle, id } of orphans) {
      emitFailure(this, handle, id, Failure.invalid, 'there is no such connection');
    }
    this.#writer.flush();
  }

  #take(token: Handle): Token | undefined {
    const taken = this.#tokens.get(token);
    this.#tokens.delete(token);
    return taken;
  }

  #nextHandle(): Handle {
    this.#lastHandle += 1;
    return this.#lastHandle;
  }

  #updateKeepAlive(): void {
    this.#keepAlive.update(this.#isActive && this.#channels.size > 0);
  }
}
