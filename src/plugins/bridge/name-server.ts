/** The DNS server of one network: UDP on the gateway's address, for the hosts of the network only. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { errorText, type Logger } from '../../base/index.js';
import { ipv4Contains, parseIpv4 } from './ip-subnet.js';
import { answerQuery, type NameZone } from './name-answers.js';

/** Replies that may be on their way to the system at once; a query beyond that is dropped, and asked again. */
const MAX_PENDING_REPLIES = 256;

/** Milliseconds between two lines of the log about the same trouble. */
const LOG_INTERVAL_MS = 60_000;

/** A server that listens. */
export class NameServer {
  readonly #socket: Socket;
  readonly #zone: NameZone;
  readonly #logger: Logger;
  #pending = 0;
  #loggedAt = Number.NEGATIVE_INFINITY;

  private constructor(socket: Socket, zone: NameZone, logger: Logger) {
    this.#socket = socket;
    this.#zone = zone;
    this.#logger = logger;
    socket.on('message', (query, from) => this.#answer(query, from));
    socket.on('error', (error) => this.#trouble(errorText(error)));
  }

  /** @throws the system's error when the address or port cannot be had */
  static async listen(
    address: string,
    zone: NameZone,
    options: { readonly port?: number; readonly logger: Logger },
  ): Promise<NameServer> {
    const socket = createSocket('udp4');
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.bind({ address, port: options.port ?? 53, exclusive: true }, () => {
          socket.off('error', reject);
          resolve();
        });
      });
    } catch (error) {
      socket.close();
      throw error;
    }
    return new NameServer(socket, zone, options.logger);
  }

  /** The port it listens on. */
  get port(): number {
    return this.#socket.address().port;
  }

  /** Resolves when the port is free again. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.close(() => resolve());
    });
  }

  #answer(query: Buffer, from: RemoteInfo): void {
    if (this.#pending >= MAX_PENDING_REPLIES || !this.#isHost(from.address)) return;
    const reply = answerQuery(query, this.#zone);
    if (reply === undefined) return;
    this.#pending++;
    this.#socket.send(reply, from.port, from.address, (error) => {
      this.#pending--;
      if (error !== null) this.#trouble(errorText(error));
    });
  }

  #isHost(address: string): boolean {
    try {
      return ipv4Contains(this.#zone.ipv4Subnet, parseIpv4(address));
    } catch {
      return false;
    }
  }

  /** A host can provoke some of it, and must not fill the log. */
  #trouble(error: string): void {
    if (performance.now() - this.#loggedAt < LOG_INTERVAL_MS) return;
    this.#loggedAt = performance.now();
    this.#logger.warn('the name server has trouble answering', { error });
  }
}
