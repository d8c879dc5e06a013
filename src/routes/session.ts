/** The server's side of one client: who it is, what the server keeps for it, and what to do when it goes. */
import { errorText, LaunchportError, type Logger, withDeadline } from '../base/index.js';
import type { PeerCredentials } from '../native/index.js';
import type { XpcConnection } from '../xpc/index.js';

/** Something a server keeps for each client; made by {@link defineSessionValue}. */
export interface SessionValue<T> {
  /** For people and logs: two values of the same name are two values. */
  readonly name: string;
  readonly initial: (session: RouteSession) => T;
}

/**
 * Defines something that a server keeps for each client, with the value it has at first. It goes when the session goes.
 */
export function defineSessionValue<T>(name: string): SessionValue<T | undefined>;
export function defineSessionValue<T>(name: string, initial: (session: RouteSession) => T): SessionValue<T>;
export function defineSessionValue<T>(
  name: string,
  initial: (session: RouteSession) => T | undefined = () => undefined,
): SessionValue<T | undefined> {
  return { name, initial };
}

/** Runs when a client is gone; `signal` aborts when it has used up its time. */
export type DisconnectHook = (session: RouteSession, signal: AbortSignal) => void | Promise<void>;

/** One client of a server, from its connection to its end. */
export interface RouteSession {
  /** Counts from 1 in the order the clients of the server came. */
  readonly id: number;
  readonly connection: XpcConnection;
  /** Who the client is, as the kernel says: pid, euid, egid, and on macOS audit session and audit token. */
  readonly credentials: PeerCredentials;
  /** False once the client is gone, or this side has ended the connection. */
  readonly isConnected: boolean;
  /** What is kept under `key`; its initial value at the first call. */
  get<T>(key: SessionValue<T>): T;
  /** Keeps `value` under `key`. */
  set<T>(key: SessionValue<T>, value: T): void;
  /**
   * Registers what to do when the client is gone. Hooks run once, in the order of registration, each after the one
   * before has ended, and not before the client's running handlers have ended. A hook that throws is logged and does
   * not stop the others; one that takes longer than the server's `disconnectTimeout` is left behind. A hook that comes
   * after all of that runs at once. Returns how to take it back.
   */
  onDisconnect(hook: DisconnectHook): () => void;
}

/** What the sessions of a server have in common. */
export interface SessionSettings {
  readonly logger: Logger;
  /** Milliseconds for running handlers to end, and for each hook. */
  readonly disconnectTimeout: number;
  /** Told before hooks run, and after them. */
  readonly onWork: (isBusy: boolean) => void;
}

/** The inside of a session. */
export class ServerSession implements RouteSession {
  readonly id: number;
  readonly connection: XpcConnection;
  readonly #settings: SessionSettings;
  readonly #values = new Map<SessionValue<unknown>, unknown>();
  readonly #hooks = new Set<{ readonly run: DisconnectHook }>();
  #isConnected = true;
  #running = 0;
  readonly #onQuiet: (() => void)[] = [];
  /** The run of the hooks; undefined before the client is gone. */
  #ending: Promise<void> | undefined;
  #isEnded = false;

  constructor(id: number, connection: XpcConnection, settings: SessionSettings) {
    this.id = id;
    this.connection = connection;
    this.#settings = settings;
  }

  get credentials(): PeerCredentials {
    return this.connection.credentials;
  }

  get isConnected(): boolean {
    return this.#isConnected && !this.connection.isClosed;
  }

  /** Handlers of this client that run now. */
  get runningCount(): number {
    return this.#running;
  }

  get<T>(key: SessionValue<T>): T {
    if (!this.#values.has(key)) this.#values.set(key, key.initial(this));
    return this.#values.get(key) as T;
  }

  set<T>(key: SessionValue<T>, value: T): void {
    this.#values.set(key, value);
  }

  onDisconnect(hook: DisconnectHook): () => void {
    const entry = { run: hook };
    this.#hooks.add(entry);
    if (this.#isEnded) this.#ending = this.#runHooks();
    return () => void this.#hooks.delete(entry);
  }

  /** A handler starts. */
  enter(): void {
    this.#running++;
  }

  /** A handler has ended. */
  leave(): void {
    this.#running--;
    if (this.#running > 0) return;
    for (const tell of this.#onQuiet.splice(0)) tell();
  }

  /** Resolves when no handler of this client runs. */
  async quiet(): Promise<void> {
    while (this.#running > 0) await new Promise<void>((resolve) => this.#onQuiet.push(resolve));
  }

  /** The client is gone. Resolves when all hooks have run; never rejects. */
  end(): Promise<void> {
    this.#isConnected = false;
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    if (this.#running > 0) {
      await this.#bounded('the end of the handlers of a client that is gone', () => this.quiet());
    }
    await this.#runHooks();
  }

  async #runHooks(): Promise<void> {
    this.#isEnded = false;
    if (this.#hooks.size > 0) {
      this.#settings.onWork(true);
      // A set is iterated in order and takes what is added meanwhile.
      for (const entry of this.#hooks) {
        this.#hooks.delete(entry);
        await this.#bounded('a disconnect hook', async (signal) => entry.run(this, signal));
      }
      this.#settings.onWork(false);
    }
    this.#isEnded = true;
  }

  /** Runs `work` within the time there is for it; a failure is logged. */
  async #bounded(what: string, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { disconnectTimeout: timeout, logger } = this.#settings;
    const late = () => new LaunchportError('ERR_TIMEOUT', `not done after ${timeout} ms`);
    await withDeadline(what, { timeout }, late, work).catch((error: unknown) => {
      logger.error(`${what} failed`, {
        session: this.id,
        pid: this.credentials.pid,
        error: errorText(error),
      });
    });
  }
}
