/** The addresses of a network that can be leased: each at most once, and a freed one as late as possible again. */
import { type Ipv4Subnet, lastIpv4 } from './ip-subnet.js';

/** Longest prefix that leaves an address to lease: a network needs its own, the gateway's and two at the end. */
export const MAX_IPV4_PREFIX = 29;

/**
 * As in apple/container the pool begins two above the lowest address, after the gateway, and has `highest - lowest - 3`
 * addresses.
 */
export class AddressPool {
  readonly first: number;
  readonly size: number;
  readonly #used = new Set<number>();
  #next: number;

  /** @throws RangeError for a subnet with no address to lease */
  constructor(subnet: Ipv4Subnet) {
    if (subnet.prefix > MAX_IPV4_PREFIX)
      throw new RangeError(`a /${subnet.prefix} is too small for a network`);
    this.first = subnet.base + 2;
    this.size = lastIpv4(subnet) - subnet.base - 3;
    this.#next = this.first;
  }

  /** Addresses in use. */
  get used(): number {
    return this.#used.size;
  }

  /** Where the search for the next address begins. */
  get next(): number {
    return this.#next;
  }

  /** Begins the next search at `address`; one outside of the pool is ignored. */
  rotateTo(address: number): void {
    if (this.holds(address)) this.#next = address;
  }

  /** Whether the address belongs to the pool. */
  holds(address: number): boolean {
    return Number.isInteger(address) && address >= this.first && address < this.first + this.size;
  }

  /** Takes the next free address; undefined when there is none. */
  take(): number | undefined {
    if (this.#used.size >= this.size) return undefined;
    while (this.#used.has(this.#next)) this.#advance();
    const address = this.#next;
    this.#used.add(address);
    this.#advance();
    return address;
  }

  /** Takes this address; false when it is in use or none of the pool. */
  claim(address: number): boolean {
    if (!this.holds(address) || this.#used.has(address)) return false;
    this.#used.add(address);
    return true;
  }

  /** Gives an address back. */
  free(address: number): void {
    this.#used.delete(address);
  }

  #advance(): void {
    this.#next = this.#next + 1 === this.first + this.size ? this.first : this.#next + 1;
  }
}
