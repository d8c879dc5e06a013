/** What the processes of a benchmark are told to do, and what they answer: lines of JSON between them and who starts them. */
import type { LatencySummary } from './model.js';

/** One measurement by a client's process. */
export interface Task {
  /**
   * `latency`: one request at a time, each measured. `in flight`: `inFlight` requests on their way over all
   * connections. `echo`: one request at a time, measured together. `connect`: connections made all at once, up to
   * their first replies. `idle`: what a connection that does nothing costs.
   */
  readonly work: 'latency' | 'in flight' | 'echo' | 'connect' | 'idle';
  /** Bytes of payload. */
  readonly payload: number;
  /** Requests on their way at a time; a multiple of `connections`. */
  readonly inFlight: number;
  /** Connections the requests go over, or that are made. */
  readonly connections: number;
  /** Milliseconds. */
  readonly warmUp: number;
  /** Milliseconds. */
  readonly duration: number;
}

/** What a task comes to. */
export interface TaskResult {
  /** µs of the median round trip, messages/s, MB/s, connections/s, or KiB. */
  readonly value: number;
  readonly latency?: LatencySummary;
  /** `idle`: KiB of a connection at the server's end; `value` is the client's. */
  readonly server?: number;
  /** `in flight`: times that the client's event loop was entered for each reply, where the transport counts them. */
  readonly wakeUpsPerMessage?: number;
}

/** Which transport a process loads, and where its other end is. */
export interface EndOrder {
  /** As `openTransport` knows it. */
  readonly transport: string;
  /** Where peers are installed. */
  readonly folder?: string;
  /** Service names or paths of sockets; a client takes them in turn. */
  readonly addresses: readonly string[];
  /** Words before the command of a server that the client starts itself. */
  readonly serverPrefix: readonly string[];
}

/** A client's order. */
export interface ClientOrder extends EndOrder {
  readonly tasks: readonly Task[];
}

/** What a process says: a server when it can be reached, a client when it may be told to go. */
export interface ReadyLine {
  readonly ready: true;
}

/** What a client says at its end: a result for each task. */
export interface ResultLine {
  readonly results: readonly TaskResult[];
}

/** Name of the request whose reply tells the memory of the server, as JSON in `name`. */
export const MEMORY_ROUTE = 'memory';
