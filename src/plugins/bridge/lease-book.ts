/** Who has which address: one lease per hostname, which lives as long as somebody holds it. */
import { routeError } from '../../sdk/index.js';
import { AddressPool } from './address-pool.js';
import { type Ipv4Subnet, ipv4SubnetText } from './ip-subnet.js';
import { type MacAddress, randomMacAddress } from './mac-address.js';

/** The address of a host. */
export interface Lease {
  readonly hostname: string;
  readonly address: number;
  readonly mac: MacAddress;
  /** When the host got it. */
  readonly since: Date;
}

/** Whoever holds leases: a session of a client. Only its identity counts. */
export type Holder = object;

/** A lease and whether this call made the caller a holder of it. */
export interface Held {
  readonly lease: Lease;
  readonly isNew: boolean;
}

interface Entry {
  lease: Lease;
  readonly holders: Set<Holder>;
}

/** The leases of one network, in memory. */
export class LeaseBook {
  readonly #subnet: Ipv4Subnet;
  readonly #pool: AddressPool;
  readonly #byHostname = new Map<string, Entry>();
  readonly #byMac = new Map<MacAddress, Entry>();
  readonly #byAddress = new Map<number, Entry>();
  readonly #byName = new Map<string, Set<Entry>>();
  readonly #makeMac: () => MacAddress;

  /** @throws RangeError for a subnet with no address to lease */
  constructor(subnet: Ipv4Subnet, makeMac: () => MacAddress = randomMacAddress) {
    this.#subnet = subnet;
    this.#pool = new AddressPool(subnet);
    this.#makeMac = makeMac;
  }

  /** All leases, in the order they were made. */
  get leases(): readonly Lease[] {
    return [...this.#byHostname.values()].map(({ lease }) => lease);
  }

  /** Where the search for the next address begins. */
  get next(): number {
    return this.#pool.next;
  }

  /** Begins the next search at `address`. */
  rotateTo(address: number): void {
    this.#pool.rotateTo(address);
  }

  /** Enters a lease of an earlier process, which nobody holds yet; false when it does not fit in. */
  restore(lease: Lease): boolean {
    if (this.#byHostname.has(lease.hostname) || this.#byMac.has(lease.mac)) return false;
    if (!this.#pool.claim(lease.address)) return false;
    this.#enter({ lease, holders: new Set() });
    return true;
  }

  /**
   * The lease of `hostname`, made when there is none; `holder` holds it from now on. A MAC that is given becomes the
   * host's, unless somebody else holds the lease and relies on another.
   * @throws routeError `exists` for a MAC that is another's or cannot be changed, `invalidState` when no address is free
   */
  hold(hostname: string, holder: Holder, mac?: MacAddress): Held {
    const owner = mac === undefined ? undefined : this.#byMac.get(mac);
    if (mac !== undefined && owner !== undefined && owner.lease.hostname !== hostname) {
      throw routeError('exists', `MAC address ${mac} is that of ${owner.lease.hostname}`);
    }
    const entry = this.#byHostname.get(hostname) ?? this.#make(hostname, mac);
    if (mac !== undefined && entry.lease.mac !== mac) this.#changeMac(entry, holder, mac);
    const isNew = !entry.holders.has(holder);
    entry.holders.add(holder);
    return { lease: entry.lease, isNew };
  }

  /** `holder` needs the lease no more. Returns it when it was the last one, and the lease is no more. */
  release(hostname: string, holder: Holder): Lease | undefined {
    const entry = this.#byHostname.get(hostname);
    if (entry === undefined || !entry.holders.delete(holder) || entry.holders.size > 0) return undefined;
    return this.#remove(entry);
  }

  /** Frees what nobody holds. */
  releaseUnheld(): readonly Lease[] {
    return [...this.#byHostname.values()]
      .filter(({ holders }) => holders.size === 0)
      .map((entry) => this.#remove(entry));
  }

  /** Leases that nobody holds. */
  get unheldCount(): number {
    return [...this.#byHostname.values()].filter(({ holders }) => holders.size === 0).length;
  }

  /** The lease of exactly this hostname, else of one that is the same name for DNS. */
  find(hostname: string): Lease | undefined {
    const [named] = this.#byName.get(nameKey(hostname)) ?? [];
    return (this.#byHostname.get(hostname) ?? named)?.lease;
  }

  findByAddress(address: number): Lease | undefined {
    return this.#byAddress.get(address)?.lease;
  }

  findByMac(mac: MacAddress): Lease | undefined {
    return this.#byMac.get(mac)?.lease;
  }

  #make(hostname: string, mac: MacAddress | undefined): Entry {
    const address = this.#pool.take();
    if (address === undefined) {
      const { size } = this.#pool;
      const count = size === 1 ? 'its only address is' : `all its ${size} addresses are`;
      throw routeError('invalidState', `network ${ipv4SubnetText(this.#subnet)} is full: ${count} leased`);
    }
    const lease = { hostname, address, mac: mac ?? this.#freeMac(), since: new Date() };
    const entry = { lease, holders: new Set<Holder>() };
    this.#enter(entry);
    return entry;
  }

  #freeMac(): MacAddress {
    let mac = this.#makeMac();
    while (this.#byMac.has(mac)) mac = this.#makeMac();
    return mac;
  }

  #changeMac(entry: Entry, holder: Holder, mac: MacAddress): void {
    const { lease, holders } = entry;
    if (holders.size > (holders.has(holder) ? 1 : 0)) {
      throw routeError('exists', `${lease.hostname} is in use with the MAC address ${lease.mac}, not ${mac}`);
    }
    this.#byMac.delete(lease.mac);
    entry.lease = { ...lease, mac };
    this.#byMac.set(mac, entry);
  }

  #enter(entry: Entry): void {
    const { hostname, mac, address } = entry.lease;
    this.#byHostname.set(hostname, entry);
    this.#byMac.set(mac, entry);
    this.#byAddress.set(address, entry);
    const named = this.#byName.get(nameKey(hostname));
    if (named === undefined) this.#byName.set(nameKey(hostname), new Set([entry]));
    else named.add(entry);
  }

  #remove(entry: Entry): Lease {
    const { hostname, mac, address } = entry.lease;
    this.#byHostname.delete(hostname);
    this.#byMac.delete(mac);
    this.#byAddress.delete(address);
    this.#pool.free(address);
    const named = this.#byName.get(nameKey(hostname));
    named?.delete(entry);
    if (named?.size === 0) this.#byName.delete(nameKey(hostname));
    return entry.lease;
  }
}

/** DNS makes no difference between cases, and a dot at the end only says that the name is complete. */
function nameKey(hostname: string): string {
  return hostname.toLowerCase().replace(/\.$/, '');
}
