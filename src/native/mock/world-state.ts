/** What all processes of a mock world share: names of sockets, descriptors, locks, programs and process ids. */
import { constants } from 'node:os';
import type { PeerCredentials } from '../targets.js';
import { DescriptorTable } from './descriptors.js';
import { MockKeepers } from './keeper.js';
import type { MockLimits } from './limits.js';
import type { MockMain } from './process.js';
import { ProcessState } from './process-state.js';
import { OpenFile, type ReferenceCount } from './rights.js';
import { ListeningSocket } from './socket.js';
import { systemError } from './system-error.js';
import { nextTurn, Turn } from './turn.js';

const FIRST_PID = 5_000_000;

/** The shared state of a world. */
export class WorldState {
  readonly limits: MockLimits;
  /** Programs by file; a string is the error code that starting it gives. */
  readonly programs = new Map<string, MockMain | string>();
  readonly processes = new Map<number, ProcessState>();
  /** What programs threw. */
  readonly failures: unknown[] = [];
  readonly descriptors = new DescriptorTable();
  /** Open files: their descriptors, and messages under way that carry them. */
  readonly files: ReferenceCount = { references: 0 };
  /** Shared memories: their handles, and messages under way that carry them. */
  readonly memories: ReferenceCount = { references: 0 };
  readonly keepers = new MockKeepers(this.descriptors);
  readonly #paths = new Map<string, ListeningSocket>();
  readonly #locks = new Set<string>();
  readonly #turns = new Set<Turn>();
  #isClosed = false;
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

  addProcess(user: Partial<PeerCredentials>, executable?: string): ProcessState {
    const pid = user.pid ?? this.#nextPid();
    const { euid = process.geteuid?.() ?? 0, egid = process.getegid?.() ?? 0 } = user;
    const state = new ProcessState({ pid, euid, egid, asid: -1 }, executable);
    // Closed when the process ends, like what it opens itself later.
    state.ports.add({ close: () => this.descriptors.closeAllOf(state) });
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

  /** Renames a listening socket. */
  moveListener(from: string, to: string): void {
    const socket = this.lookUp(from);
    if (socket === undefined) throw systemError('ENOENT', 'rename', from);
    this.#paths.delete(from);
    this.#paths.set(to, socket);
  }

  lookUp(path: string): ListeningSocket | undefined {
    const socket = this.#paths.get(path);
    return socket?.isOpen ? socket : undefined;
  }

  /** A descriptor of `owner`. The name goes with it, because here is no file that could be removed beside. */
  listen(path: string, backlog: number, owner: ProcessState): number {
    const socket = new ListeningSocket(path, backlog, owner.pid);
    const file = new OpenFile(this.files, path, { socket });
    this.#paths.set(path, socket);
    const onClosed = (isOwnerGone: boolean) => {
      // The file of a process that died stays.
      if (isOwnerGone) return;
      for (const [at, other] of this.#paths) if (other === socket) this.#paths.delete(at);
    };
    return this.descriptors.open(file, { owner, onClosed });
  }

  listeningSocket(descriptor: number): ListeningSocket | undefined {
    return this.descriptors.file(descriptor)?.socket;
  }

  lock(path: string, owner: ProcessState): number {
    if (this.#locks.has(path)) return -1;
    this.#locks.add(path);
    const file = new OpenFile(this.files, path, { onClosed: () => this.#locks.delete(path) });
    return this.descriptors.open(file, { owner });
  }

  #nextPid(): number {
    this.#lastPid += 1;
    return this.#lastPid;
  }
}
