/** SOCK_SEQPACKET sockets as the mock sees them: connected ends, and listening sockets with a backlog. */
import type { Identity } from './requirement.js';
import { type MockRight, releaseAll } from './right.js';

/** What travels between two ends. */
export interface Frame {
  readonly kind: 'message' | 'request' | 'reply' | 'dropped';
  /** The request's id as its sender chose it; 0 for a message. */
  readonly id: number;
  readonly body: Uint8Array;
  /** Retained for the way; who reads the frame takes them over. */
  readonly rights: readonly MockRight[];
}

/** What a frame costs in a socket's buffer. */
export function frameBytes(frame: Frame): number {
  return 16 + frame.body.byteLength;
}

/** One end of a connected pair. */
export class SocketEnd {
  /** Called when there is something to read, room to write, or the other end closed. Must only schedule work. */
  onChange: (() => void) | undefined;
  #identity: Identity | undefined;
  #peer: SocketEnd | undefined;
  #incoming: Frame[] = [];
  #next = 0;
  #incomingBytes = 0;
  #isClosed = false;

  static pair(client: Identity): readonly [SocketEnd, SocketEnd] {
    const near = new SocketEnd();
    const far = new SocketEnd();
    near.#peer = far;
    far.#peer = near;
    near.#identity = client;
    return [near, far];
  }

  /** The process at the other end; unknown to a client until it is accepted. */
  get peer(): Identity | undefined {
    return this.#peer === undefined ? undefined : this.#peer.#identity;
  }

  /** Says whose this end is from now on, and wakes the other. */
  identify(identity: Identity): void {
    this.#identity = identity;
    this.#peer?.onChange?.();
  }

  /** Bytes written here and not yet read at the other end. */
  get unreadBytes(): number {
    return this.#peer === undefined ? 0 : this.#peer.#incomingBytes;
  }

  /** Everything was read and nothing more will come. */
  get isAtEnd(): boolean {
    return this.#next === this.#incoming.length && (this.#peer === undefined || this.#peer.#isClosed);
  }

  /** A frame written after the other end closed is lost, as with a socket. */
  write(frame: Frame): void {
    const peer = this.#peer;
    if (peer === undefined || peer.#isClosed || this.#isClosed) {
      releaseAll(frame.rights);
      return;
    }
    peer.#incoming.push(frame);
    peer.#incomingBytes += frameBytes(frame);
    peer.onChange?.();
  }

  read(): Frame | undefined {
    const frame = this.#incoming[this.#next];
    if (frame === undefined) return undefined;
    this.#next += 1;
    this.#incomingBytes -= frameBytes(frame);
    if (this.#next === this.#incoming.length) {
      this.#incoming = [];
      this.#next = 0;
    }
    this.#peer?.onChange?.();
    return frame;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const frame of this.#incoming.slice(this.#next)) releaseAll(frame.rights);
    this.#incoming = [];
    this.#next = 0;
    this.#incomingBytes = 0;
    this.onChange = undefined;
    this.#peer?.onChange?.();
  }
}

/** A listening socket. Several descriptors, in several processes, may refer to it. */
export class ListeningSocket {
  readonly path: string;
  /** The last process that called listen(). */
  pid: number;
  readonly #backlog: number;
  #pending: SocketEnd[] = [];
  #references = 0;
  readonly #acceptors = new Set<() => void>();
  readonly #connectors = new Set<() => void>();

  constructor(path: string, backlog: number, pid: number) {
    this.path = path;
    this.pid = pid;
    this.#backlog = backlog;
  }

  get isOpen(): boolean {
    return this.#references > 0;
  }

  /** A client waits to be accepted, though it may have gone already. */
  get isReadable(): boolean {
    return this.#pending.length > 0;
  }

  retain(): this {
    this.#references += 1;
    return this;
  }

  /** The last release resets the clients that were not accepted. */
  release(): void {
    this.#references -= 1;
    if (this.#references > 0) return;
    for (const end of this.#pending) end.close();
    this.#pending = [];
    this.#wake(this.#connectors);
  }

  /** The client's end, or undefined when the backlog is full: n admits n + 1 (measured on Linux). */
  connect(client: Identity): SocketEnd | undefined {
    if (this.#pending.length > this.#backlog) return undefined;
    const [near, far] = SocketEnd.pair(client);
    this.#pending.push(far);
    for (const acceptor of this.#acceptors) acceptor();
    return near;
  }

  accept(): SocketEnd | undefined {
    const end = this.#pending.shift();
    if (end !== undefined) this.#wake(this.#connectors);
    return end;
  }

  /** Calls `listener` at each new client until the returned function is called. It must only schedule work. */
  onReadable(listener: () => void): () => void {
    this.#acceptors.add(listener);
    return () => this.#acceptors.delete(listener);
  }

  /** Calls `listener` once when a refused `connect` is worth another try. */
  onRoom(listener: () => void): void {
    this.#connectors.add(listener);
  }

  #wake(listeners: Set<() => void>): void {
    const woken = [...listeners];
    listeners.clear();
    for (const listener of woken) listener();
  }
}
