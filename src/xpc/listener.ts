/** A listener as programs see it: for a Mach service of this process, or an anonymous one. */
import { LaunchportError, withDeadline } from '../base/index.js';
import { XpcEndpoint } from './endpoint.js';
import type { ListenerCore } from './listener-core.js';

/** Milliseconds that `await using` waits for the final event. */
const DISPOSE_TIMEOUT_MS = 10_000;

/** Clients so far. */
export interface ListenerStatistics {
  readonly accepted: number;
  /** By the requirement, or by the accept function. */
  readonly refused: number;
}

/** A listener. Made by `XpcTransport.listen` and `XpcTransport.listenAnonymous`. */
export class XpcListener implements AsyncDisposable {
  readonly #core: ListenerCore;

  /** For the transport. */
  constructor(core: ListenerCore) {
    this.#core = core;
  }

  /** The Mach service; undefined for an anonymous listener. */
  get service(): string | undefined {
    return this.#core.settings.name;
  }

  /** False once it is cancelled or dead. */
  get isActive(): boolean {
    return this.#core.isActive;
  }

  get statistics(): ListenerStatistics {
    return { accepted: this.#core.accepted, refused: this.#core.refused };
  }

  /**
   * Resolves at the end: with undefined after `cancel`, else with the reason, ERR_XPC_INVALID when the process was
   * given no listener of that name. Never rejects.
   */
  get closed(): Promise<LaunchportError | undefined> {
    return this.#core.closed;
  }

  /**
   * A new endpoint: whoever gets it, in whatever process, can connect to this listener.
   * @throws LaunchportError ERR_XPC_STATE when it is cancelled or dead
   */
  endpoint(): XpcEndpoint {
    const { engine, settings, service } = this.#core;
    if (!this.isActive || engine.isClosed) {
      throw new LaunchportError('ERR_XPC_STATE', `${service}: the listener is closed`, {
        hint: 'Make the endpoint while it listens.',
      });
    }
    return new XpcEndpoint(engine, engine.port.endpoint(settings.handle));
  }

  /**
   * Takes no more clients until as many `resume` calls: those that come wait, and when this process ends they wait for
   * the next one. Clients that were accepted are not affected. Does nothing when it is cancelled or dead.
   */
  suspend(): void {
    this.#core.suspend();
  }

  /** Undoes one `suspend`. @throws LaunchportError ERR_XPC_STATE when there is none to undo */
  resume(): void {
    this.#core.resume();
  }

  /** Stops listening and cancels the connections it accepted. A second call does nothing. */
  cancel(): void {
    this.#core.cancel();
  }

  /** Cancels, and waits for the end. @throws LaunchportError ERR_XPC_TIMEOUT after 10 seconds without it */
  async [Symbol.asyncDispose](): Promise<void> {
    this.cancel();
    const onTimeout = () =>
      new LaunchportError('ERR_XPC_TIMEOUT', `${this.#core.service}: the listener does not end`);
    await withDeadline('closing a listener', { timeout: DISPOSE_TIMEOUT_MS }, onTimeout, () => this.closed);
  }
}
