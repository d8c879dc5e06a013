/** A mock listener: accepts clients of a listening socket and of its endpoints, and checks who they are. */
import { type Handle, Inbound } from '../records.js';
import type { PeerCredentials, PeerRequirement } from '../targets.js';
import { type Channel, type ChannelHost, emitFinal, Suspension, UNKNOWN_PEER } from './channel.js';
import { encodeCredentials } from './records.js';
import { refusalOf } from './requirement.js';
import { EndpointRight } from './rights.js';
import { ListeningSocket, type SocketEnd } from './socket.js';

/** As Linux has it by default (net.core.somaxconn). */
const ENDPOINT_BACKLOG = 4096;

/** What a listener listens on, and for whom. */
export interface ListenerOptions {
  /** Undefined for a listener that is reached by its endpoints alone. */
  readonly name: string | undefined;
  /** A socket, which is held from now on; or the one inherited for `name`, which is checked in at activation. */
  readonly source: ListeningSocket | 'inherited' | undefined;
  readonly requirement: PeerRequirement | undefined;
}

/** One listener of a port. Holds a reference to its socket until it ends. */
export class MockListener implements Channel {
  readonly handle: Handle;
  readonly #host: ChannelHost;
  readonly #name: string | undefined;
  readonly #isInherited: boolean;
  readonly #requirement: PeerRequirement | undefined;
  readonly #suspension = new Suspension();
  /** Where its endpoints lead. It is the listener's alone, and ends with it. */
  readonly #private: ListeningSocket;
  #socket: ListeningSocket | undefined;
  #state: 'inactive' | 'active' | 'cancelled' = 'inactive';
  #finalText = 'the listener was cancelled';
  #unsubscribe: (() => void)[] = [];

  constructor(host: ChannelHost, handle: Handle, options: ListenerOptions) {
    const { name, source, requirement } = options;
    this.#host = host;
    this.handle = handle;
    this.#name = name;
    this.#isInherited = source === 'inherited';
    this.#socket = source === 'inherited' ? undefined : source?.retain();
    this.#requirement = requirement;
    this.#private = new ListeningSocket('', ENDPOINT_BACKLOG, host.process.pid).retain();
  }

  /** An endpoint, which leads here while the listener lives. */
  endpoint(): EndpointRight {
    return new EndpointRight(this.#private);
  }

  activate(): void {
    if (this.#state !== 'inactive') return;
    this.#host.schedule(this);
    if (this.#isInherited) this.#socket = this.#host.process.checkIn(this.#name ?? '')?.retain();
    if (this.#socket === undefined && this.#name !== undefined) {
      this.close();
      this.#finalText = `there is no listening socket for ${this.#name}`;
      return;
    }
    this.#state = 'active';
    if (this.#socket !== undefined) this.#socket.pid = this.#host.process.pid;
    this.#unsubscribe = this.#sockets.map((socket) => socket.onReadable(() => this.#host.schedule(this)));
  }

  cancel(): void {
    if (this.#state === 'cancelled') return;
    this.close();
    for (const peer of this.#host.peersOf(this.handle)) peer.cancel();
    this.#host.schedule(this);
  }

  suspend(): void {
    this.#suspension.suspend();
  }

  resume(): void {
    if (this.#state === 'cancelled') return;
    this.#suspension.resume();
    this.#host.schedule(this);
  }

  peer(): PeerCredentials {
    return UNKNOWN_PEER;
  }

  close(): void {
    if (this.#state === 'cancelled') return;
    this.#state = 'cancelled';
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#private.release();
    if (this.#socket === undefined) return;
    this.#socket.release();
    this.#socket = undefined;
    if (this.#isInherited) this.#host.process.giveBack(this.#name ?? '');
  }

  pump(): void {
    for (const socket of this.#sockets) this.#acceptAll(socket);
    if (this.#state === 'cancelled') emitFinal(this.#host, this, this.#finalText);
  }

  get #sockets(): readonly ListeningSocket[] {
    return this.#socket === undefined ? [this.#private] : [this.#socket, this.#private];
  }

  #acceptAll(socket: ListeningSocket): void {
    // JavaScript runs whenever the inbox is full, and may cancel or suspend this listener.
    while (this.#state === 'active' && !this.#suspension.isSuspended) {
      const end = socket.accept();
      if (end === undefined) break;
      this.#accept(end);
    }
  }

  #accept(end: SocketEnd): void {
    const { process } = this.#host;
    const client = end.peer ?? { credentials: UNKNOWN_PEER, executable: undefined };
    const body = encodeCredentials(client.credentials);
    const refusal = refusalOf(this.#requirement, client, [process.credentials.euid]);
    if (refusal !== undefined) {
      end.close();
      this.#host.count('refused');
      this.#host.emit(Inbound.peerRefused, this.handle, refusal, body);
      return;
    }
    end.identify(process);
    const peer = this.#host.addPeer(end, this.handle);
    this.#host.emit(Inbound.peer, this.handle, peer.handle, body);
    this.#host.schedule(peer);
  }
}
