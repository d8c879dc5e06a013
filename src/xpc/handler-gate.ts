/**
 * Bounds the request handlers that run at once and the requests that wait for their turn, in number and in bytes, and
 * shares both fairly among the peers of a listener: they take turns, and when there is no more room it is the peer with
 * most waiting that loses its newest request.
 */
import { Fifo } from './fifo.js';

/** The bounds of a gate. */
export interface GateLimits {
  /** Handlers that run at once, of all peers together and of one. */
  readonly maxConcurrent: number;
  readonly maxConcurrentPerPeer: number;
  /** Bytes of the requests whose handlers run; one peer gets a quarter. A single request may be larger. */
  readonly maxRunningBytes: number;
  /** Requests that wait, and their bytes. */
  readonly maxWaiting: number;
  readonly maxWaitingBytes: number;
}

/** A request before the gate. */
export interface GateEntry {
  readonly byteLength: number;
  /** Runs the handler. When it is done, `GatePeer.leave` is to be called once. */
  run(): void;
  /** It never runs: because of too many others, or because its peer is gone. */
  refuse(): void;
}

/** What one peer may take of `maxRunningBytes`. */
const PEER_SHARE = 4;

/** A gate, for all peers of a listener. */
export class HandlerGate {
  readonly limits: GateLimits;
  /** Told when the first handler starts and when the last has ended. */
  readonly #onBusy: (isBusy: boolean) => void;
  #isBusy = false;
  #running = 0;
  #runningBytes = 0;
  #waiting = 0;
  #waitingBytes = 0;
  /** Peers of which something waits. */
  readonly #backlog = new Set<GatePeer>();
  /** Those of them that may run more, in the order of their turns. */
  readonly #turns = new Fifo<GatePeer>();
  #isLettingIn = false;

  constructor(limits: GateLimits, onBusy: (isBusy: boolean) => void = () => {}) {
    this.limits = limits;
    this.#onBusy = onBusy;
  }

  /** The gate as one peer sees it. */
  peer(): GatePeer {
    return new GatePeer(this);
  }

  /** For {@link GatePeer.enter}. */
  enter(peer: GatePeer, entry: GateEntry): void {
    if (this.#turns.length === 0 && this.#mayRun(peer, entry)) {
      this.#start(peer, entry);
      return;
    }
    if (!this.#makeRoom(peer, entry)) {
      entry.refuse();
      return;
    }
    peer.waiting.push(entry);
    this.#backlog.add(peer);
    this.#count(peer, 1, entry.byteLength);
    this.#giveTurn(peer);
    this.#letIn();
  }

  /** For {@link GatePeer.leave}. */
  leave(peer: GatePeer, entry: GateEntry): void {
    this.#running--;
    this.#runningBytes -= entry.byteLength;
    peer.running--;
    peer.runningBytes -= entry.byteLength;
    this.#giveTurn(peer);
    this.#letIn();
    this.#tellBusy();
  }

  /** For {@link GatePeer.clear}. */
  clear(peer: GatePeer): void {
    for (let entry = this.#take(peer, false); entry !== undefined; entry = this.#take(peer, false))
      entry.refuse();
    this.#letIn();
  }

  #tellBusy(): void {
    const isBusy = this.#running > 0;
    if (isBusy === this.#isBusy) return;
    this.#isBusy = isBusy;
    this.#onBusy(isBusy);
  }

  #mayRun(peer: GatePeer, { byteLength }: GateEntry): boolean {
    return (
      this.#running < this.limits.maxConcurrent &&
      this.#fits(byteLength) &&
      this.#mayPeerRun(peer, byteLength)
    );
  }

