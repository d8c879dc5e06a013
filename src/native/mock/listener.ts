/** A mock listener: accepts clients of a listening socket and checks who they are. */
import { type Handle, Inbound, type PeerCredentials } from '../binding.js';
import { type Endpoint, type EndpointHost, emitFinal, UNKNOWN_PEER } from './endpoint.js';
import { encodeCredentials } from './records.js';
import type { ListeningSocket, SocketEnd } from './socket.js';

/** One listener of a port. Holds a reference to its socket until it ends. */
export class MockListener implements Endpoint {
  readonly handle: Handle;
  readonly isListener = true;
  readonly #host: EndpointHost;
  readonly #name: string;
  readonly #allowAnyUser: boolean;
  readonly #peers: Endpoint[] = [];
  #socket: ListeningSocket | undefined;
  #isCheckedIn = false;
  #state: 'inactive' | 'active' | 'cancelled' = 'inactive';
  #finalText = 'the listener was cancelled';
  #unsubscribe: (() => void) | undefined;

  /** Without a socket the listener checks in for its name when it is activated, or becomes invalid. */
  constructor(
    host: EndpointHost,
    handle: Handle,
    name: string,
    socket: ListeningSocket | undefined,
    allowAnyUser: boolean,
  ) {
    this.#host = host;
    this.handle = handle;
    this.#name = name;
    this.#socket = socket?.retain();
    this.#allowAnyUser = allowAnyUser;
  }

  activate(): void {
    if (this.#state !== 'inactive') return;
    this.#host.schedule(this);
    if (this.#socket === undefined) {
      this.#socket = this.#host.checkIn(this.#name)?.retain();
      this.#isCheckedIn = this.#socket !== undefined;
    }
    if (this.#socket === undefined) {
      this.#state = 'cancelled';
      this.#finalText = `this process was given no listener for ${this.#name}`;
      return;
    }
    this.#state = 'active';
    this.#socket.pid = this.#host.credentials.pid;
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
    this.#socket?.release();
    if (this.#isCheckedIn) this.#host.giveBack(this.#name);
    this.#isCheckedIn = false;
    this.#socket = undefined;
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
    if (!this.#allowAnyUser && client.euid !== this.#host.credentials.euid) {
      end.close();
      this.#host.count('refused');
      this.#host.emit(Inbound.peerRefused, this.handle, 0, encodeCredentials(client));
      return;
    }
    end.credentials = this.#host.credentials;
    const peer = this.#host.addPeer(end);
    this.#peers.push(peer);
    this.#host.emit(Inbound.peer, this.handle, peer.handle, encodeCredentials(client));
    this.#host.schedule(peer);
  }
}
