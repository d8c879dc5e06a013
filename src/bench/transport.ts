/** What is compared: one way of two processes to talk. Each is driven by the same loops. */

/** The work of the peers: what every message carries, encoded and decoded at both ends. */
export interface EchoMessage {
  readonly route: string;
  readonly id: number;
  readonly payload: Uint8Array;
  readonly name: string;
  readonly flag: boolean;
}

/** A client's end. */
export interface EchoClient {
  /** Sends a message and resolves to what came back. Any number may be under way. */
  echo(message: EchoMessage): Promise<EchoMessage>;
  close(): Promise<void>;
  /** What the transport of this end has counted so far, where it counts. */
  readonly counters?: () => DeliveryCounters;
}

/** How what arrived came to JavaScript. */
export interface DeliveryCounters {
  readonly messages: number;
  /** How often the event loop was entered to deliver them: once for a burst. */
  readonly wakeUps: number;
}

/** The server's end, in a process of its own. */
export interface EchoServer {
  close(): Promise<void>;
}

/** A transport. Both ends are made in processes that load nothing but it. */
export interface EchoTransport {
  readonly name: string;
  /**
   * Serves at an address: the path of a socket that is not there yet, in a private directory. Resolves when it can be
   * reached. Absent where the client starts its server itself.
   */
  readonly serve?: (address: string) => Promise<EchoServer>;
  /** `serverPrefix`, words before the command of a server that it starts itself, pins that server; others ignore it. */
  connect(address: string, serverPrefix?: readonly string[]): Promise<EchoClient>;
}