  #fits(byteLength: number): boolean {
    return this.#running === 0 || this.#runningBytes + byteLength <= this.limits.maxRunningBytes;
  }

  #mayPeerRun(peer: GatePeer, byteLength: number): boolean {
    const { maxConcurrentPerPeer, maxRunningBytes } = this.limits;
    return (
      peer.running === 0 ||
      (peer.running < maxConcurrentPerPeer && peer.runningBytes + byteLength <= maxRunningBytes / PEER_SHARE)
    );
  }

  #start(peer: GatePeer, entry: GateEntry): void {
    this.#running++;
    this.#runningBytes += entry.byteLength;
    peer.running++;
    peer.runningBytes += entry.byteLength;
    this.#tellBusy();
    entry.run();
  }

  /** Puts a peer in the row of those whose turn comes, when its next request may run as far as it goes. */
  #giveTurn(peer: GatePeer): void {
    const { head } = peer.waiting;
    if (peer.hasTurn || head === undefined || !this.#mayPeerRun(peer, head.byteLength)) return;
    peer.hasTurn = true;
    this.#turns.push(peer);
  }

  /** Lets in as many as may run, one of each peer at a time. */
  #letIn(): void {
    // A handler that is done at once leaves from within this loop.
    if (this.#isLettingIn) return;
    this.#isLettingIn = true;
    for (let peer = this.#turns.head; peer !== undefined; peer = this.#turns.head) {
      const head = peer.waiting.head;
      const isStale = head === undefined || !this.#mayPeerRun(peer, head.byteLength);
      // What is too large for the moment holds up the others, or it would never get its turn.
      if (!isStale && (this.#running >= this.limits.maxConcurrent || !this.#fits(head.byteLength))) break;
      this.#turns.shift();
      peer.hasTurn = false;
      if (isStale) continue;
      const entry = this.#take(peer, false) as GateEntry;
      this.#start(peer, entry);
      this.#giveTurn(peer);
    }
    this.#isLettingIn = false;
  }

  /** Whether `entry` may wait. Takes the room from whoever has most, if that is not this peer. */
  #makeRoom(peer: GatePeer, entry: GateEntry): boolean {
    const { maxWaiting, maxWaitingBytes } = this.limits;
    while (this.#waiting + 1 > maxWaiting || this.#waitingBytes + entry.byteLength > maxWaitingBytes) {
      const isByCount = this.#waiting + 1 > maxWaiting;
      const load = ({ waiting, waitingBytes }: GatePeer) => (isByCount ? waiting.length : waitingBytes);
      let largest: GatePeer | undefined;
      for (const other of this.#backlog) {
        if (largest === undefined || load(other) > load(largest)) largest = other;
      }
      const own = load(peer) + (isByCount ? 1 : entry.byteLength);
      if (largest === undefined || largest === peer || load(largest) <= own) return false;
      this.#take(largest, true)?.refuse();
    }
    return true;
  }

  /** Takes the oldest or the newest of a peer's waiting requests out. */
  #take(peer: GatePeer, isNewest: boolean): GateEntry | undefined {
    const entry = isNewest ? peer.waiting.pop() : peer.waiting.shift();
    if (entry === undefined) return undefined;
    this.#count(peer, -1, -entry.byteLength);
    if (peer.waiting.length === 0) this.#backlog.delete(peer);
    return entry;
  }

  #count(peer: GatePeer, count: number, byteLength: number): void {
    this.#waiting += count;
    this.#waitingBytes += byteLength;
    peer.waitingBytes += byteLength;
  }
}

/** The gate as one peer sees it. The fields belong to the gate. */
export class GatePeer {
  readonly #gate: HandlerGate;
  readonly waiting = new Fifo<GateEntry>();
  waitingBytes = 0;
  running = 0;
  runningBytes = 0;
  hasTurn = false;

  constructor(gate: HandlerGate) {
    this.#gate = gate;
  }

  /** Runs `entry` now or when its turn comes, or refuses it. */
  enter(entry: GateEntry): void {
    this.#gate.enter(this, entry);
  }

  /** The handler of an entry that ran is done. */
  leave(entry: GateEntry): void {
    this.#gate.leave(this, entry);
  }

  /** Refuses all that wait: the peer is gone. */
  clear(): void {
    this.#gate.clear(this);
  }
}
