/** The mock's supervisor port: listening sockets by path, locks, and processes that run registered programs. */

import { MAX_SOCKET_PATH_BYTES } from '../bootstrap.js';
import type { Handle } from '../records.js';
import type { KeeperAnswer, KeeperRequest, ProcessIdentity, SpawnedProcess } from '../recovery-port.js';
import type { SpawnOptions, SupervisorPort, SupervisorSink } from '../supervisor-port.js';
import { assertText, assertWord } from './arguments.js';
import { MOCK_KEEPER, type MockKeeper } from './keeper.js';
import { type MockBinding, mockProcess, signalProcess } from './process.js';
import type { ProcessEnd, ProcessState } from './process-state.js';
import { OpenFile } from './rights.js';
import { systemError } from './system-error.js';
import { KeepAlive } from './turn.js';
import type { WorldState } from './world-state.js';

/** The mock machine is never booted again. */
const MOCK_BOOT = 'mock-boot';

/** What the port needs besides the world: a binding for each process it starts. */
export type BindingOf = (process: ProcessState) => MockBinding;

interface Child {
  readonly state: ProcessState;
  readonly parentDeathSignal: number;
}

/** One supervisor port of a process. */
export class MockSupervisorPort implements SupervisorPort {
  readonly #world: WorldState;
  readonly #process: ProcessState;
  readonly #sink: SupervisorSink;
  readonly #bindingOf: BindingOf;
  readonly #descriptors = new Set<number>();
  readonly #watches = new Map<number, () => void>();
  readonly #children = new Map<Handle, Child>();
  /** By connection. */
  readonly #keepers = new Map<number, MockKeeper>();
  readonly #keepAlive = new KeepAlive();
  #lastHandle = 0;
  #isActive = false;
  #isClosed = false;

  constructor(world: WorldState, process: ProcessState, sink: SupervisorSink, bindingOf: BindingOf) {
    this.#world = world;
    this.#process = process;
    this.#sink = sink;
    this.#bindingOf = bindingOf;
  }

