/** The file that leases survive in: read once, and written whole, with fsync, before anybody is told of a lease. */
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { type Logger, writeFileAtomic } from '../../base/index.js';
import { MAX_IPV4_PREFIX } from './address-pool.js';
import {
  type Ipv4Subnet,
  type Ipv6Subnet,
  ipv4SubnetText,
  ipv4Text,
  ipv6SubnetText,
  parseIpv4,
  parseIpv4Subnet,
  parseIpv6Subnet,
} from './ip-subnet.js';
import type { Lease, LeaseBook } from './lease-book.js';
import { MAX_IPV6_PREFIX, parseMacAddress } from './mac-address.js';

const VERSION = 1;

/** Text that `parse` takes, as what it makes of it. */
function parsed<T>(parse: (text: string) => T): z.ZodType<T> {
  return z.string().transform((text, context) => {
    try {
      return parse(text);
    } catch {
      context.addIssue({ code: 'custom', message: `cannot be read: ${text}` });
      return z.NEVER;
    }
  });
}

const leaseSchema = z.object({
  hostname: z.string().min(1),
  ipv4Address: parsed(parseIpv4),
  macAddress: parsed(parseMacAddress),
  since: parsed((text) => z.iso.datetime().parse(text)).transform((text) => new Date(text)),
});

const headSchema = z.object({
  version: z.literal(VERSION),
  network: z.string(),
  ipv4Subnet: parsed(parseIpv4Subnet).refine(({ prefix }) => prefix >= 1 && prefix <= MAX_IPV4_PREFIX),
  ipv6Subnet: parsed(parseIpv6Subnet).refine(({ prefix }) => prefix >= 1 && prefix <= MAX_IPV6_PREFIX),
  next: parsed(parseIpv4).optional(),
  leases: z.array(z.unknown()),
});

/** What an earlier process left. */
export interface StoredLeases {
  readonly ipv4Subnet: Ipv4Subnet;
  readonly ipv6Subnet: Ipv6Subnet;
  readonly next: number | undefined;
  readonly leases: readonly Lease[];
}

/** What is written besides the leases. */
export interface StoredNetwork {
  readonly network: string;
  readonly ipv4Subnet: Ipv4Subnet;
  readonly ipv6Subnet: Ipv6Subnet;
}

/** `leases.json` of one network. */
export class LeaseFile {
  readonly path: string;
  readonly #logger: Logger;
  /** The write under way, and the one that will begin after it. */
  #current: Promise<void> | undefined;
  #following: Promise<void> | undefined;

  constructor(path: string, logger: Logger) {
    this.path = path;
    this.#logger = logger;
  }

  /**
   * What the file says; undefined when there is none. A file that cannot be understood, or is another network's, is
   * kept beside under another name, and said in the log, and so is one of whose leases only some can be read.
   * @throws the system's error when there is a file that cannot be read, or a copy that cannot be made
   */
  async load(network: string): Promise<StoredLeases | undefined> {
    const text = await readFile(this.path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (text === undefined) return undefined;
    const { head, problem } = readHead(text);
    if (head === undefined || head.network !== network) {
      await this.keepAside(problem ?? `it is that of network ${head?.network}`);
      return undefined;
    }
    const leases: Lease[] = [];
    let unreadable = 0;
    for (const each of head.leases) {
      const { data } = leaseSchema.safeParse(each);
      if (data === undefined) unreadable++;
      else {
        const { hostname, ipv4Address: address, macAddress: mac, since } = data;
        leases.push({ hostname, address, mac, since });
      }
    }
    if (unreadable > 0) await this.keepAside(`${unreadable} of its leases cannot be read`);
    const { ipv4Subnet, ipv6Subnet, next } = head;
    return { ipv4Subnet, ipv6Subnet, next, leases };
  }

  /** Copies the file to `leases.json.kept-TIME` beside it, durably enough to look at later. */
  async keepAside(reason: string): Promise<void> {
    const copy = `${this.path}.kept-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
    await copyFile(this.path, copy);
    this.#logger.error('the leases of this network are not taken over as they are; the file is kept', {
      file: this.path,
      copy,
      reason,
    });
  }

  /**
   * Writes the book as it is when the writing begins; resolves when it is on the disk. Calls during a write share the
   * next one.
   * @throws the system's error; the file is then the old one
   */
  save(network: StoredNetwork, book: LeaseBook): Promise<void> {
    if (this.#following !== undefined) return this.#following;
    if (this.#current === undefined) return this.#begin(network, book);
    this.#following = this.#current
      .catch(() => {})
      .then(() => {
        this.#following = undefined;
        return this.#begin(network, book);
      });
    return this.#following;
  }

  #begin(network: StoredNetwork, book: LeaseBook): Promise<void> {
    const run = this.#write(network, book);
    this.#current = run;
    void run
      .catch(() => {})
      .then(() => {
        if (this.#current === run) this.#current = undefined;
      });
    return run;
  }

  async #write(network: StoredNetwork, book: LeaseBook): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
    await writeFileAtomic(this.path, fileText(network, book));
  }
}

/** Subnets that the files of the other networks beside `directory` name; what cannot be read is left out. */
export async function readStoredSubnets(
  files: readonly string[],
): Promise<{ readonly ipv4: Ipv4Subnet[]; readonly ipv6: Ipv6Subnet[] }> {
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  const heads = texts.flatMap((text) => readHead(text).head ?? []);
  return { ipv4: heads.map(({ ipv4Subnet }) => ipv4Subnet), ipv6: heads.map(({ ipv6Subnet }) => ipv6Subnet) };
}

/** The name of the file in a network's state directory. */
export function leaseFilePath(stateDirectory: string): string {
  return join(stateDirectory, 'leases.json');
}

function readHead(text: string): { readonly head?: z.output<typeof headSchema>; readonly problem?: string } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { problem: 'it is not JSON' };
  }
  const { data, error } = headSchema.safeParse(json);
  if (data !== undefined) return { head: data };
  const { path = [], message = '' } = error?.issues[0] ?? {};
  return { problem: `${path.join('.')}: ${message}` };
}

function fileText({ network, ipv4Subnet, ipv6Subnet }: StoredNetwork, book: LeaseBook): string {
  const leases = book.leases.map(({ hostname, address, mac, since }) => ({
    hostname,
    ipv4Address: ipv4Text(address),
    macAddress: mac,
    since: since.toISOString(),
  }));
  const content = {
    version: VERSION,
    network,
    ipv4Subnet: ipv4SubnetText(ipv4Subnet),
    ipv6Subnet: ipv6SubnetText(ipv6Subnet),
    next: ipv4Text(book.next),
    leases,
  };
  return `${JSON.stringify(content, undefined, 1)}\n`;
}
