/** The Mach name space: which service belongs to whom, and the listening socket behind it. */
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { errorText, LaunchportError } from '../base/index.js';
import { bootstrapPath, type SupervisorPort } from '../native/index.js';

/**
 * Clients that may wait on an idle service, the kernel's usual ceiling (net.core.somaxconn). More get EAGAIN and
 * try again.
 */
const BACKLOG = 4096;

/** A Mach service as a plist asks for it. */
export interface ServiceSettings {
  readonly name: string;
  /** ResetAtClose: clients that wait when the job drops the service are reset. */
  readonly resetAtClose?: boolean;
  /** HideUntilCheckIn: nobody finds the name while no process has checked in. */
  readonly hideUntilCheckIn?: boolean;
}

/** One registered name. The supervisor keeps the descriptor; a job gets a duplicate. What changes is read anew. */
export interface ServiceEndpoint extends ServiceSettings {
  /** Where clients look for it. */
  readonly path: string;
  /** A job's target, or `process PID` for the host. */
  readonly owner: string;
  readonly descriptor: number;
  /** The socket is at another path, which no client knows. */
  readonly isHidden: boolean;
}

/** Keeps duplicates of all sockets while supervisors come and go. Nothing of it throws. */
export interface SocketKeeper {
  /** Whether it brought a socket of this name from an earlier supervisor that nobody has claimed. */
  has(name: string): boolean;
  /** That socket, and which of `paths` leads to it; undefined when none does any more. */
  claim(
    name: string,
    paths: readonly string[],
  ): { readonly descriptor: number; readonly path: string } | undefined;
  /** `path` leads to the socket. */
  store(name: string, descriptor: number, path: string): void;
  remove(name: string): void;
}

type Entry = { -readonly [K in keyof ServiceEndpoint]: ServiceEndpoint[K] };

/** Names and sockets of one supervisor. Registration is all or nothing, and synchronous. */
export class ServiceRegistry {
  readonly #endpoints = new Map<string, Entry>();
  readonly #byDescriptor = new Map<number, Entry>();
  readonly #port: SupervisorPort;
  readonly #directory: string;
  readonly #keeper: SocketKeeper | undefined;

  constructor(port: SupervisorPort, bootstrapDirectory: string, keeper?: SocketKeeper) {
    this.#port = port;
    this.#directory = bootstrapDirectory;
    this.#keeper = keeper;
  }

  /**
   * Binds a socket for each name. From then on clients can connect; they wait until somebody accepts. A hidden name
   * is taken too, and its clients are told that there is none. `isKept`: the keeper, if there is one, gets the sockets.
   * @throws LaunchportError ERR_XPC_NAME, ERR_LAUNCHD_SOCKET_PATH, ERR_LAUNCHD_SERVICE_TAKEN (with `details.owner`),
   * ERR_LAUNCHD_STATE when the system makes no socket; nothing is then registered
   */
  register(services: readonly ServiceSettings[], owner: string, isKept = true): readonly ServiceEndpoint[] {
    const wanted = services.map((service) => ({
      ...service,
      path: bootstrapPath(this.#directory, service.name),
    }));
    for (const { name, path } of wanted) this.#assertFree(name, path);
    const bound: ServiceEndpoint[] = [];
    try {
      for (const service of wanted) {
        const endpoint = { ...service, owner, ...this.#claimOrBind(service, isKept) };
        bound.push(endpoint);
        this.#endpoints.set(service.name, endpoint);
        this.#byDescriptor.set(endpoint.descriptor, endpoint);
      }
    } catch (error) {
      this.unregister(bound);
      throw error;
    }
    return bound;
  }

  /** Whose the socket is: a job's target, or `process PID`. */
  ownerOf(descriptor: number): string | undefined {
    return this.#byDescriptor.get(descriptor)?.owner;
  }

  /** Lets clients find a hidden service; those that it is already found by are not disturbed. */
  reveal(endpoint: ServiceEndpoint): void {
    this.#move(endpoint, false);
  }

  /** Hides a service again; clients that wait go on waiting. */
  conceal(endpoint: ServiceEndpoint): void {
    this.#move(endpoint, true);
  }

  /**
   * Gives the service a new socket in place of the old, with no moment between, and resets the old one's clients.
   * @throws LaunchportError ERR_LAUNCHD_STATE when the system makes no socket; the old one then stays
   */
  reset(endpoint: ServiceEndpoint): void {
    const entry = this.#endpoints.get(endpoint.name);
    if (entry !== endpoint) return;
    const old = entry.descriptor;
    const descriptor = this.#bind(entry.name, this.#placeOf(entry));
    this.#byDescriptor.delete(old);
    this.#byDescriptor.set(descriptor, entry);
    entry.descriptor = descriptor;
    this.#keeper?.store(entry.name, descriptor, this.#placeOf(entry));
    this.#port.closeDescriptor(old);
  }

  /** Frees the names and resets clients that still wait. Harmless for an endpoint that is gone already. */
  unregister(endpoints: readonly ServiceEndpoint[]): void {
    for (const endpoint of endpoints) {
      if (this.#endpoints.get(endpoint.name) !== endpoint) continue;
      this.#endpoints.delete(endpoint.name);
      this.#byDescriptor.delete(endpoint.descriptor);
      removeSocket(this.#placeOf(endpoint));
      this.#keeper?.remove(endpoint.name);
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

  /** The paths of all sockets. */
  places(): readonly string[] {
    return [...this.#endpoints.values()].map((endpoint) => this.#placeOf(endpoint));
  }

  /** Removes every socket file, and nothing else: for the moment the process exits. */
  unlinkAll(): void {
    for (const endpoint of this.#endpoints.values()) removeSocket(this.#placeOf(endpoint));
  }

  #move(endpoint: ServiceEndpoint, isHidden: boolean): void {
    const entry = this.#endpoints.get(endpoint.name);
    if (entry !== endpoint || entry.isHidden === isHidden) return;
    const from = this.#placeOf(entry);
    entry.isHidden = isHidden;
    try {
      this.#port.moveListener(from, this.#placeOf(entry));
    } catch (error) {
      entry.isHidden = !isHidden;
      throw error;
    }
  }

  #placeOf({ name, path, isHidden }: ServiceEndpoint): string {
    return isHidden ? this.#hiddenPath(name) : path;
  }

  /** As long as the longest path of a name, and no name's: none begins with a dot. */
  #hiddenPath(name: string): string {
    return join(this.#directory, `.${createHash('sha256').update(name).digest('hex').slice(0, 32)}`);
  }

  /** The socket of an earlier supervisor with those who wait on it, where it left it, or else a new one. */
  #claimOrBind(
    { name, path, hideUntilCheckIn }: Omit<ServiceEndpoint, 'owner' | 'descriptor' | 'isHidden'>,
    isKept: boolean,
  ) {
    const hidden = this.#hiddenPath(name);
    const keeper = isKept ? this.#keeper : undefined;
    const kept = keeper?.claim(name, [path, hidden]);
    const at = kept?.path ?? (hideUntilCheckIn === true ? hidden : path);
    const descriptor = kept?.descriptor ?? this.#bind(name, at);
    keeper?.store(name, descriptor, at);
    return { isHidden: at === hidden, descriptor };
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
    // Asking would leave a client in the queue of a job that has none.
    if (this.#keeper?.has(name)) return;
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