  createListener(path: string, backlog: number): number {
    assertText(path, 'path');
    assertWord(backlog, 'backlog');
    this.#assertOpen();
    // unix(7): sun_path is 108 with its NUL.
    if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) throw systemError('ENAMETOOLONG', 'bind', path);
    return this.#own(this.#world.listen(path, backlog, this.#process));
  }

  moveListener(from: string, to: string): void {
    assertText(from, 'from');
    assertText(to, 'to');
    this.#assertOpen();
    this.#world.moveListener(from, to);
  }

  listenerPid(descriptor: number): number {
    return this.#listeningSocket(descriptor, 'getsockopt').pid;
  }

  watch(descriptor: number): void {
    assertWord(descriptor, 'descriptor');
    this.#assertOpen();
    if (this.#watches.has(descriptor)) return;
    const socket = this.#listeningSocket(descriptor, 'epoll_ctl');
    const turn = this.#world.turn(() => {
      // Looked at now, because the process may have accepted the client meanwhile.
      if (!socket.isReadable) return;
      this.unwatch(descriptor);
      this.#sink.demand(descriptor);
    });
    const unsubscribe = socket.onReadable(() => turn.request());
    this.#watches.set(descriptor, () => {
      turn.close();
      unsubscribe();
    });
    if (socket.isReadable) turn.request();
    this.#updateKeepAlive();
  }

  unwatch(descriptor: number): void {
    this.#watches.get(descriptor)?.();
    this.#watches.delete(descriptor);
    this.#updateKeepAlive();
  }

  isListening(path: string): boolean {
    assertText(path, 'path');
    return this.#world.lookUp(path) !== undefined;
  }

  lock(path: string): number {
    assertText(path, 'path');
    this.#assertOpen();
    const descriptor = this.#world.lock(path, this.#process);
    return descriptor < 0 ? descriptor : this.#own(descriptor);
  }

  spawn(options: SpawnOptions): SpawnedProcess {
    this.#assertOpen();
    const isKeeper = options.file === MOCK_KEEPER;
    const program = isKeeper ? async () => {} : (this.#world.programs.get(options.file) ?? 'ENOENT');
    if (typeof program === 'string') throw systemError(program, 'spawn', options.file);
    const sockets = options.listeners.map(({ name, descriptor }) => {
      return [name, this.#listeningSocket(descriptor, 'spawn')] as const;
    });
    const { euid, egid } = this.#process.credentials;
    const state = this.#world.addProcess({ euid, egid }, options.file);
    for (const [name, socket] of sockets) state.listeners.set(name, socket.retain());
    try {
      options.forked?.(state.pid);
    } catch (error) {
      state.finish({ exitCode: 0, signal: 9 });
      throw error;
    }
    if (isKeeper) this.#world.keepers.start(options.args[1] ?? '', state);
    const handle = this.#follow(state, options.parentDeathSignal ?? 0);
    const visible = mockProcess(state, options, this.#bindingOf(state));
    this.#world.defer(() => {
      if (state.isAlive) this.#world.run(state, async () => program(visible));
    });
    return { process: handle, pid: state.pid };
  }

  processIdentity(pid: number): ProcessIdentity | undefined {
    assertWord(pid, 'pid');
    return this.#world.processes.get(pid)?.isAlive ? { startTime: pid, bootId: MOCK_BOOT } : undefined;
  }

  adopt(pid: number, { startTime, bootId }: ProcessIdentity): SpawnedProcess | undefined {
    const found = this.processIdentity(pid);
    const state = this.#world.processes.get(pid);
    if (state === undefined || found?.startTime !== startTime || found.bootId !== bootId) return undefined;
    return { process: this.#follow(state, 0), pid };
  }

  keeperProgram(): string {
    return MOCK_KEEPER;
  }

  connectKeeper(path: string): number {
    assertText(path, 'path');
    this.#assertOpen();
    const keeper = this.#world.keepers.find(path);
    if (keeper === undefined) return -1;
    const file = new OpenFile(this.#world.files, path, {});
    const descriptor = this.#own(this.#world.descriptors.open(file, { owner: this.#process }));
    this.#keepers.set(descriptor, keeper);
    return descriptor;
  }

  callKeeper(connection: number, request: KeeperRequest): KeeperAnswer {
    const keeper = this.#keepers.get(connection);
    if (keeper === undefined) throw systemError('EBADF', 'sendmsg', String(connection));
    const answer = keeper.call(request, this.#process);
    if (answer.descriptor >= 0) this.#own(answer.descriptor);
    return answer;
  }

  signal(process: Handle, signal: number, _isGroup: boolean): boolean {
    assertWord(process, 'process');
    assertWord(signal, 'signal');
    const child = this.#children.get(process);
    // A process that ended but is not reaped still takes signals, without effect, as a zombie does.
    return child !== undefined && (signalProcess(child.state, signal) || !child.state.isAlive);
  }

  closeDescriptor(descriptor: number): void {
    this.unwatch(descriptor);
    this.#keepers.delete(descriptor);
    if (!this.#descriptors.delete(descriptor)) throw systemError('EBADF', 'close', String(descriptor));
    this.#world.descriptors.close(descriptor);
  }

  setActive(isActive: boolean): void {
    this.#isActive = isActive;
    this.#updateKeepAlive();
  }

  close(): void {
    if (this.#isClosed) return;
    for (const descriptor of [...this.#watches.keys()]) this.unwatch(descriptor);
    this.#isClosed = true;
    this.#updateKeepAlive();
  }

  /** The process that owns the port ended: its descriptors are closed, its children told. */
  abandon(): void {
    this.close();
    for (const descriptor of this.#descriptors) this.#world.descriptors.close(descriptor, true);
    this.#descriptors.clear();
    for (const { state, parentDeathSignal } of this.#children.values()) {
      if (parentDeathSignal !== 0) signalProcess(state, parentDeathSignal);
    }
  }

  /** Its end is reported from now on; its earlier supervisor is gone. */
  #follow(state: ProcessState, parentDeathSignal: number): Handle {
    this.#lastHandle += 1;
    const handle = this.#lastHandle;
    this.#children.set(handle, { state, parentDeathSignal });
    state.onEnd = (end) => this.#world.defer(() => this.#reap(handle, end));
    this.#updateKeepAlive();
    return handle;
  }

  #reap(handle: Handle, end: ProcessEnd): void {
    try {
      if (!this.#isClosed) this.#sink.exit(handle, end.exitCode, end.signal);
    } finally {
      this.#children.delete(handle);
      this.#updateKeepAlive();
    }
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new Error('the supervisor port is closed');
  }

  #own(descriptor: number): number {
    this.#descriptors.add(descriptor);
    return descriptor;
  }

  #listeningSocket(descriptor: number, syscall: string) {
    const socket = this.#world.listeningSocket(descriptor);
    if (socket === undefined) throw systemError('EBADF', syscall, String(descriptor));
    return socket;
  }

  #updateKeepAlive(): void {
    const isBusy = this.#watches.size > 0 || this.#children.size > 0;
    this.#keepAlive.update(this.#isActive && !this.#isClosed && isBusy);
  }
}
