/** The suspensions of one connection, which nest. */
import { LaunchportError } from '../base/index.js';
import type { Handle } from '../native/index.js';
import type { Engine } from './engine.js';

/** Counts them, for XPC ends a process that resumes once too often. */
export class Suspension {
  readonly #engine: Engine;
  readonly #handle: Handle;
  readonly #service: string;
  #count = 0;

  constructor(engine: Engine, { handle, service }: { readonly handle: Handle; readonly service: string }) {
    this.#engine = engine;
    this.#handle = handle;
    this.#service = service;
  }

  get isSuspended(): boolean {
    return this.#count > 0;
  }

  /** Suspends. What was sent before goes first. */
  suspend(): void {
    this.#engine.flush();
    this.#count++;
    this.#engine.port.suspend(this.#handle);
  }

  /** Undoes one `suspend`. @throws LaunchportError ERR_XPC_STATE when there is none to undo */
  resume(): void {
    if (this.#count === 0) {
      throw new LaunchportError('ERR_XPC_STATE', `${this.#service}: the connection is not suspended`, {
        hint: 'Resume once for each suspend.',
        details: { service: this.#service },
      });
    }
    this.#count--;
    this.#engine.port.resume(this.#handle);
  }

  /** The connection ended, and its suspensions with it. */
  end(): void {
    this.#count = 0;
  }
}
