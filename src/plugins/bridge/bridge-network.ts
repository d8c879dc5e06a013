/** One network: leases for sessions, interfaces for leases, and what is known of both. */
import { delay, errorText, type Logger } from '../../base/index.js';
import type { Attachment, NetworkStatus } from '../../compat/index.js';
import { type RouteSession, routeError } from '../../sdk/index.js';
import { ipv4SubnetText, ipv4Text, ipv6SubnetText, ipv6Text } from './ip-subnet.js';
import type { Held, Lease } from './lease-book.js';
import { ipv6AddressOf, type MacAddress, parseMacAddress } from './mac-address.js';
import { MTU_RANGE, type NetworkSettings } from './network-settings.js';
import type { OpenLeases } from './open-leases.js';
import type { AttachResult, Plumbing } from './plumbing.js';

/** Milliseconds in which the owners of leases may come back after a restart of the plugin. */
export const GRACE_MS = 60_000;

/** What a network is made of. */
export interface BridgeNetworkOptions {
  readonly settings: NetworkSettings;
  readonly leases: OpenLeases;
  readonly plumbing: Plumbing;
  readonly logger: Logger;
  /** Aborts when the process is about to end: what sessions hold is then kept for the next one. */
  readonly terminating: AbortSignal;
  /** Waits for the owners of leases to come back; default {@link GRACE_MS}. */
  readonly wait?: ((signal: AbortSignal) => Promise<void>) | undefined;
}

/** A request for an interface. */
export interface AttachOptions {
  readonly hostname: string;
  readonly macAddress?: string | undefined;
  readonly interfaceName: string;
  readonly netns: number;
  readonly mtu?: number | undefined;
}

/** Longest hostname: that of a name in DNS, with the dot at its end. */
const MAX_HOSTNAME = 254;

/** One network. */
export class BridgeNetwork {
  readonly #options: BridgeNetworkOptions;
  readonly #logger: Logger;
  /** Hostnames of each session that holds leases. */
  readonly #held = new Map<RouteSession, Set<string>>();
  /** Who has the interface of a host. */
  readonly #attached = new Map<string, RouteSession>();
  readonly #closing = new AbortController();

  constructor(options: BridgeNetworkOptions) {
    this.#options = options;
    this.#logger = options.logger;
    void this.#waitForOwners();
  }

  /** The subnets and the gateway; beside upstream's keys the options the network was made with, if any. */
  status(): NetworkStatus {
    const { ipv4Subnet, ipv6Subnet } = this.#options.leases.network;
    const status = {
      ipv4Subnet: ipv4SubnetText(ipv4Subnet),
      ipv4Gateway: ipv4Text(ipv4Subnet.base + 1),
      ipv6Subnet: ipv6SubnetText(ipv6Subnet),
    };
    return { ...status, ...this.#shownOptions() };
  }

  /**
   * The address of a host, held by the session until it ends. It is on the disk when this resolves.
   * @throws routeError `invalidArgument` for a hostname or MAC that is none, `exists` for a MAC that is another's,
   *   `invalidState` when no address is free, `internalError` when the lease cannot be written
   */
  async allocate(
    hostname: string,
    macAddress: string | undefined,
    session: RouteSession,
  ): Promise<Attachment> {
    assertHostname(hostname);
    const { lease } = await this.#hold(hostname, readMac(macAddress), session);
    return this.#attachment(lease, this.#options.settings.mtu);
  }

  /**
   * As {@link allocate}, and puts an interface into a network namespace. A host has one at a time: a later request of
   * the same session takes its place.
   * @throws routeError also `exists` when another session has the interface of this host
   */
  async attach(
    options: AttachOptions,
    session: RouteSession,
  ): Promise<AttachResult & { readonly attachment: Attachment }> {
    const { hostname, interfaceName, netns } = options;
    assertHostname(hostname);
    assertInterfaceName(interfaceName);
    const mtu = assertMtu(options.mtu) ?? this.#options.settings.mtu;
    const mac = readMac(options.macAddress);
    const owner = this.#attached.get(hostname);
    if (owner !== undefined && owner !== session && owner.isConnected) {
      throw routeError('exists', `${hostname} has an interface already, for another client`);
    }
    this.#attached.set(hostname, session);
    let held: Held | undefined;
    try {
      held = await this.#hold(hostname, mac, session);
      const { lease } = held;
      const { ipv4Address, ipv6Address } = this.#addresses(lease);
      const request = { hostname, mac: lease.mac, ipv4Address, ipv6Address, mtu, interfaceName, netns };
      const result = await this.#options.plumbing.attach(request);
      if (!result.isConnected) this.#attached.delete(hostname);
      this.#logger.info('attached', { hostname, ipv4Address, ...result });
      return { ...result, attachment: this.#attachment(lease, mtu) };
    } catch (error) {
      this.#attached.delete(hostname);
      if (held?.isNew) {
        this.#letGo(hostname, session);
        await this.#saveOrWarn();
      }
      throw error;
    }
  }

  /** The address of a host that has one. @throws routeError `invalidArgument` for what is no hostname */
  lookup(hostname: string): Attachment | undefined {
    assertHostname(hostname);
    const lease = this.#options.leases.book.find(hostname);
    return lease === undefined ? undefined : this.#attachment(lease, this.#options.settings.mtu);
  }

  /** Removes what was made on the machine. Leases stay in the file for the next process. Never rejects. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#options.plumbing.close();
  }

  async #hold(hostname: string, mac: MacAddress | undefined, session: RouteSession): Promise<Held> {
    const { book } = this.#options.leases;
    const { lease, isNew } = book.hold(hostname, session, mac);
    if (isNew) this.#remember(session, hostname);
    try {
      await this.#save();
    } catch (error) {
      if (isNew) this.#letGo(hostname, session);
      throw routeError('internalError', `the lease of ${hostname} cannot be kept: ${errorText(error)}`);
    }
    const { address, mac: macAddress } = lease;
    if (isNew) this.#logger.info('leased', { hostname, ipv4Address: ipv4Text(address), macAddress });
    return { lease, isNew };
  }

  #letGo(hostname: string, session: RouteSession): void {
    this.#held.get(session)?.delete(hostname);
    const freed = this.#options.leases.book.release(hostname, session);
    if (freed !== undefined) this.#logger.info('freed', { hostname, ipv4Address: ipv4Text(freed.address) });
  }

  #remember(session: RouteSession, hostname: string): void {
    const hostnames = this.#held.get(session);
    if (hostnames !== undefined) return void hostnames.add(hostname);
    this.#held.set(session, new Set([hostname]));
    session.onDisconnect(() => this.#leave(session));
  }

  /** The session has ended: by its client, or because this process ends; then its client is there and comes back. */
  async #leave(session: RouteSession): Promise<void> {
    const hostnames = this.#held.get(session) ?? new Set();
    this.#held.delete(session);
    if (this.#options.terminating.aborted) return;
    for (const hostname of hostnames) {
      if (this.#attached.get(hostname) === session) {
        this.#attached.delete(hostname);
        await this.#options.plumbing.detach(hostname);
      }
      this.#letGo(hostname, session);
    }
    await this.#saveOrWarn();
  }

  async #waitForOwners(): Promise<void> {
    const { leases, wait = (signal) => delay(GRACE_MS, signal) } = this.#options;
    const { unheldCount } = leases.book;
    if (unheldCount === 0) return;
    this.#logger.info('leases wait for their owners', { leases: unheldCount });
    const isOver = await wait(this.#closing.signal).then(
      () => true,
      () => false,
    );
    if (isOver) await this.#freeUnheld();
  }

  async #freeUnheld(): Promise<void> {
    const freed = this.#options.leases.book.releaseUnheld();
    if (freed.length === 0) return;
    const hostnames = freed.map(({ hostname }) => hostname);
    this.#logger.warn('nobody came back for leases of an earlier process: they are freed', { hostnames });
    for (const hostname of hostnames) {
      if (!this.#attached.has(hostname)) await this.#options.plumbing.detach(hostname);
    }
    await this.#saveOrWarn();
  }

  #save(): Promise<void> {
    const { file, network, book } = this.#options.leases;
    return file.save(network, book);
  }

