/** Hands a process's output to the client that attached to it, as fast as that takes it, and not for ever. */
import type { Writable } from 'node:stream';
import { errorText, type Logger } from '../../../base/index.js';

/** How long a client may take nothing. */
export interface ClientOutputOptions {
  readonly logger: Logger;
  /** Milliseconds in which the client must have taken what it was given last, at most 64 KiB. */
  readonly stallTimeout: number;
}

/**
 * One output of one client. The process is held up while the client takes nothing, as by any pipe. A client that has
 * gone, or has taken nothing for `stallTimeout`, is left: its descriptor is closed, and the process runs on.
 */
export class ClientOutput {
  readonly #name: string;
  readonly #stream: Writable;
  readonly #options: ClientOutputOptions;
  #isGone = false;
  #isBusy = false;
  #taken = 0;
  /** Resolves the write that is under way. */
  #settle = () => {};

  constructor(name: string, stream: Writable, options: ClientOutputOptions) {
    this.#name = name;
    this.#stream = stream;
    this.#options = options;
    stream.on('error', (error) => this.leave(errorText(error)));
    stream.on('close', () => {
      this.#isGone = true;
    });
  }

  /** False once nothing more is handed on. */
  get isAttached(): boolean {
    return !this.#isGone;
  }

  /** How many writes the client has taken. */
  get taken(): number {
    return this.#taken;
  }

  /** Whether a write waits for the client. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Resolves when the client has taken it, or is left. Never rejects. */
  async write(chunk: Uint8Array): Promise<void> {
    if (this.#isGone) return;
    await this.#settled((taken) => void this.#stream.write(chunk, taken));
  }

  /** The client sees the end. Resolves when all has been taken, or the client is left. Never rejects. */
  async end(): Promise<void> {
    if (this.#isGone) return;
    await this.#settled((taken) => void this.#stream.end(taken));
    this.#isGone = true;
    this.#stream.destroy();
  }

  #settled(act: (taken: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        this.#stream.off('close', finish);
        this.#taken++;
        this.#isBusy = false;
        resolve();
      };
      const timer = setTimeout(() => {
        this.leave(`took nothing for ${this.#options.stallTimeout} ms`);
      }, this.#options.stallTimeout);
      this.#isBusy = true;
      this.#settle = finish;
      // Who only waits for a stuck client does not keep the process alive.
      timer.unref();
      this.#stream.once('close', finish);
      act(finish);
    });
  }

  /** Closes the client's descriptor; what comes later is dropped. Harmless twice. */
  leave(reason: string): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#options.logger.info('a client no longer gets the output', { stream: this.#name, reason });
    this.#stream.destroy();
    // A stream whose write cannot be taken back is not closed before that is done.
    this.#settle();
  }
}
