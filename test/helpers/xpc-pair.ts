/** A service and a client in the mock world, each a process with a transport of its own. */
import type { LogFields, Logger } from '../../src/base/index.js';
import { type Binding, bootstrapPath } from '../../src/native/index.js';
import { createMockWorld, type MockLimits, type MockWorld } from '../../src/native/mock/index.js';
import {
  type AcceptPeer,
  type ConnectOptions,
  type ListenOptions,
  type XpcConnection,
  type XpcListener,
  XpcTransport,
} from '../../src/xpc/index.js';

/** The service of a {@link Pair}. */
export const SERVICE = 'com.example.echo';
const DIRECTORY = '/mock/bootstrap';
const FIRST_SERVER_PID = 100_001;
/** The client process of a {@link Pair}. */
export const CLIENT_PID = 200_001;

/** A logger that keeps what it is told. */
export class LogBook implements Logger {
  readonly entries: { readonly message: string; readonly fields: LogFields }[] = [];
  debug = (message: string, fields: LogFields = {}): void => void this.entries.push({ message, fields });
  info = this.debug;
  warn = this.debug;
  error = this.debug;

  /** All of it, one line per entry. */
  get text(): string {
    return this.entries
      .map(({ message, fields }) => `${message} ${Object.values(fields).join(' ')}`)
      .join('\n');
  }
}

/** One service, one client process, and what they logged. */
export class Pair implements AsyncDisposable {
  readonly world: MockWorld;
  readonly log = new LogBook();
  readonly descriptor: number;
  readonly client: XpcTransport;
  server!: XpcTransport;
  listener!: XpcListener;
  serverPid = FIRST_SERVER_PID;

  constructor(limits: Partial<MockLimits> = {}, clientBinding = (binding: Binding): Binding => binding) {
    this.world = createMockWorld(limits);
    this.descriptor = this.world.createListener(bootstrapPath(DIRECTORY, SERVICE));
    this.client = new XpcTransport(clientBinding(this.world.binding(CLIENT_PID)), { logger: this.log });
  }

  /** Starts a server process that listens. */
  serve(accept: AcceptPeer, options: ListenOptions = {}): this {
    this.server = new XpcTransport(this.world.binding(this.serverPid), { logger: this.log });
    this.listener = this.server.listen(SERVICE, accept, { descriptor: this.descriptor, ...options });
    return this;
  }

  /** Kills the server process; the next `serve` is another process. */
  killServer(): void {
    this.world.kill(this.serverPid);
    this.serverPid++;
  }

  /** A descriptor of the client to send. */
  file(label: string): number {
    return this.world.createDescriptor(label, CLIENT_PID);
  }

  /** What the file behind a descriptor is called; `closed` for one that is not open. */
  label(descriptor: number): string {
    return this.world.descriptorLabel(descriptor) ?? 'closed';
  }

  /** Connects to the service, or to another name. */
  connect(options: ConnectOptions = {}, service = SERVICE): XpcConnection {
    return this.client.connect(service, { bootstrap: DIRECTORY, ...options });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    await this.server?.close();
    this.world.close();
  }
}

/** A promise and what settles it. */
export function deferred<T = void>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
