/** Test kit: runs a plugin in this process, on an in-memory system, and gives typed clients of its services. */
import { LaunchportError, lineLogger } from '../base/index.js';
import { bootstrapPath } from '../native/index.js';
import { createMockWorld, type MockProcess } from '../native/mock/index.js';
import {
  type CallArguments,
  type Route,
  RouteClient,
  type RouteStream,
  type StreamOptions,
  type StreamRoute,
  type WireObject,
  type WireShape,
} from '../routes/index.js';
import { XpcTransport } from '../xpc/index.js';
import { CONFIGURATION_VARIABLE } from './configuration.js';
import type { PluginDefinition, PluginServices } from './define-plugin.js';
import { parseInvocation } from './instance.js';
import type { ServiceType } from './plugin-context.js';
import type { PluginProcess, StopSignal } from './plugin-process.js';
import { type ServeOptions, serve } from './serve.js';
import type { ServedRoute } from './served-route.js';

export { type RunningBundle, type StartPluginOptions, startPlugin } from './bundle-testing.js';

/** How the plugin under test is started. */
export interface TestPluginOptions extends Omit<ServeOptions, 'process' | 'transport' | 'logger'> {
  /** Arguments, the executable left out; default `['start']`. */
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** The user's settings for the plugin, as a host forwards them; undefined for a host that forwards none. Default none. */
  readonly configuration?: Readonly<Record<string, unknown>> | undefined;
}

type RouteOf<S extends PluginServices, T extends keyof S> = S[T] extends {
  readonly routes: readonly (infer R)[];
}
  ? R extends ServedRoute<infer Typed>
    ? Exclude<Typed, undefined>
    : never
  : never;

type Named<R, N> =
  R extends Route<infer Req, infer Rep, infer Name>
    ? Name extends N
      ? Route<Req, Rep, Name>
      : never
    : never;

type NamedStream<R, N> =
  R extends StreamRoute<infer Req, infer Item, infer Rep, infer Name>
    ? Name extends N
      ? StreamRoute<Req, Item, Rep, Name>
      : never
    : never;

/** Names of the routes in `R` that answer with one reply, and of the streams. */
type CallNames<R> = R extends Route ? R['name'] : never;
type StreamNames<R> = R extends StreamRoute ? R['name'] : never;

/** Calls routes of one service by name, with the types of the plugin's own definition. */
export interface TestClient<S extends PluginServices, T extends keyof S> {
  /** The client underneath, for routes without schema and for what else a `RouteClient` does. */
  readonly raw: RouteClient;
  call<N extends CallNames<RouteOf<S, T>>>(
    name: N,
    ...args: CallArguments<Named<RouteOf<S, T>, N>['request']>
  ): Promise<WireObject<Named<RouteOf<S, T>, N>['reply']>>;
  /** Calls a route that was defined elsewhere. */
  call<Req extends WireShape, Rep extends WireShape>(
    route: Route<Req, Rep>,
    ...args: CallArguments<Req>
  ): Promise<WireObject<Rep>>;
  stream<N extends StreamNames<RouteOf<S, T>>>(
    name: N,
    ...args: CallArguments<NamedStream<RouteOf<S, T>, N>['request'], StreamOptions>
  ): RouteStream<
    WireObject<NamedStream<RouteOf<S, T>, N>['item']>,
    WireObject<NamedStream<RouteOf<S, T>, N>['reply']>
  >;
  /** Reads a stream that was defined elsewhere. */
  stream<Req extends WireShape, Item extends WireShape, Rep extends WireShape>(
    route: StreamRoute<Req, Item, Rep>,
    ...args: CallArguments<Req, StreamOptions>
  ): RouteStream<WireObject<Item>, WireObject<Rep>>;
}

/** A plugin under test. */
export interface PluginUnderTest<S extends PluginServices> extends AsyncDisposable {
  /** A new connection to one of its services. */
  client<T extends keyof S & ServiceType>(type: T): TestClient<S, T>;
  /** The transport of its clients, to connect to endpoints that it hands out. */
  readonly transport: XpcTransport;
  /** What it logged and wrote to standard error, by line. */
  readonly output: readonly string[];
  /**
   * A descriptor of the client's, to send with `fileDescriptor`: of a file of the in-memory system called `label`. It
   * means nothing to the real system.
   */
  descriptor(label: string): number;
  /** The label behind a descriptor, the plugin's or the client's; undefined when it is not open. */
  labelOf(descriptor: number): string | undefined;
  /** Sends it a signal. */
  signal(signal: StopSignal): void;
  /** Its exit code, once it has ended. */
  readonly exited: Promise<number>;
  /** Ends it and the system it ran on. */
  close(): Promise<void>;
}

const DIRECTORY = '/bootstrap';

