/** Names and marks of the interfaces of one network: found again after a crash, and told from everybody else's. */
import { createHash } from 'node:crypto';
import { type MacAddress, macAddressOf } from '../mac-address.js';
import type { Link } from './links.js';

/** Longest name of an interface (IFNAMSIZ without the NUL). */
const MAX_NAME = 15;

/**
 * Names for one network. Two networks of the same name belong to two servers on the same machine, so the state
 * directory is part of it all. A link is ours when its MAC is the one that follows from its name and this network: it
 * has that from the moment it is made, and nobody else would choose it.
 */
export class LinkNames {
  readonly #network: string;
  readonly #key: string;

  constructor(network: string, stateDirectory: string) {
    this.#network = network;
    this.#key = `${stateDirectory}\0${network}`;
  }

  /** For names elsewhere, such as a table of the firewall: 12 hexadecimal digits. */
  get tag(): string {
    return this.#hash('tag').toString('hex').slice(0, 12);
  }

  /** The bridge: readable, and with a `turn` for when somebody else has the name. */
  bridge(turn = 0): string {
    const readable = this.#network.replaceAll(/[^a-z0-9]/g, '').slice(0, 6);
    return `lp-${readable}-${this.#hash(`bridge ${turn}`).toString('hex').slice(0, 5)}`.slice(0, MAX_NAME);
  }

  /** This machine's end of the pair that leads to a host. */
  port(hostname: string): string {
    return `lpv${this.#hash(`port ${hostname}`).toString('hex').slice(0, 12)}`;
  }

  /** The MAC of our interface of that name. */
  mark(name: string): MacAddress {
    return macAddressOf(this.#hash(`mark ${name}`));
  }

  /** Whether this network made the interface. */
  isOurs({ ifname, address }: Link): boolean {
    return /^lp[-v]/.test(ifname) && address === this.mark(ifname);
  }

  #hash(use: string): Buffer {
    return createHash('sha256').update(`${this.#key}\0${use}`).digest();
  }
}
