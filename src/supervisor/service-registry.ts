/** The Mach name space: which service belongs to whom, and the listening socket behind it. */
import { rmSync } from 'node:fs';
import { errorText, LaunchportError } from '../base/index.js';
import { bootstrapPath, type SupervisorPort } from '../native/index.js';

/**
 * Clients that may wait on an idle service, the kernel's usual ceiling (net.core.somaxconn). More get EAGAIN and
 * try again.
 */
const BACKLOG = 4096;

/** One registered name. The supervisor keeps the descriptor; a job gets a duplicate. */
export interface ServiceEndpoint {
  readonly name: string;
  readonly path: string;
  /** A job's target, or `process PID` for the host. */
  readonly owner: string;
  readonly descriptor: number;
}

/** Names and sockets of one supervisor. Registration is all or nothing, and synchronous. */
export class ServiceRegistry {
  readonly #endpoints = new Map<string, ServiceEndpoint>();
  readonly #port: SupervisorPort;
  readonly #directory: string;

  constructor(port: SupervisorPort, bootstrapDirectory: string) {
    this.#port = port;
    this.#directory = bootstrapDirectory;
  }

  /**
   * Binds a socket for each name. From then on clients can connect; they wait until somebody accepts.
   * @throws LaunchportError ERR_XPC_NAME, ERR_LAUNCHD_SOCKET_PATH, ERR_LAUNCHD_SERVICE_TAKEN (with `details.owner`),
   * ERR_LAUNCHD_STATE when the system makes no socket; nothing is then registered
   */
  register(names: readonly string[], owner: string): readonly ServiceEndpoint[] {
    const wanted = names.map((name) => ({ name, path: bootstrapPath(this.#directory, name) }));
    for (const { name, path } of wanted) this.#assertFree(name, path);
    const bound: ServiceEndpoint[] = [];
    try {
      for (const { name, path } of wanted) {
        const endpoint = { name, path, owner, descriptor: this.#bind(name, path) };
        bound.push(endpoint);
        this.#endpoints.set(name, endpoint);
      }
    } catch (error) {
      this.unregister(bound);
      throw error;
    }
    return bound;
  }

  /** Frees the names and resets clients that still wait. Harmless for an endpoint that is gone already. */
  unregister(endpoints: readonly ServiceEndpoint[]): void {
    for (const endpoint of endpoints) {
      if (this.#endpoints.get(endpoint.name) !== endpoint) continue;
      this.#endpoints.delete(endpoint.name);
      removeSocket(endpoint.path);
      this.#port.closeDescriptor(endpoint.descriptor);
    }
  }

  /** Frees a name if it is the owner's. */
  release(name: string, owner: string): void {
    const endpoint = this.#endpoints.get(name);
    if (endpoint?.owner === owner) this.unregister([endpoint]);
  }

  /** Frees every name. */
  clear(): void {
    this.unregister([...this.#endpoints.values()]);
  }

  /** Removes every socket file, and nothing else: for the moment the process exits. */
  unlinkAll(): void {
    for (const { path } of this.#endpoints.values()) removeSocket(path);
  }

  #bind(name: string, path: string): number {
    try {
      return this.#port.createListener(path, BACKLOG);
    } catch (error) {
      const what = `cannot listen for Mach service ${name} at ${path}: ${errorText(error)}`;
      throw new LaunchportError('ERR_LAUNCHD_STATE', what, {
        hint: 'Check that the directory still exists and takes files, and the limit of open files (ulimit -n).',
        details: { service: name, path },
        cause: error,
      });
    }
  }

  #assertFree(name: string, path: string): void {
    const owner = this.#endpoints.get(name)?.owner;
    if (owner !== undefined) throw serviceTaken(name, owner);
    // Not in the table but answered: a process that outlived an earlier supervisor, or one started by hand.
    if (this.#port.isListening(path))
      throw serviceTaken(name, `a process outside this supervisor, at ${path}`);
  }
}

function removeSocket(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Nobody listens on it any more, and the next supervisor tries again; the other names matter more.
  }
}

function serviceTaken(name: string, owner: string): LaunchportError {
  return new LaunchportError('ERR_LAUNCHD_SERVICE_TAKEN', `Mach service ${name} belongs to ${owner}`, {
    hint: 'Boot the owner out first, or use another service name.',
    details: { service: name, owner },
  });
}
