/** Connections and listeners over one port of a binding. */
import { assertServiceName, LaunchportError, type Logger, silentLogger } from '../base/index.js';
import {
  type Binding,
  bootstrapDirectory,
  bootstrapPath,
  type Capability,
  type ConnectTarget,
  type ListenTarget,
  loadBinding,
  MAX_MEMORY_BYTES,
  type PortStatistics,
} from '../native/index.js';
import { Channel } from './channel.js';
import { XpcConnection } from './connection.js';
import type { XpcEndpoint } from './endpoint.js';
import { Engine } from './engine.js';
import { HandlerGate } from './handler-gate.js';
import { type AcceptPeer, type ConnectOptions, DEFAULTS, type ListenOptions } from './handlers.js';
import { XpcListener } from './listener.js';
import { ListenerCore } from './listener-core.js';
import { assertPositive, gateLimits } from './options.js';
import { sinkFor } from './request.js';
import { withRequirement } from './requirement.js';
import { mapped, XpcSharedMemory } from './shared-memory.js';

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
   * A connection to a service, or to the listener of an endpoint, ready for use. A missing service is no failure here:
   * requests fail with ERR_XPC_INVALID and the connection closes. The endpoint may be released afterwards.
   * @throws LaunchportError ERR_XPC_NAME, ERR_LAUNCHD_SOCKET_PATH, ERR_XPC_VALUE for an endpoint of another transport,
   * ERR_XPC_STATE when it is released or the transport is closed, ERR_UNSUPPORTED and ERR_XPC_REQUIREMENT for a
   * requirement that cannot be checked or is malformed
   */
  connect(target: string | XpcEndpoint, options: ConnectOptions = {}): XpcConnection {
    this.#assertOpen();
    if (typeof target === 'string') assertServiceName(target);
    const { timeout = DEFAULTS.timeout, maxPending = DEFAULTS.maxPending, handlers = {} } = options;
    assertPositive('timeout', timeout);
    assertPositive('maxPending', maxPending);
    const engine = this.#engine;
    const where = this.#target(target, options);
    const handle = withRequirement(options.requirement, () => engine.port.connect(where));
    const name = typeof target === 'string' ? target : undefined;
    const service = name ?? 'an endpoint';
    const channel = new Channel(engine, {
      handle,
      name,
      service,
      timeout,
      maxPending,
      credentials: undefined,
    });
    const connection = new XpcConnection(channel);
    const gate = new HandlerGate(gateLimits(), (isBusy) => engine.setBusy(isBusy));
    channel.start(sinkFor(channel, connection, handlers, gate), options.isLazy);
    return connection;
  }

  /**
   * Listens for clients of a service of this process, at once. `accept` gets each client and returns its handlers.
   * Failure to check in closes the listener; see `XpcListener.closed`.
   * @throws LaunchportError ERR_XPC_NAME, ERR_XPC_STATE when the transport is closed, ERR_UNSUPPORTED and
   * ERR_XPC_REQUIREMENT as {@link XpcTransport.connect}
   */
  listen(service: string, accept: AcceptPeer, options: ListenOptions = {}): XpcListener {
    assertServiceName(service);
    const { descriptor } = options;
    return this.#listen(
      { name: service, ...(descriptor === undefined ? {} : { descriptor }) },
      accept,
      options,
    );
  }

  /**
   * Listens without a name: only who gets one of its endpoints, see `XpcListener.endpoint`, can connect.
   * @throws LaunchportError as {@link XpcTransport.listen}
   */
  listenAnonymous(accept: AcceptPeer, options: Omit<ListenOptions, 'descriptor'> = {}): XpcListener {
    return this.#listen({}, accept, options);
  }

  /**
   * Zeroed memory that can be sent, of 1 byte to 4 GiB.
   * @throws RangeError for another size; LaunchportError ERR_XPC_LIMIT when the system has no room,
   * ERR_XPC_STATE when the transport is closed
   */
  createSharedMemory(byteLength: number): XpcSharedMemory {
    this.#assertOpen();
    if (!Number.isInteger(byteLength) || byteLength < 1 || byteLength > MAX_MEMORY_BYTES) {
      throw new RangeError(`shared memory has 1 to ${MAX_MEMORY_BYTES} bytes, not ${byteLength}`);
    }
    const handle = mapped(() => this.#engine.port.createMemory(byteLength), byteLength);
    return new XpcSharedMemory(this.#engine, handle, byteLength);
  }

  /** What this system has of XPC's newer parts. */
  capabilities(): readonly Capability[] {
    return this.#binding.capabilities();
  }

  /**
   * Tells the system that this process is busy, so that it is not stopped as idle, until what is returned is disposed.
   * Transactions are counted, and disposing one twice is harmless. Request handlers of listeners have their own.
   * @throws LaunchportError ERR_XPC_STATE when the transport is closed
   */
  beginTransaction(): Disposable {
    this.#assertOpen();
    const engine = this.#engine;
    let isOpen = true;
    engine.setBusy(true);
    return {
      [Symbol.dispose]() {
        if (isOpen) engine.setBusy(false);
        isOpen = false;
      },
    };
  }

  /**
   * Tells every connection that this transport's listeners accepted, by its `terminationImminent` handler, that this
   * process is about to end. For Linux, where the process itself gets the signal that asks for it; on macOS libxpc
   * tells them and this does nothing. Nothing travels: clients see the end of the process, as always.
   */
  announceTermination(): void {
    if (!this.isClosed) this.#engine.port.announceTermination();
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

  #listen(where: ListenTarget, accept: AcceptPeer, options: ListenOptions): XpcListener {
    this.#assertOpen();
    const limits = gateLimits(options);
    const { requirement } = options;
    const target = requirement === undefined ? where : { ...where, requirement };
    const handle = withRequirement(requirement, () => this.#engine.port.listen(target));
    return new XpcListener(new ListenerCore(this.#engine, { handle, name: where.name, accept, limits }));
  }

  #target(target: string | XpcEndpoint, options: ConnectOptions): ConnectTarget {
    const requirement = options.requirement === undefined ? {} : { requirement: options.requirement };
    if (typeof target !== 'string') return { endpoint: target.handle(this.#engine), ...requirement };
    // On macOS launchd finds the name; there is no directory to look in.
    if (this.#binding.platform === 'darwin') {
      return { name: target, privileged: options.privileged ?? false, ...requirement };
    }
    const address = bootstrapPath(options.bootstrap ?? bootstrapDirectory(), target);
    return { name: target, address, ...requirement };
  }

  #assertOpen(): void {
    if (!this.isClosed) return;
    throw new LaunchportError('ERR_XPC_STATE', 'the transport is closed', {
      hint: 'Make a new XpcTransport.',
    });
  }
}
