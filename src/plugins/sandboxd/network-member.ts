/** A container's place on one network, kept for the container's life: the address goes back when the connection does. */
import { delay, errorText, type Logger } from '../../base/index.js';
import {
  type Attachment,
  type AttachmentConfiguration,
  interfaceProtocol,
  networkProtocol,
  networkServiceName,
} from '../../compat/index.js';
import { RouteClient } from '../../routes/index.js';
import { fileDescriptor, isRouteError } from '../../sdk/index.js';
import type { ConnectOptions, XpcTransport } from '../../xpc/index.js';

/** Milliseconds before a helper that went away is asked again, at first and at most. */
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 30_000;
/** Milliseconds for an answer: the helper may have to be started, and makes interfaces. */
const ANSWER_TIMEOUT = 60_000;

/** How network helpers are reached. */
export interface NetworkAccess {
  readonly transport: XpcTransport;
  /** What their Mach services begin with, `com.apple.container.` as a rule. */
  readonly prefix: string;
  readonly logger: Logger;
  readonly connect?: ConnectOptions;
}

/** One network of a container. */
export interface Membership {
  readonly configuration: AttachmentConfiguration;
  /** The network's plugin. */
  readonly plugin: string;
  /** Of the interface inside, as `eth0`. */
  readonly interfaceName: string;
  /** The container's network namespace; undefined where there is none, and once it has ended. */
  readonly netns: () => number | undefined;
  /** Told of a place that is another than before. */
  readonly onChange: () => void;
  /** Told what people should know. */
  readonly note: (text: string) => void;
}

/** Joins a network, and joins it again when its helper has died. */
export class NetworkMember {
  readonly #access: NetworkAccess;
  readonly #membership: Membership;
  readonly #left = new AbortController();
  #client: RouteClient | undefined;
  #attachment: Attachment | undefined;
  #isConnected = false;

  constructor(membership: Membership, access: NetworkAccess) {
    this.#membership = membership;
    this.#access = access;
  }

  /** The place, once joined. */
  get attachment(): Attachment | undefined {
    return this.#attachment;
  }

  /** Whether there is an interface with the address. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** @throws LaunchportError what the helper answered, or why it did not */
  async join(): Promise<void> {
    const client = this.#connect();
    this.#client = client;
    try {
      this.#attachment = await this.#ask(client);
    } catch (error) {
      void client.close();
      throw error;
    }
    client.onDisconnect((reason) => {
      if (this.#left.signal.aborted) return;
      this.#access.logger.warn('a network helper went away', {
        service: client.service,
        reason: errorText(reason),
      });
      void client.close();
      void this.#rejoin();
    });
    if (this.#left.signal.aborted) this.leave();
  }

  /** Gives the address back. Harmless twice. */
  leave(): void {
    this.#left.abort();
    void this.#client?.close();
    this.#client = undefined;
  }

  #connect(): RouteClient {
    const { transport, prefix, connect } = this.#access;
    const { plugin, configuration } = this.#membership;
    return RouteClient.connect(transport, networkServiceName(plugin, configuration.network, prefix), {
      timeout: ANSWER_TIMEOUT,
      ...(connect === undefined ? {} : { connect }),
    });
  }

  async #ask(client: RouteClient): Promise<Attachment> {
    const { configuration, interfaceName, netns, note } = this.#membership;
    const { hostname, macAddress, mtu } = configuration.options;
    // The same address as before goes with the same hostname and MAC address.
    const mac = macAddress ?? this.#attachment?.macAddress;
    const who = { hostname, ...(mac === undefined ? {} : { macAddress: mac }) };
    const options = { signal: this.#left.signal };
    const descriptor = netns();
    const withMtu = (attachment: Attachment) => (mtu === undefined ? attachment : { ...attachment, mtu });
    if (descriptor !== undefined) {
      try {
        const where = {
          interfaceName,
          netns: fileDescriptor(descriptor),
          ...(mtu === undefined ? {} : { mtu }),
        };
        const reply = await client.as(interfaceProtocol).call('attach', { ...who, ...where }, options);
        this.#isConnected = reply.isConnected;
        if (!reply.isConnected)
          note(`no interface on network ${configuration.network}: ${reply.reason ?? 'no reason given'}`);
        return withMtu(reply.attachment);
      } catch (error) {
        // One of upstream's, or of somebody else's: it has addresses, and interfaces are for others to make.
        if (!isRouteError(error, 'unsupported')) throw error;
        note(`the plugin of network ${configuration.network} makes no interfaces`);
      }
    }
    return withMtu((await client.as(networkProtocol).call('allocate', who, options)).attachment);
  }

  async #rejoin(): Promise<void> {
    const before = this.#attachment;
    for (let pause = FIRST_PAUSE; !this.#left.signal.aborted; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      try {
        await delay(pause, this.#left.signal);
        await this.join();
        this.#access.logger.info('a network is joined again', {
          network: this.#membership.configuration.network,
        });
        const now = this.#attachment;
        const keys = ['ipv4Address', 'ipv6Address', 'macAddress'] as const;
        if (keys.some((key) => before?.[key] !== now?.[key])) this.#membership.onChange();
        return;
      } catch (error) {
        if (this.#left.signal.aborted) return;
        this.#access.logger.debug('a network cannot be joined again yet', { error: errorText(error) });
      }
    }
  }
}
