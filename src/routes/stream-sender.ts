/** The server's side of a stream: sends items as fast as the reader takes them, and ends when it leaves. */
import { isLaunchportError, LaunchportError } from '../base/index.js';
import type { PeerHandlers, XpcConnection, XpcDictionary } from '../xpc/index.js';
import { MAX_WINDOW, STREAM_CREDIT_KEY } from './wire-keys.js';

/** Milliseconds without a sign of the reader's process taking bytes, after which a stream is given up. */
const STALL_MS = 60_000;

/** Opens the connection to the reader. */
export type OpenConnection = (handlers: PeerHandlers) => XpcConnection;

/** Sends the items of one stream. */
export class StreamSender {
  readonly #connection: XpcConnection;
  readonly #onLeave: (reason: LaunchportError) => void;
  #credit: number;
  #count = 0;
  #wake: (() => void) | undefined;
  #left: LaunchportError | undefined;

  /** `onLeave` is told once when the reader leaves before {@link finish}. */
  constructor(open: OpenConnection, window: number, onLeave: (reason: LaunchportError) => void) {
    this.#credit = Math.min(Math.max(window, 1), MAX_WINDOW);
    this.#onLeave = onLeave;
    this.#connection = open({
      message: (message) => this.#onMessage(message),
      closed: () => this.leave(new LaunchportError('ERR_XPC_CANCELLED', 'the reader of the stream has left')),
    });
  }

  /** Items sent. */
  get count(): number {
    return this.#count;
  }

  /**
   * Sends one item once the reader has room for it.
   * @throws LaunchportError ERR_XPC_CANCELLED when the reader has left, or what sending throws
   */
  async send(item: XpcDictionary): Promise<void> {
    while (this.#credit === 0 && this.#left === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.assertReader();
    // Taken before the wait below, so that it counts as under way.
    this.#credit--;
    await this.#post(item);
    this.#count++;
  }

  /** @throws LaunchportError ERR_XPC_CANCELLED */
  assertReader(): void {
    if (this.#left !== undefined) throw this.#left;
  }

  /** Nobody reads any more. */
  leave(reason: LaunchportError): void {
    if (this.#left !== undefined) return;
    this.#left = reason;
    this.#onLeave(reason);
    this.#wake?.();
  }

  /** Resolves when all items are with the system, which delivers them, or nobody wants them; then the connection ends. */
  async finish(): Promise<void> {
    if (this.#left === undefined && this.#count > 0) {
      await this.#connection.flushed({ timeout: STALL_MS }).catch(() => {});
    }
    this.#left ??= new LaunchportError('ERR_XPC_STATE', 'the stream has ended');
    this.#connection.cancel();
  }

  async #post(item: XpcDictionary): Promise<void> {
    for (;;) {
      try {
        this.#connection.send(item);
        return;
      } catch (error) {
        if (!isLaunchportError(error, 'ERR_XPC_QUEUE_FULL')) throw error;
      }
      await this.#connection.drained({ timeout: STALL_MS });
    }
  }

  #onMessage(message: XpcDictionary): void {
    const more = message[STREAM_CREDIT_KEY];
    if (typeof more !== 'bigint' || more <= 0n) return;
    this.#credit = Math.min(this.#credit + Number(more), MAX_WINDOW);
    this.#wake?.();
  }
}
