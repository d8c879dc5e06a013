/** What all processes of a mock world share: names of sockets, descriptors, locks, programs and process ids. */
import { constants } from 'node:os';
import type { PeerCredentials } from '../targets.js';
import type { MockLimits } from './limits.js';
import type { MockMain } from './process.js';
import { ProcessState } from './process-state.js';
import { ListeningSocket } from './socket.js';
import { nextTurn, Turn } from './turn.js';

// Higher than any real descriptor of a test, so that mixing them up is noticed.
const FIRST_DESCRIPTOR = 1_000_000;
const FIRST_PID = 5_000_000;

type Descriptor = { readonly socket: ListeningSocket } | { readonly lock: string };

/** The shared state of a world. */
export class WorldState {
  readonly limits: MockLimits;
  /** Programs by file; a string is the error code that starting it gives. */
  readonly programs = new Map<string, MockMain | string>();
  readonly processes = new Map<number, ProcessState>();
  /** What programs threw. */
  readonly failures: unknown[] = [];
  readonly #paths = new Map<string, ListeningSocket>();
  readonly #descriptors = new Map<number, Descriptor>();
  readonly #locks = new Set<string>();
  readonly #turns = new Set<Turn>();
  #isClosed = false;
  #lastDescriptor = FIRST_DESCRIPTOR;
  #lastPid = FIRST_PID;

  constructor(limits: MockLimits) {
    this.limits = limits;
  }

  /** A turn that {@link settled} waits for. */
  turn(work: () => void): Turn {
    const turn = new Turn(work);
    if (this.#isClosed) turn.close();
    else this.#turns.add(turn);
    return turn;
  }

  /** Runs `work` in a later turn. */
  defer(work: () => void): void {
    const turn = this.turn(() => {
      this.#turns.delete(turn);
      work();
    });
    turn.request();
  }

  /** Resolves when no turn is requested any more. Timers and promises of the programs are not waited for. */
  async settled(): Promise<void> {
    do {
      await nextTurn();
      for (const turn of this.#turns) if (turn.isClosed) this.#turns.delete(turn);
    } while ([...this.#turns].some((turn) => turn.isRequested));
  }

  addProcess(user: Partial<PeerCredentials>): ProcessState {
    const pid = user.pid ?? this.#nextPid();
    const { euid = process.geteuid?.() ?? 0, egid = process.getegid?.() ?? 0 } = user;
    const state = new ProcessState({ pid, euid, egid });
    this.processes.set(pid, state);
    return state;
  }

  /** Runs a program's body; throwing ends its process with exit code 1. */
  run(owner: ProcessState, main: () => Promise<void>): void {
    main().catch((error: unknown) => {
      this.failures.push(error);
      owner.finish({ exitCode: 1, signal: 0 });
    });
  }

  /** Ends every process, and every turn. */
  close(): void {
    this.#isClosed = true;
    for (const owner of this.processes.values())
      owner.finish({ exitCode: 0, signal: constants.signals.SIGKILL });
    for (const turn of this.#turns) turn.close();
    this.#turns.clear();
  }

  lookUp(path: string): ListeningSocket | undefined {
    const socket = this.#paths.get(path);
    return socket?.isOpen ? socket : undefined;
  }

  listen(path: string, backlog: number, pid: number): number {
    const socket = new ListeningSocket(path, backlog, pid).retain();
    this.#paths.set(path, socket);
    return this.#open({ socket });
  }

  isOpen(descriptor: number): boolean {
    return this.#descriptors.has(descriptor);
  }

  listeningSocket(descriptor: number): ListeningSocket | undefined {
    const entry = this.#descriptors.get(descriptor);
    return entry !== undefined && 'socket' in entry ? entry.socket : undefined;
  }

  lock(path: string): number {
    if (this.#locks.has(path)) return -1;
    this.#locks.add(path);
    return this.#open({ lock: path });
  }

  /**
   * Closes a descriptor, or returns false when there is no such. A listener's name goes with the descriptor it was
   * created with, because here is no file that a supervisor could remove beside.
   */
  closeDescriptor(descriptor: number): boolean {
    const entry = this.#descriptors.get(descriptor);
    if (entry === undefined) return false;
    this.#descriptors.delete(descriptor);
    if ('socket' in entry) {
      const { socket } = entry;
      if (this.#paths.get(socket.path) === socket) this.#paths.delete(socket.path);
      socket.release();
    } else this.#locks.delete(entry.lock);
    return true;
  }

  #open(entry: Descriptor): number {
    this.#lastDescriptor += 1;
    this.#descriptors.set(this.#lastDescriptor, entry);
    return this.#lastDescriptor;
  }

  #nextPid(): number {
    this.#lastPid += 1;
    return this.#lastPid;
  }
}
