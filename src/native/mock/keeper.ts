/** The mock's keeper: a process that holds sockets by name, as launchport-keeper does. */
import { constants } from 'node:os';
import { type KeeperAnswer, KeeperOperation, type KeeperRequest } from '../recovery-port.js';
import type { DescriptorTable } from './descriptors.js';
import type { ProcessState } from './process-state.js';
import { systemError } from './system-error.js';

/** The file that starts one. */
export const MOCK_KEEPER = '/mock/launchport-keeper';

/** Sockets it keeps at most. */
const CAPACITY = 4096;

const { EINVAL, ENOENT, ENOSPC } = constants.errno;

/** The keepers of a world, by the path of their socket. */
export class MockKeepers {
  readonly #descriptors: DescriptorTable;
  readonly #keepers = new Map<string, MockKeeper>();

  constructor(descriptors: DescriptorTable) {
    this.#descriptors = descriptors;
  }

  /** A process of {@link MOCK_KEEPER} runs, and answers at `path` while it does. */
  start(path: string, process: ProcessState): void {
    this.#keepers.set(path, new MockKeeper(this.#descriptors, process));
  }

  /** The live one at `path`. */
  find(path: string): MockKeeper | undefined {
    const keeper = this.#keepers.get(path);
    return keeper?.process.isAlive ? keeper : undefined;
  }
}

/** One keeper. */
export class MockKeeper {
  readonly process: ProcessState;
  readonly #descriptors: DescriptorTable;
  /** By name, descriptors of its own. */
  readonly #sockets = new Map<string, { readonly descriptor: number; readonly tag: number }>();

  constructor(descriptors: DescriptorTable, process: ProcessState) {
    this.#descriptors = descriptors;
    this.process = process;
  }

  /** Answers; what it gives away is a descriptor of `asker`. */
  call(request: KeeperRequest, asker: ProcessState): KeeperAnswer {
    if (!this.process.isAlive) throw systemError('ECONNRESET', 'recvmsg', 'keeper');
    const { operation, name = '', index = 0 } = request;
    let given: Partial<KeeperAnswer> = {};
    if (operation === KeeperOperation.store) given = { status: this.#store(request) };
    else if (operation === KeeperOperation.remove) this.#remove(name);
    else if (operation === KeeperOperation.take) given = this.#take(index, asker);
    const count = this.#sockets.size;
    if (operation === KeeperOperation.end) this.process.finish({ exitCode: 0, signal: 0 });
    return { status: 0, count, pid: this.process.pid, tag: 0, name: '', descriptor: -1, ...given };
  }

  #store({ name = '', tag = 0, descriptor = -1 }: KeeperRequest): number {
    const file = this.#descriptors.file(descriptor);
    if (name === '' || file?.socket === undefined) return EINVAL;
    if (this.#sockets.size === CAPACITY && !this.#sockets.has(name)) return ENOSPC;
    const known = this.#sockets.get(name);
    const copy = this.#descriptors.open(file, { owner: this.process });
    this.#sockets.set(name, { descriptor: copy, tag });
    if (known !== undefined) this.#descriptors.close(known.descriptor);
    return 0;
  }

  #remove(name: string): void {
    const known = this.#sockets.get(name);
    this.#sockets.delete(name);
    if (known !== undefined) this.#descriptors.close(known.descriptor);
  }

  #take(index: number, asker: ProcessState): Partial<KeeperAnswer> {
    const entry = [...this.#sockets][index];
    const file = entry === undefined ? undefined : this.#descriptors.file(entry[1].descriptor);
    if (entry === undefined || file === undefined) return { status: ENOENT };
    const descriptor = this.#descriptors.open(file, { owner: asker });
    return { name: entry[0], tag: entry[1].tag, descriptor };
  }
}
