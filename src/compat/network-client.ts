/** Client of a network helper, ours or upstream's. What it is given is a lease: it lasts as long as its connection. */
import type { CallOptions, DisconnectListener, RouteClient } from '../routes/index.js';
import { fileDescriptor, type XpcDictionary, type XpcFileDescriptor } from '../xpc/index.js';
import { isReplyCode } from './client-calls.js';
import { connectHelper, type HelperOptions } from './helper-options.js';
import type { Attachment, NetworkStatus } from './network-json.js';
import { interfaceProtocol, networkProtocol, networkServiceName } from './network-protocol.js';

const { routes } = networkProtocol;
const { attach } = interfaceProtocol.routes;

/** Who wants an address. */
export interface AllocateRequest {
  readonly hostname: string;
  readonly macAddress?: string | undefined;
}

/** Who wants an address and an interface that has it. */
export interface AttachRequest extends AllocateRequest {
  /** Name of the interface inside. */
  readonly interfaceName: string;
  /** An open file of the network namespace; stays the caller's. */
  readonly netns: number | XpcFileDescriptor;
  readonly mtu?: number | undefined;
}

/** What a helper gave. */
export interface Grant {
  readonly attachment: Attachment;
  /** What the runtime needs besides to make the interface; known to it and the helper. */
  readonly additionalData?: XpcDictionary;
  /** Whether the helper made the interface. */
  readonly isConnected: boolean;
  /** Why it did not. */
  readonly reason?: string;
}

/** Calls the helper of one network. Each call has its own deadline; upstream has none here. */
export class NetworkHelperClient implements AsyncDisposable {
  /** The helper's Mach service. */
  readonly service: string;
  readonly #options: HelperOptions;
  #client: RouteClient | undefined;

  /** Nothing is sent before the first call. */
  constructor(plugin: string, id: string, options: HelperOptions = {}) {
    this.service = networkServiceName(plugin, id, options.prefix);
    this.#options = options;
  }

  /** The subnets of the network. */
  async status(options?: CallOptions): Promise<NetworkStatus> {
    return (await this.#connect().call(routes.status, {}, options)).status;
  }

  /** What a hostname was given; undefined when it has nothing. */
  async lookup(hostname: string, options?: CallOptions): Promise<Attachment | undefined> {
    return (await this.#connect().call(routes.lookup, { hostname }, options)).attachment;
  }

  /** Takes an address. The lease has a connection of its own. */
  async allocate(request: AllocateRequest, options?: CallOptions): Promise<NetworkLease> {
    return this.#lease((client) => allocateOver(client, request, options));
  }

  /**
   * Takes an address and has the helper make an interface for it; from a helper that does not make any, only the
   * address. Not for upstream's helpers, which never answer a route that they do not know.
   */
  async attach(request: AttachRequest, options?: CallOptions): Promise<NetworkLease> {
    return this.#lease((client) => attachOver(client, request, options));
  }

  /** Ends the connection for status and lookups. Leases stay. */
  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #connect(): RouteClient {
    if (this.#client?.connection.isClosed === false) return this.#client;
    this.#client = connectHelper(this.service, this.#options);
    return this.#client;
  }

  async #lease(ask: (client: RouteClient) => Promise<Grant>): Promise<NetworkLease> {
    const client = connectHelper(this.service, this.#options);
    try {
      return new NetworkLease(client, await ask(client), ask);
    } catch (error) {
      await client.close();
      throw error;
    }
  }
}

/** An address that is held as long as this lives. */
export class NetworkLease implements AsyncDisposable {
  readonly #client: RouteClient;
  readonly #ask: (client: RouteClient) => Promise<Grant>;
  #grant: Grant;

  /** Made by {@link NetworkHelperClient}. */
  constructor(client: RouteClient, grant: Grant, ask: (client: RouteClient) => Promise<Grant>) {
    this.#client = client;
    this.#grant = grant;
    this.#ask = ask;
  }

  /** What the helper gave. */
  get grant(): Grant {
    return this.#grant;
  }

  /** The address. */
  get attachment(): Attachment {
    return this.#grant.attachment;
  }

  /** Hears that the helper went away, and the lease with it. Returns how to take it back. */
  onLost(listener: DisconnectListener): () => void {
    return this.#client.onDisconnect(listener);
  }

  /** Asks the helper again, as a new one that launchd has started in its place. */
  async renew(): Promise<Grant> {
    this.#grant = await this.#ask(this.#client);
    return this.#grant;
  }

  /** Gives the address back by ending the connection. */
  release(): Promise<void> {
    return this.#client.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }
}

async function allocateOver(
  client: RouteClient,
  { hostname, macAddress }: AllocateRequest,
  options: CallOptions | undefined,
): Promise<Grant> {
  const { attachment, additionalData } = await client.call(
    routes.allocate,
    { hostname, macAddress },
    options,
  );
  return { attachment, isConnected: false, ...(additionalData === undefined ? {} : { additionalData }) };
}

async function attachOver(
  client: RouteClient,
  request: AttachRequest,
  options: CallOptions | undefined,
): Promise<Grant> {
  const { netns, ...rest } = request;
  try {
    const body = { ...rest, netns: typeof netns === 'number' ? fileDescriptor(netns) : netns };
    const { attachment, isConnected, reason } = await client.call(attach, body, options);
    return { attachment, isConnected, ...(reason === undefined ? {} : { reason }) };
  } catch (error) {
    if (!isReplyCode(error, 'unsupported')) throw error;
    const grant = await allocateOver(client, request, options);
    return { ...grant, reason: 'the network plugin makes no interfaces' };
  }
}
