/** A client's connection to a supervisor, made anew when the daemon was started again. */
import { delay, isLaunchportError, LaunchportError } from '../../base/index.js';
import { RouteClient } from '../../routes/index.js';
import type { XpcTransport } from '../../xpc/index.js';
import { SUPERVISOR_SERVICE } from './protocol.js';

/** Milliseconds between attempts to reach a daemon that went away: the first, and the longest. */
const PAUSE_MS = { first: 20, longest: 400 } as const;

/** One attempt at a call. */
export interface Attempt {
  readonly client: RouteClient;
  /** Whether an earlier attempt may have been carried out: it was sent, and its answer never came. */
  readonly isDoubtful: boolean;
}

/** How a call may be repeated when the daemon goes away under it. */
export interface Repetition {
  /** For messages: `bootout user/501/x`. */
  readonly what: string;
  /** False for what must not be done twice: it fails with ERR_LAUNCHD_UNKNOWN_OUTCOME then. */
  readonly isRepeatable: boolean;
  /** Milliseconds the whole call may take. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

/** How to reach a supervisor. */
export interface LinkOptions {
  readonly transport: XpcTransport;
  readonly bootstrap: string;
  readonly reconnectTimeout: number;
}

/** The connection. A daemon that was reached once and went away is waited for; one that never was there is not. */
export class SupervisorLink {
  readonly #options: LinkOptions;
  #client: RouteClient | undefined;
  #isProven = false;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** The connection as it is, made at the first call. */
  get client(): RouteClient {
    if (this.#client === undefined || this.#client.connection.isClosed) {
      const { transport, bootstrap } = this.#options;
      this.#client = RouteClient.connect(transport, SUPERVISOR_SERVICE, {
        transport,
        connect: { isLazy: true, bootstrap },
      });
    }
    return this.#client;
  }

  /**
   * Runs attempts until one is answered.
   * @throws LaunchportError ERR_SERVER_NOT_RUNNING, ERR_LAUNCHD_UNKNOWN_OUTCOME, or what the attempt throws
   */
  async run<T>(repetition: Repetition, attempt: (attempt: Attempt) => Promise<T>): Promise<T> {
    const { what, isRepeatable, timeout, signal } = repetition;
    const begin = performance.now();
    let lostAt: number | undefined;
    let isDoubtful = false;
    for (let pause: number = PAUSE_MS.first; ; pause = Math.min(pause * 2, PAUSE_MS.longest)) {
      const { client } = this;
      try {
        const result = await attempt({ client, isDoubtful });
        this.#isProven = true;
        return result;
      } catch (error) {
        // Interrupted: it was sent. Invalid: nobody was there to send it to.
        if (!isLaunchportError(error, 'ERR_XPC_INTERRUPTED', 'ERR_XPC_INVALID')) throw error;
        if (error.code === 'ERR_XPC_INTERRUPTED') {
          if (!isRepeatable) throw lost(what, error);
          isDoubtful = true;
        }
        const now = performance.now();
        lostAt ??= now;
        const isOver =
          now + pause > Math.min(begin + timeout, lostAt + this.#options.reconnectTimeout) ||
          !(this.#isProven || isDoubtful);
        if (isOver) {
          this.#isProven = false;
          throw this.#notRunning(error);
        }
      }
      await delay(pause, signal);
    }
  }

  /** Ends the connection. */
  async close(): Promise<void> {
    await this.#client?.close();
    this.#client = undefined;
  }

  #notRunning(cause: LaunchportError): LaunchportError {
    const { bootstrap } = this.#options;
    return new LaunchportError('ERR_SERVER_NOT_RUNNING', `no supervisor daemon answers in ${bootstrap}`, {
      hint: 'Start it: launchport system start.',
      details: { service: SUPERVISOR_SERVICE, bootstrap },
      cause,
    });
  }
}

function lost(what: string, cause: LaunchportError): LaunchportError {
  return new LaunchportError(
    'ERR_LAUNCHD_UNKNOWN_OUTCOME',
    `the supervisor daemon went away during ${what}`,
    { hint: 'It may have been done: print the job before trying again.', cause },
  );
}
