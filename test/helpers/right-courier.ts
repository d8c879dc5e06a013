/**
 * Sends messages with rights there and back between two transports and tells what arrived, so that one property can be
 * checked on the mock world and on the addon.
 */
import {
  closeRights,
  fileDescriptor,
  isDictionary,
  type XpcConnection,
  type XpcDictionary,
  XpcEndpoint,
  XpcFileDescriptor,
  type XpcListener,
  XpcPortRight,
  XpcSharedMemory,
  type XpcTransport,
  type XpcValue,
} from '../../src/xpc/index.js';
import { RIGHTS_OF_A_KIND } from './xpc-arbitraries.js';

/** Two transports, of one process or of two, and their system's files. */
export interface CourierWorld {
  readonly client: XpcTransport;
  readonly server: XpcTransport;
  /** Connects the client to the server, which listens with `accept`. */
  connect(accept: () => { request: (message: XpcDictionary) => Promise<XpcDictionary> }): XpcConnection;
  /** Descriptors of the client, of as many different open files. */
  openFiles(count: number): readonly number[];
  /** The open file behind a descriptor, however often it was duplicated. */
  identity(descriptor: number): string;
}

/** What one message was when the server got it and when it came back, rights as names. */
export interface Delivery {
  readonly sent: XpcValue;
  readonly arrived: XpcValue;
  readonly returned: XpcValue;
}

/** The courier. Keeps one set of rights to send, and gives up all that it receives. */
export class RightCourier implements AsyncDisposable {
  readonly #world: CourierWorld;
  readonly #connection: XpcConnection;
  readonly #files: readonly XpcFileDescriptor[];
  readonly #memories: readonly XpcSharedMemory[];
  readonly #listeners: readonly XpcListener[];
  readonly #endpoints: readonly XpcEndpoint[];
  #arrived: XpcValue = null;

  constructor(world: CourierWorld) {
    this.#world = world;
    this.#files = world.openFiles(RIGHTS_OF_A_KIND).map(fileDescriptor);
    this.#memories = kinds((index) => {
      const memory = world.client.createSharedMemory(4096 + index * 1000 + 1);
      new Uint8Array(memory.buffer).fill(index + 1, 0, 1).fill(index + 1, memory.byteLength - 1);
      return memory;
    });
    this.#listeners = kinds((index) =>
      world.client.listenAnonymous(() => ({ request: () => ({ index: BigInt(index) }) })),
    );
    this.#endpoints = this.#listeners.map((listener) => listener.endpoint());
    this.#connection = world.connect(() => ({
      request: async (message) => {
        this.#arrived = await this.#named(world.server, message);
        // Sent on as it came, and only then given up.
        setImmediate(() => closeRights(message));
        return message;
      },
    }));
  }

  /** Sends what is planned, see `plan` of the arbitraries. */
  async deliver(planned: XpcDictionary): Promise<Delivery> {
    const returned = await this.#connection.request(this.#made(planned) as XpcDictionary);
    const named = await this.#named(this.#world.client, returned);
    closeRights(returned);
    return {
      sent: await this.#named(this.#world.client, this.#made(planned)),
      arrived: this.#arrived,
      returned: named,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]();
    for (const listener of this.#listeners) await listener[Symbol.asyncDispose]();
    for (const right of [...this.#memories, ...this.#endpoints]) right.release();
  }

  #made(value: XpcValue): XpcValue {
    return mapped(value, (leaf) => {
      if (!(leaf instanceof XpcPortRight)) return leaf;
      const rights = { fd: this.#files, endpoint: this.#endpoints, shmem: this.#memories, 'mach send': [] };
      return rights[leaf.type][leaf.index] as XpcValue;
    });
  }

  /** The value with a name in the place of each right. */
  async #named(transport: XpcTransport, value: XpcValue): Promise<XpcValue> {
    const names = new Map<XpcValue, string>();
    const rights: XpcValue[] = [];
    mapped(value, (leaf) => {
      rights.push(leaf);
      return leaf;
    });
    for (const right of rights) {
      if (right instanceof XpcEndpoint) names.set(right, await whoListens(transport, right));
      else if (right instanceof XpcFileDescriptor) names.set(right, `file ${this.#world.identity(right.fd)}`);
      else if (right instanceof XpcSharedMemory) names.set(right, whichMemory(right));
    }
    return mapped(value, (leaf) => names.get(leaf) ?? leaf);
  }
}

async function whoListens(transport: XpcTransport, endpoint: XpcEndpoint): Promise<string> {
  await using connection = transport.connect(endpoint);
  return `listener ${(await connection.request({})).index}`;
}

function whichMemory({ byteLength, buffer }: XpcSharedMemory): string {
  const bytes = new Uint8Array(buffer);
  return `memory of ${byteLength} bytes in ${bytes.length}, ${bytes[0]} to ${bytes.at(-1)}`;
}

/** A copy with other leaves. */
function mapped(value: XpcValue, change: (leaf: XpcValue) => XpcValue): XpcValue {
  if (Array.isArray(value)) return value.map((item) => mapped(item, change));
  if (!isDictionary(value)) return change(value);
  const copy: Record<string, XpcValue> = Object.create(null);
  for (const [key, item] of Object.entries(value)) copy[key] = mapped(item, change);
  return copy;
}

function kinds<T>(make: (index: number) => T): T[] {
  return Array.from({ length: RIGHTS_OF_A_KIND }, (_, index) => make(index));
}