  /** A freed lease that is still in the file is freed again after the next start. */
  async #saveOrWarn(): Promise<void> {
    await this.#save().catch((error: unknown) => {
      this.#logger.error('leases that were freed are still in the file', { error: errorText(error) });
    });
  }

  #addresses(lease: Lease): { readonly ipv4Address: string; readonly ipv6Address: string } {
    const { ipv4Subnet, ipv6Subnet } = this.#options.leases.network;
    return {
      ipv4Address: `${ipv4Text(lease.address)}/${ipv4Subnet.prefix}`,
      ipv6Address: `${ipv6Text(ipv6AddressOf(lease.mac, ipv6Subnet))}/${ipv6Subnet.prefix}`,
    };
  }

  #attachment(lease: Lease, mtu: number | undefined): Attachment {
    const { id, variant } = this.#options.settings;
    const attachment = {
      network: id,
      hostname: lease.hostname,
      ...this.#addresses(lease),
      ipv4Gateway: ipv4Text(this.#options.leases.network.ipv4Subnet.base + 1),
      macAddress: lease.mac,
      ...(mtu === undefined ? {} : { mtu }),
      ...(variant === undefined ? {} : { variant }),
    };
    return { ...attachment, ...this.#shownOptions() };
  }

  /** apple/container has no key for them and ignores this one. */
  #shownOptions(): { readonly options?: Readonly<Record<string, string>> } {
    const { options } = this.#options.settings;
    return Object.keys(options).length === 0 ? {} : { options };
  }
}

function assertHostname(hostname: string): void {
  const isUsable = hostname.length > 0 && Buffer.byteLength(hostname) <= MAX_HOSTNAME;
  if (isUsable && !/[\0-\x20\x7f/]/.test(hostname)) return;
  throw routeError('invalidArgument', `not a hostname: ${JSON.stringify(hostname.slice(0, MAX_HOSTNAME))}`);
}

function assertInterfaceName(name: string): void {
  if (/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,14}$/.test(name) && name !== 'lo' && name !== 'all' && name !== 'default')
    return;
  throw routeError('invalidArgument', `not a name for an interface: ${JSON.stringify(name.slice(0, 64))}`);
}

function assertMtu(mtu: number | undefined): number | undefined {
  if (mtu === undefined || (mtu >= MTU_RANGE.min && mtu <= MTU_RANGE.max)) return mtu;
  throw routeError('invalidArgument', `an MTU is ${MTU_RANGE.min} to ${MTU_RANGE.max} bytes, not ${mtu}`);
}

function readMac(text: string | undefined): MacAddress | undefined {
  if (text === undefined) return undefined;
  try {
    return parseMacAddress(text);
  } catch (error) {
    throw routeError('invalidArgument', errorText(error));
  }
}
