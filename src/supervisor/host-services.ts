/** Services of the process that the supervisor runs in. */
import type { Recovery } from './recovery.js';
import type { ServiceRegistry } from './service-registry.js';

/** Registers names for the process itself, which listens on them, and frees them. */
export class HostServices {
  readonly #registry: ServiceRegistry;
  readonly #recovery: Recovery | undefined;

  constructor(registry: ServiceRegistry, recovery: Recovery | undefined) {
    this.#registry = registry;
    this.#recovery = recovery;
  }

  /** The descriptor of a service's listening socket. @throws LaunchportError as {@link ServiceRegistry.register} */
  checkIn(service: string): number {
    const [endpoint] = this.#registry.register([{ name: service }], this.#owner);
    this.#recovery?.hosted(service, true);
    return (endpoint as { readonly descriptor: number }).descriptor;
  }

  /** Frees a name, if it is the process's. */
  release(service: string): void {
    this.#registry.release(service, this.#owner);
    this.#recovery?.hosted(service, false);
  }

  get #owner(): string {
    return `process ${process.pid}`;
  }
}