/**
 * Starts a plugin on an in-memory system and resolves once it listens: real messages, real encoding, no addon, no
 * process. Time is real.
 * @throws what made its start fail
 */
export async function testPlugin<const S extends PluginServices>(
  plugin: PluginDefinition<S>,
  options: TestPluginOptions = {},
): Promise<PluginUnderTest<S>> {
  const args = options.args ?? ['start'];
  const world = createMockWorld();
  const binding = world.binding();
  let onExit = (_code: number) => {};
  const exited = new Promise<number>((resolve) => {
    onExit = resolve;
  });
  const supervisor = binding.openSupervisor({
    demand: () => {},
    exit: (_process, code, signal) => onExit(signal === 0 ? code : 128 + signal),
  });
  const services = testServices(plugin, args);
  const output: string[] = [];
  const file = `/plugin/bin/${plugin.name}`;
  const transport = new XpcTransport(binding);

  const started = new Promise<void>((resolve, reject) => {
    world.program(file, (process) => {
      void serve(plugin as PluginDefinition, {
        ...options,
        process: mockPluginProcess(process, (text) => output.push(text.trimEnd())),
        transport: new XpcTransport(process.binding),
        logger: lineLogger((line) => output.push(line.trimEnd()), 'debug'),
      }).then(() => resolve(), reject);
    });
  });
  const { pid } = supervisor.spawn({
    file,
    args: [file, ...args],
    env: Object.entries({
      // Not those of whoever runs the test.
      ...('configuration' in options && options.configuration === undefined
        ? {}
        : { [CONFIGURATION_VARIABLE]: JSON.stringify(options.configuration ?? {}) }),
      ...options.environment,
    }).map(([key, value]) => `${key}=${value}`),
    cwd: '/',
    stdio: [0, 1, 2],
    listeners: [...services.values()].map((name) => ({
      name,
      descriptor: supervisor.createListener(bootstrapPath(DIRECTORY, name), 16),
    })),
  });

  const close = async () => {
    await transport.close();
    world.close();
  };
  try {
    await started;
  } catch (error) {
    await close();
    throw error;
  }
  return {
    client: (type) => testClient(plugin, type, transport, services),
    transport,
    output,
    descriptor: (label) => world.createDescriptor(label),
    labelOf: (descriptor) => world.descriptorLabel(descriptor),
    signal: (signal) => void world.kill(pid, signal === 'SIGTERM' ? 15 : 2),
    exited,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The services a host would register for the same arguments. */
function testServices(plugin: PluginDefinition, args: readonly string[]): ReadonlyMap<ServiceType, string> {
  const { instance, serviceIdentifier } = parseInvocation(args);
  const tail = instance === undefined ? '' : `.${instance}`;
  const types = Object.keys(plugin.services) as ServiceType[];
  return new Map(
    types.map((type) => {
      const name = `com.apple.container.${type}.${plugin.name}${tail}`;
      return [type, type === 'network' ? (serviceIdentifier ?? name) : name] as const;
    }),
  );
}

function testClient<S extends PluginServices, T extends keyof S & ServiceType>(
  plugin: PluginDefinition<S>,
  type: T,
  transport: XpcTransport,
  services: ReadonlyMap<ServiceType, string>,
): TestClient<S, T> {
  const service = services.get(type);
  if (service === undefined) throw new TypeError(`plugin ${plugin.name} has no ${type} service`);
  const raw = RouteClient.connect(transport, service, {
    timeout: 5_000,
    connect: { bootstrap: DIRECTORY },
  });
  const served = new Map(plugin.services[type]?.routes.map((each) => [each.name, each.route]));
  const find = (route: string | Route | StreamRoute): Route | StreamRoute => {
    const found = typeof route === 'string' ? served.get(route) : route;
    if (found !== undefined) return found;
    throw new LaunchportError('ERR_ROUTE_UNKNOWN', `plugin ${plugin.name} has no typed route ${route}`);
  };
  const client = {
    raw,
    call: async (route: string | Route, ...args: [never, never]) => raw.call(find(route) as Route, ...args),
    stream: (route: string | StreamRoute, ...args: [never, never]) =>
      raw.stream(find(route) as StreamRoute, ...args),
  };
  return client as unknown as TestClient<S, T>;
}

/** A program of the mock world as `serve` sees it. */
export function mockPluginProcess(process: MockProcess, writeError: (text: string) => void): PluginProcess {
  return {
    pid: process.pid,
    args: process.argv.slice(1),
    env: process.env,
    hasLaunchd: false,
    writeError,
    onStopSignal: (listener) => {
      process.signals = (signal) => {
        if (signal === 'SIGTERM' || signal === 'SIGINT') listener(signal);
      };
      return () => {
        process.signals = undefined;
      };
    },
    exit: (code) => process.exit(code),
  };
}
