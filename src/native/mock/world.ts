/** The mock world: an in-memory system in which bindings of several processes meet. */
import { BINDING_VERSION } from '../records.js';
import { assertFunction } from './arguments.js';
import { DEFAULT_LIMITS, type MockLimits } from './limits.js';
import { MockPort } from './port.js';
import { type MockBinding, type MockMain, signalProcess } from './process.js';
import type { ProcessState } from './process-state.js';
import { MockSupervisorPort } from './supervisor-port.js';
import { systemError } from './system-error.js';
import { WorldState } from './world-state.js';

/** An in-memory system. Nothing in it touches the file system or starts anything real. */
export interface MockWorld {
  /**
   * The binding of a process. Without a pid it is the host, whose pid and user are those of this process. With one
   * it is that process of the world, made if there is none; `user` sets its ids, by default the host's.
   */
  binding(pid?: number, user?: { readonly euid?: number; readonly egid?: number }): MockBinding;
  /** Lets `spawn` start `file`. The program replaces an earlier one of that file. */
  program(file: string, main: MockMain): void;
  /** Makes `spawn` of `file` fail with this error code, say EACCES. */
  failSpawn(file: string, code: string): void;
  /** Makes the host listen at `path`; returns the descriptor, for `listen`. A shortcut for tests without a supervisor. */
  createListener(path: string, backlog?: number): number;
  /** Closes a descriptor of {@link MockWorld.createListener}. False when there is none. */
  closeDescriptor(descriptor: number): boolean;
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
  const host = () => state.processes.get(process.pid) ?? state.addProcess({ pid: process.pid });
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
      return bindingOf(state.processes.get(pid) ?? state.addProcess({ pid, ...user }));
    },
    program: (file, main) => void state.programs.set(file, main),
    failSpawn: (file, code) => void state.programs.set(file, code),
    createListener: (path, backlog = 16) => state.listen(path, backlog, host().pid),
    closeDescriptor: (descriptor) => state.closeDescriptor(descriptor),
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
