/** A runtime plugin in the mock world: serves the runtime's routes, and does with its container what a test says. */
import {
  type ContainerStopOptions,
  createEndpoint,
  processProtocol,
  runtimeProtocol,
} from '../../src/compat/index.js';
import type { MockProcess } from '../../src/native/mock/index.js';
import { RouteServer, routeError } from '../../src/routes/index.js';
import { XpcTransport } from '../../src/xpc/index.js';

type Status = 'created' | 'booted' | 'running' | 'stopped';

/** One runtime process. */
export class FakeRuntime {
  readonly id: string;
  readonly process: MockProcess;
  /** What was asked, by route. */
  readonly calls: string[] = [];
  /** Labels of the descriptors of the last bootstrap. */
  readonly stdio: Record<string, number> = {};
  infos: readonly { readonly plugin: string }[] = [];
  environment: Readonly<Record<string, string>> = {};
  stopped: ContainerStopOptions | undefined;
  status: Status = 'created';
  readonly ended: Promise<{ exitCode: number; exitedAt: Date }>;
  #end: (exit: { exitCode: number; exitedAt: Date }) => void = () => {};

  constructor(id: string, process: MockProcess) {
    this.id = id;
    this.process = process;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** The command ends. */
  exit(code: number): void {
    this.status = 'stopped';
    this.#end({ exitCode: code, exitedAt: new Date(1_700_000_000_000) });
  }

  /** The runtime itself ends, without a word. */
  crash(): void {
    this.process.exit(1);
  }
}

/** Changes what runtimes do. */
export interface RuntimeBehaviour {
  /** Runs before a route; what it throws is the answer, and one that never settles hangs. */
  before?: (route: string, runtime: FakeRuntime) => void | Promise<void>;
}

/** The program of a runtime plugin. Each process is told to `onStart`. */
export function runtimeProgram(
  onStart: (runtime: FakeRuntime) => void,
  behaviour: RuntimeBehaviour,
  closeDescriptor: (fd: number) => void,
): (process: MockProcess) => void {
  return (process) => {
    const args = process.argv;
    const runtime = new FakeRuntime(args[args.indexOf('--uuid') + 1] as string, process);
    process.signals = () => process.exit(0);
    const transport = new XpcTransport(process.binding);
    const routes = new RouteServer({ transport });
    serveRuntime(routes, runtime, behaviour, closeDescriptor);
    const anonymous = transport.listenAnonymous(routes.accept);
    const first = new RouteServer({ transport }).handle(createEndpoint, async () => {
      runtime.calls.push('createEndpoint');
      await behaviour.before?.('createEndpoint', runtime);
      return { runtimeServiceEndpoint: anonymous.endpoint() };
    });
    transport.listen(process.env.LISTEN_FDNAMES as string, first.accept);
    onStart(runtime);
  };
}

function serveRuntime(
  server: RouteServer,
  runtime: FakeRuntime,
  behaviour: RuntimeBehaviour,
  closeDescriptor: (fd: number) => void,
): void {
  const processes = new Map<string, number>();
  const enter = async (route: string) => {
    runtime.calls.push(route);
    await behaviour.before?.(route, runtime);
  };
  const assertOne = (...allowed: readonly Status[]) => {
    if (!allowed.includes(runtime.status))
      throw routeError('invalidState', `the sandbox is ${runtime.status}`);
  };
  server.serve(runtimeProtocol, {
    async bootstrap({ networkBootstrapInfos, dynamicEnv = {}, ...stdio }) {
      await enter('bootstrap');
      assertOne('created');
      for (const [name, file] of Object.entries(stdio))
        if (file !== undefined) runtime.stdio[name] = file.take();
      runtime.infos = networkBootstrapInfos;
      runtime.environment = dynamicEnv;
      runtime.status = 'booted';
    },
    async start({ id }) {
      await enter(`start ${id}`);
      if (id !== runtime.id) {
        if (!processes.has(id)) throw routeError('notFound', `no process ${id}`);
        return;
      }
      assertOne('booted');
      runtime.status = 'running';
    },
    async createProcess({ id }) {
      await enter(`createProcess ${id}`);
      processes.set(id, 0);
    },
    async wait({ id }) {
      await enter(`wait ${id}`);
      if (id === runtime.id) return runtime.ended;
      return { exitCode: processes.get(id) ?? -1, exitedAt: new Date() };
    },
    async kill({ id, signal }) {
      await enter(`kill ${id} ${signal}`);
      if (id === runtime.id && signal === 'SIGKILL') runtime.exit(137);
    },
    async resize({ id, width, height }) {
      await enter(`resize ${id} ${width}x${height}`);
    },
    async state() {
      await enter('state');
      const status = runtime.status === 'running' ? 'running' : 'stopped';
      return { snapshot: { status, networks: [], containers: [] } };
    },
    async stop({ stopOptions }) {
      await enter('stop');
      runtime.stopped = stopOptions;
      if (runtime.status === 'running') runtime.exit(143);
    },
    async shutdown() {
      await enter('shutdown');
      assertOne('created', 'stopped');
      for (const fd of Object.values(runtime.stdio)) closeDescriptor(fd);
    },
    async statistics() {
      await enter('statistics');
      return { statistics: { id: runtime.id, numProcesses: 1 } };
    },
    async dial() {
      await enter('dial');
      throw routeError('unsupported', 'no ports here');
    },
    copyIn: ({ sourcePath }) => enter(`copyIn ${sourcePath}`),
    copyOut: ({ sourcePath }) => enter(`copyOut ${sourcePath}`),
    snapshotDisk: () => enter('snapshotDisk'),
  });
  server.serve(processProtocol, {
    processes: () => ({
      processes: [{ pid: 1, hostPid: runtime.process.pid, command: 'init', cpuUsec: 0, memoryBytes: 0 }],
    }),
  });
}
