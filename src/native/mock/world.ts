/** The mock world: an in-memory system in which bindings of several processes meet. */
import { BINDING_VERSION } from '../records.js';
import { assertFunction } from './arguments.js';
import { MOCK_CAPABILITIES } from './capabilities.js';
import { DEFAULT_LIMITS, type MockLimits } from './limits.js';
import { MockPort } from './port.js';
import { type MockBinding, type MockMain, signalProcess } from './process.js';
import type { ProcessState } from './process-state.js';
import { OpenFile } from './rights.js';
import { MockSupervisorPort } from './supervisor-port.js';
import { systemError } from './system-error.js';
import { WorldState } from './world-state.js';

/** Who a process of the world is. */
export interface MockUser {
  readonly euid?: number;
  readonly egid?: number;
  /** What an `executables` requirement sees. A spawned process has the file that was spawned. */
  readonly executable?: string;
}

/** An in-memory system. Nothing in it touches the file system or starts anything real. */
export interface MockWorld {
  /**
   * The binding of a process. Without a pid it is the host, whose pid and user are those of this process. With one
   * it is that process of the world, made if there is none; `user` sets its ids, by default the host's, and the path
   * of its program, by default none.
   */
  binding(pid?: number, user?: MockUser): MockBinding;
  /** Lets `spawn` start `file`. The program replaces an earlier one of that file. */
  program(file: string, main: MockMain): void;
  /** Makes `spawn` of `file` fail with this error code, say EACCES. */
  failSpawn(file: string, code: string): void;
  /** Makes the host listen at `path`; returns the descriptor, for `listen`. A shortcut for tests without a supervisor. */
  createListener(path: string, backlog?: number): number;
  /**
   * Opens a file of this name, which no other has open, in a process, by default the host. Descriptor numbers are the
   * world's: they mean nothing to the system, and no two processes have the same one.
   */
  createDescriptor(label: string, pid?: number): number;
  /** The name of the file behind a descriptor; undefined when it is not open. A listener's is its path. */
  descriptorLabel(descriptor: number): string | undefined;
  /** Whether two descriptors are of one open file: the same, or duplicates that messages brought. */
  isSameDescriptor(first: number, second: number): boolean;
  /** Closes any descriptor, as close(2) does for a process. False when there is none. */
  closeDescriptor(descriptor: number): boolean;
  /**
   * How many descriptors are open: of one process; or of all, with those that messages under way carry. To be
   * compared before and after.
   */
  openDescriptors(pid?: number): number;
  /** Handles of shared memories: of one process; or of all, with those that messages under way carry. */
  openMemories(pid?: number): number;
  /** Whether a process says that it is busy, by default the host. */
  isBusy(pid?: number): boolean;
  /** Sends a signal to a process from outside, default SIGKILL. False when there is no such process. */
  kill(pid: number, signal?: number): boolean;
  /** Process ids of all that are alive, the host's included once it has a binding. */
  alive(): readonly number[];
  /** What programs threw, in order. Each also ended its process with exit code 1. */
  readonly failures: readonly unknown[];
  /** Resolves when everything on its way has been delivered. Timers of tests and programs are not waited for. */
  settled(): Promise<void>;
  /** Ends every process, the host's ports included. Nothing is delivered afterwards. Idempotent. */
  close(): void;
}

/** Makes a world. Worlds know nothing of each other. */
export function createMockWorld(limits: Partial<MockLimits> = {}): MockWorld {
  const state = new WorldState({ ...DEFAULT_LIMITS, ...limits });
  const host = () => {
    return state.processes.get(process.pid) ?? state.addProcess({ pid: process.pid }, process.execPath);
  };
  const processOf = (pid: number | undefined): ProcessState => {
    const found = pid === undefined ? host() : state.processes.get(pid);
    if (found === undefined) throw systemError('ESRCH', 'world', String(pid));
    return found;
  };
  const bindings = new Map<ProcessState, MockBinding>();
  const bindingOf = (owner: ProcessState): MockBinding => {
    const known = bindings.get(owner);
    if (known !== undefined) return known;
    const binding = createBinding(state, owner, bindingOf);
    bindings.set(owner, binding);
    return binding;
  };
  return {
    binding(pid, user = {}) {
      if (pid === undefined) return bindingOf(host());
      const { executable, ...ids } = user;
      return bindingOf(state.processes.get(pid) ?? state.addProcess({ pid, ...ids }, executable));
    },
    program: (file, main) => void state.programs.set(file, main),
    failSpawn: (file, code) => void state.programs.set(file, code),
    createListener: (path, backlog = 16) => state.listen(path, backlog, host()),
    createDescriptor(label, pid) {
      return state.descriptors.open(new OpenFile(state.files, label), { owner: processOf(pid) });
    },
    descriptorLabel: (descriptor) => state.descriptors.file(descriptor)?.label,
    isSameDescriptor(first, second) {
      const file = state.descriptors.file(first);
      return file !== undefined && file === state.descriptors.file(second);
    },
    closeDescriptor: (descriptor) => state.descriptors.close(descriptor),
    openDescriptors: (pid) =>
      pid === undefined ? state.files.references : state.descriptors.count(processOf(pid)),
    openMemories(pid) {
      if (pid === undefined) return state.memories.references;
      return [...processOf(pid).ports].reduce((sum, port) => sum + (port.memories ?? 0), 0);
    },
    isBusy: (pid) => processOf(pid).busyPorts.size > 0,
    kill(pid, signal = 9) {
      const target = state.processes.get(pid);
      return target === undefined ? false : signalProcess(target, signal);
    },
    alive: () => [...state.processes.values()].filter(({ isAlive }) => isAlive).map(({ pid }) => pid),
    failures: state.failures,
    settled: () => state.settled(),
    close: () => state.close(),
  };
}

/** The host's binding of a new world. */
export function createMockBinding(limits?: Partial<MockLimits>): MockBinding {
  return createMockWorld(limits).binding();
}

function createBinding(
  world: WorldState,
  owner: ProcessState,
  bindingOf: (process: ProcessState) => MockBinding,
): MockBinding {
  const assertAlive = (syscall: string) => {
    if (!owner.isAlive) throw systemError('ESRCH', syscall, String(owner.pid));
  };
  return {
    version: BINDING_VERSION,
    platform: 'mock',
    capabilities: () => MOCK_CAPABILITIES,
    open(deliver) {
      assertFunction(deliver, 'deliver');
      assertAlive('open');
      const port = new MockPort(world, owner, deliver);
      owner.ports.add(port);
      return port;
    },
    openSupervisor(sink) {
      assertFunction(sink.demand, 'sink.demand');
      assertFunction(sink.exit, 'sink.exit');
      assertAlive('openSupervisor');
      const port = new MockSupervisorPort(world, owner, sink, bindingOf);
      owner.ports.add({ close: () => port.abandon() });
      return port;
    },
  };
}
