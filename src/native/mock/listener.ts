/** A mock listener: accepts clients of a listening socket and checks who they are. */
import { type Handle, Inbound } from '../records.js';
import type { PeerCredentials } from '../targets.js';
import { type Endpoint, type EndpointHost, emitFinal, UNKNOWN_PEER } from './endpoint.js';
import { encodeCredentials } from './records.js';
import type { ListeningSocket, SocketEnd } from './socket.js';

/** What a listener listens on, and for whom. */
export interface ListenerOptions {
  readonly name: string;
  /** A socket, which is held from now on; or the one inherited for `name`, which is checked in at activation. */
  readonly source: ListeningSocket | 'inherited' | undefined;
  readonly allowAnyUser: boolean;
}

/** One listener of a port. Holds a reference to its socket until it ends. */
export class MockListener implements Endpoint {
  readonly handle: Handle;
  readonly isListener = true;
  readonly #host: EndpointHost;
  readonly #name: string;
  readonly #isInherited: boolean;
  readonly #allowAnyUser: boolean;
  readonly #peers: Endpoint[] = [];
  #socket: ListeningSocket | undefined;
  #state: 'inactive' | 'active' | 'cancelled' = 'inactive';
  #finalText = 'the listener was cancelled';
  #unsubscribe: (() => void) | undefined;

  constructor(host: EndpointHost, handle: Handle, options: ListenerOptions) {
    const { name, source, allowAnyUser } = options;
    this.#host = host;
    this.handle = handle;
    this.#name = name;
    this.#isInherited = source === 'inherited';
    this.#socket = source === 'inherited' ? undefined : source?.retain();
    this.#allowAnyUser = allowAnyUser;
  }

  activate(): void {
    if (this.#state !== 'inactive') return;
    this.#host.schedule(this);
    if (this.#isInherited) this.#socket = this.#host.process.checkIn(this.#name)?.retain();
    if (this.#socket === undefined) {
      this.#state = 'cancelled';
      this.#finalText = `there is no listening socket for ${this.#name}`;
      return;
    }
    this.#state = 'active';
    this.#socket.pid = this.#host.process.pid;
    this.#unsubscribe = this.#socket.onReadable(() => this.#host.schedule(this));
  }

  cancel(): void {
    if (this.#state === 'cancelled') return;
    this.close();
    for (const peer of this.#peers) peer.cancel();
    this.#host.schedule(this);
  }

  peer(): PeerCredentials {
    return UNKNOWN_PEER;
  }

  close(): void {
    this.#state = 'cancelled';
    this.#unsubscribe?.();
    if (this.#socket === undefined) return;
    this.#socket.release();
    this.#socket = undefined;
    if (this.#isInherited) this.#host.process.giveBack(this.#name);
  }

  pump(): void {
    while (this.#state === 'active') {
      const end = this.#socket?.accept();
      if (end === undefined) break;
      this.#accept(end);
    }
    if (this.#state === 'cancelled') emitFinal(this.#host, this, this.#finalText);
  }

  #accept(end: SocketEnd): void {
    const client = end.peerCredentials ?? UNKNOWN_PEER;
    if (!this.#allowAnyUser && client.euid !== this.#host.process.credentials.euid) {
      end.close();
      this.#host.count('refused');
      this.#host.emit(Inbound.peerRefused, this.handle, 0, encodeCredentials(client));
      return;
    }
    end.credentials = this.#host.process.credentials;
    const peer = this.#host.addPeer(end);
    this.#peers.push(peer);
    this.#host.emit(Inbound.peer, this.handle, peer.handle, encodeCredentials(client));
    this.#host.schedule(peer);
  }
}
