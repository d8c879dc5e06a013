/** How much one connection may send before its reader catches up, and the waits for that. */
import { abortedError, LaunchportError, type WaitOptions, withDeadline } from '../base/index.js';
import type { Handle } from '../native/index.js';
import { Barrier } from './barrier.js';
import type { Engine } from './engine.js';
import { FlowControl } from './flow-control.js';

/** What the window needs to know of its connection. */
export interface WindowSettings {
  readonly handle: Handle;
  /** For error messages. */
  readonly service: string;
  /** Milliseconds that a wait without a timeout of its own takes. */
  readonly timeout: number;
}

/** The window of one connection. */
export class SendWindow {
  readonly #engine: Engine;
  readonly #settings: WindowSettings;
  readonly #flow: FlowControl;
  readonly #barrier: Barrier;

  constructor(engine: Engine, settings: WindowSettings) {
    this.#engine = engine;
    this.#settings = settings;
    this.#flow = new FlowControl(settings.service);
    this.#barrier = new Barrier(() => engine.port.barrier(settings.handle));
  }

  /** @throws LaunchportError ERR_XPC_QUEUE_FULL */
  assertRoom(): void {
    this.#flow.assertRoom();
  }

  /** Counts bytes sent. */
  count(byteLength: number): void {
    this.#flow.count(byteLength);
  }

  /** The binding's queue is above its high-water mark, or below its low-water mark again. */
  setCongested(isCongested: boolean): void {
    this.#flow.setCongested(isCongested);
  }

  /** Everything sent before the barrier has left. */
  sent(): void {
    this.#barrier.reached();
  }

  /** The connection ended: all waits are over. */
  end(): void {
    this.#flow.setCongested(false);
    this.#barrier.end();
  }

  /** Resolves when more may be sent. Rejects with ERR_XPC_TIMEOUT or ERR_ABORTED. */
  async drained(options: WaitOptions): Promise<void> {
    this.#start(options);
    if (!this.#flow.isIdle) await this.#wait(options, (signal) => this.#flow.drained(signal));
  }

  /** Resolves when everything is with the system. Rejects with ERR_XPC_TIMEOUT or ERR_ABORTED. */
  async flushed(options: WaitOptions): Promise<void> {
    this.#start(options);
    await this.#wait(options, (signal) => this.#barrier.wait(signal));
  }

  #start({ signal }: WaitOptions): void {
    if (signal?.aborted) throw abortedError(`waiting for ${this.#settings.service} to read`, signal);
    this.#engine.flush();
  }

  async #wait(options: WaitOptions, wait: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { service } = this.#settings;
    const { timeout = this.#settings.timeout, signal } = options;
    const onTimeout = () =>
      new LaunchportError('ERR_XPC_TIMEOUT', `${service} did not read what was sent within ${timeout} ms`, {
        details: { service, timeout },
      });
    this.#engine.hold();
    try {
      await withDeadline(`waiting for ${service} to read`, { timeout, signal }, onTimeout, wait);
    } finally {
      this.#engine.release();
    }
  }
}
