/** A connection as programs see it: to a service, or to a client that a listener accepted. */
import { LaunchportError, type WaitOptions, withDeadline } from '../base/index.js';
import type { PeerCredentials } from '../native/index.js';
import type { Channel } from './channel.js';
import type { XpcDictionary, XpcMessage } from './value.js';

/** Milliseconds that `await using` waits for the final event, which takes a turn or two of the event loop. */
const DISPOSE_TIMEOUT_MS = 10_000;

const NO_OPTIONS: WaitOptions = {};

/** A connection. Made by `XpcTransport.connect`, or given to the accept function of a listener. */
export class XpcConnection implements AsyncDisposable {
  readonly #channel: Channel;

  /** For the transport and its listeners. */
  constructor(channel: Channel) {
    this.#channel = channel;
  }

  /**
   * The Mach service at this connection's other end, or the one of the listener that accepted it. Undefined for a
   * connection made from an endpoint, and for one that an anonymous listener accepted.
   */
  get service(): string | undefined {
    return this.#channel.settings.name;
  }

  /** Who is at the other end, as the kernel says; all -1 for a client connection before contact. */
  get credentials(): PeerCredentials {
    return this.#channel.credentials;
  }

  /** True once it is cancelled or dead. */
  get isClosed(): boolean {
    return !this.#channel.isOpen;
  }

  /** Resolves at the end, after the `closed` handler. Never rejects. */
  get closed(): Promise<void> {
    return this.#channel.closed;
  }

  /**
   * Sends a one-way message. It is encoded now and leaves at the end of the turn, or now when it carries descriptors,
   * endpoints or shared memory, which the caller may give up as soon as this returns; messages arrive in the order sent.
   * Nothing tells whether it arrived: one sent to a service that goes away is lost.
   * @throws LaunchportError ERR_XPC_INVALID when closed; ERR_XPC_QUEUE_FULL while the other side reads too slowly or
   * after 32 MiB or 512 descriptors and the like in one turn, see {@link XpcConnection.drained};
   * ERR_XPC_MESSAGE_TOO_LARGE; ERR_XPC_VALUE, ERR_XPC_STATE (a descriptor, endpoint or shared memory that is used up),
   * ERR_XPC_LIMIT, ERR_UNSUPPORTED for what cannot be encoded
   */
  send(message: XpcMessage): void {
    this.#channel.send(message);
  }

  /**
   * Sends a request and resolves with its reply. Rejects with what {@link XpcConnection.send} throws, or with
   * ERR_XPC_INTERRUPTED (the service went away or dropped the request), ERR_XPC_INVALID (no such service),
   * ERR_XPC_CANCELLED (this side cancelled), ERR_XPC_TIMEOUT, ERR_ABORTED, ERR_XPC_MALFORMED (the reply is not XPC),
   * ERR_XPC_QUEUE_FULL (too many requests without an answer; those that timed out count until they are answered).
   * A reply that comes after a timeout or an abort is swallowed.
   */
  request(message: XpcMessage, options: WaitOptions = NO_OPTIONS): Promise<XpcDictionary> {
    return this.#channel.request(message, options);
  }

  /**
   * Resolves when more can be sent: everything sent so far is with the system, or in a queue below its low-water
   * mark. Default timeout: that of requests. Rejects with ERR_XPC_TIMEOUT, ERR_ABORTED or ERR_XPC_INVALID.
   */
  drained(options: WaitOptions = NO_OPTIONS): Promise<void> {
    return this.#channel.drained(options);
  }

  /**
   * Resolves when everything sent so far is with the system, so that it arrives even if this process ends: wait for
   * it before `process.exit`. Default timeout: that of requests. Rejects like {@link XpcConnection.drained}.
   */
  flushed(options: WaitOptions = NO_OPTIONS): Promise<void> {
    return this.#channel.flushed(options);
  }

  /**
   * Stops delivery and sending until as many `resume` calls: what either side sends waits, and so do replies; what
   * the system has not taken yet may wait too. Deadlines run on.
   * @throws LaunchportError ERR_XPC_INVALID when closed
   */
  suspend(): void {
    this.#channel.suspend();
  }

  /**
   * Undoes one `suspend`. Does nothing when the connection is closed, which ends all suspensions.
   * @throws LaunchportError ERR_XPC_STATE when there is none to undo
   */
  resume(): void {
    this.#channel.resume();
  }

  /** Whether it is suspended now. */
  get isSuspended(): boolean {
    return this.#channel.isSuspended;
  }

  /**
   * Ends the connection. Requests on their way fail with ERR_XPC_CANCELLED, what the system has not taken yet may be
   * lost. A second call does nothing.
   */
  cancel(): void {
    this.#channel.cancel();
  }

  /** Cancels, and waits for the end. @throws LaunchportError ERR_XPC_TIMEOUT after 10 seconds without it */
  async [Symbol.asyncDispose](): Promise<void> {
    this.cancel();
    const onTimeout = () =>
      new LaunchportError(
        'ERR_XPC_TIMEOUT',
        `${this.#channel.settings.service}: the connection does not end`,
      );
    await withDeadline('closing a connection', { timeout: DISPOSE_TIMEOUT_MS }, onTimeout, () => this.closed);
  }
}
