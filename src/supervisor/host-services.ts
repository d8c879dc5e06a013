/** Services of the process that the supervisor runs in. */
import type { ServiceRegistry } from './service-registry.js';

/**
 * Registers names for the process itself, which listens on them, and frees them. No keeper has their sockets: when the
 * process is killed its clients must see that at once, to look for the next one or to start it.
 */
export class HostServices {
  readonly #registry: ServiceRegistry;

  constructor(registry: ServiceRegistry) {
    this.#registry = registry;
  }

  /** The descriptor of a service's listening socket. @throws LaunchportError as {@link ServiceRegistry.register} */
  checkIn(service: string): number {
    const [endpoint] = this.#registry.register([{ name: service }], this.#owner, false);
    return (endpoint as { readonly descriptor: number }).descriptor;
  }

  /** Frees a name, if it is the process's. */
  release(service: string): void {
    this.#registry.release(service, this.#owner);
  }

  get #owner(): string {
    return `process ${process.pid}`;
  }
}
