/** Connections and listeners over one port of a binding. */
import { assertServiceName, LaunchportError, type Logger, silentLogger } from '../base/index.js';
import {
  type Binding,
  bootstrapDirectory,
  bootstrapPath,
  type ConnectTarget,
  type ListenTarget,
  loadBinding,
  type PortStatistics,
} from '../native/index.js';
import { Channel } from './channel.js';
import { XpcConnection } from './connection.js';
import { Engine } from './engine.js';
import { HandlerGate } from './handler-gate.js';
import { type AcceptPeer, type ConnectOptions, DEFAULTS, type ListenOptions } from './handlers.js';
import { ListenerCore, XpcListener } from './listener.js';
import { sinkFor } from './request.js';

/** What a transport needs besides a binding. */
export interface TransportOptions {
  /** Told about everything that no caller sees: dropped messages, failed handlers, refused clients. Default: silent. */
  readonly logger?: Logger;
}

/**
 * A transport. It keeps the event loop alive while it has a listener, a peer that a listener accepted, a request
 * without an answer, a client connection with a `message` or `request` handler, or somebody waiting for `drained` or
 * for a cancelled connection to end. An idle client connection does not.
 */
export class XpcTransport implements AsyncDisposable {
  static #default: XpcTransport | undefined;
  readonly #binding: Binding;
  readonly #engine: Engine;

  constructor(binding: Binding, options: TransportOptions = {}) {
    this.#binding = binding;
    this.#engine = new Engine(binding, options.logger ?? silentLogger);
  }

  /**
   * The transport of this thread over the addon, made at the first call, and again when it was closed.
   * @throws LaunchportError ERR_ADDON_NOT_FOUND
   */
  static default(): XpcTransport {
    if (XpcTransport.#default === undefined || XpcTransport.#default.isClosed) {
      XpcTransport.#default = new XpcTransport(loadBinding());
    }
    return XpcTransport.#default;
  }

  get isClosed(): boolean {
    return this.#engine.isClosed;
  }

  /**
   * A connection to a service, ready for use. A missing service is no failure here: requests fail with
   * ERR_XPC_INVALID and the connection closes.
   * @throws LaunchportError ERR_XPC_NAME, ERR_LAUNCHD_SOCKET_PATH, or ERR_XPC_STATE when the transport is closed
   */
  connect(service: string, options: ConnectOptions = {}): XpcConnection {
    this.#assertOpen();
    assertServiceName(service);
    const { timeout = DEFAULTS.timeout, maxPending = DEFAULTS.maxPending, handlers = {} } = options;
    assertPositive('timeout', timeout);
    assertPositive('maxPending', maxPending);
    const handle = this.#engine.port.connect(this.#target(service, options));
    const channel = new Channel(this.#engine, {
      handle,
      service,
      timeout,
      maxPending,
      credentials: undefined,
    });
    const connection = new XpcConnection(channel);
    const gate = new HandlerGate(DEFAULTS.maxConcurrent, DEFAULTS.maxWaiting);
    channel.start(sinkFor(channel, connection, handlers, gate), options.isLazy);
    return connection;
  }

  /**
   * Listens for clients of a service of this process, at once. `accept` gets each client and returns its handlers.
   * Failure to check in closes the listener; see `XpcListener.closed`.
   * @throws LaunchportError ERR_XPC_NAME, or ERR_XPC_STATE when the transport is closed
   */
  listen(service: string, accept: AcceptPeer, options: ListenOptions = {}): XpcListener {
    this.#assertOpen();
    assertServiceName(service);
    assertPositive('maxConcurrent', options.maxConcurrent ?? DEFAULTS.maxConcurrent);
    if (!((options.maxWaiting ?? 0) >= 0)) {
      throw new RangeError(`maxWaiting must be 0 or more, not ${options.maxWaiting}`);
    }
    const target: ListenTarget = {
      name: service,
      ...(options.descriptor === undefined ? {} : { descriptor: options.descriptor }),
      ...(options.allowAnyUser === undefined ? {} : { allowAnyUser: options.allowAnyUser }),
    };
    const handle = this.#engine.port.listen(target);
    return new XpcListener(new ListenerCore(this.#engine, handle, service, accept, options));
  }

  /** Counters of the port, for tests and diagnosis. */
  statistics(): PortStatistics {
    return this.#engine.port.statistics();
  }

  /**
   * Ends everything at once: requests fail with ERR_XPC_CANCELLED, `closed` handlers run, and what the system has not
   * taken yet is lost (wait for `flushed` before). A second call does nothing.
   */
  async close(): Promise<void> {
    this.#engine.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #target(service: string, options: ConnectOptions): ConnectTarget {
    // On macOS launchd finds the name; there is no directory to look in.
    if (this.#binding.platform === 'darwin')
      return { name: service, privileged: options.privileged ?? false };
    return { name: service, address: bootstrapPath(options.bootstrap ?? bootstrapDirectory(), service) };
  }

  #assertOpen(): void {
    if (!this.isClosed) return;
    throw new LaunchportError('ERR_XPC_STATE', 'the transport is closed', {
      hint: 'Make a new XpcTransport.',
    });
  }
}

function assertPositive(name: string, value: number): void {
  if (!(value > 0)) throw new RangeError(`${name} must be a positive number, not ${value}`);
}
