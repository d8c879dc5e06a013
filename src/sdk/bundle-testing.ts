/** The other half of the test kit: runs a bundle as a real job, with a launchd of its own in a temporary directory. */
import { resolve } from 'node:path';
import { isLaunchportError, LaunchportError } from '../base/index.js';
import { BundleBench, type BundleJob, type BundleOutput } from '../harness/index.js';
import { LAYOUTS, loadBundle, type Plugin, type RegistrationKind } from '../plugin/index.js';
import type { RouteClient } from '../routes/index.js';
import type { XpcTransport } from '../xpc/index.js';
import type { ServiceType } from './plugin-context.js';

/** How the bundle is run; everything has a default. */
export interface StartPluginOptions {
  /** Container id of a runtime, name of a network. Default `test-1` for such a plugin, none for others. */
  readonly instance?: string;
  /** For a plugin that is both a runtime and a network. */
  readonly kind?: RegistrationKind;
  /** Passes `--debug`. */
  readonly debug?: boolean;
  /** The user's settings for the plugin, `[plugin.NAME]`. */
  readonly configuration?: Readonly<Record<string, unknown>>;
  /** What the job inherits a part of, as from a host: `CONTAINER_…` and proxies. Default that of this process. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Runs when its directories exist, before it starts: to put a container's files there. */
  readonly prepare?: (stateRoot: string) => Promise<void> | void;
  /** Milliseconds for the start, default 30 000. */
  readonly timeout?: number;
}

/** How a process ended: its exit code, or the signal that ended it. */
export interface BundleEnd {
  readonly code?: number;
  readonly signal?: string;
}

/** A bundle that runs. */
export interface RunningBundle extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  /** The instance's or plugin's state directory. */
  readonly stateRoot: string;
  /** A new connection to one of its services. */
  client(type: ServiceType): RouteClient;
  /** The transport of its clients, to connect to endpoints that it hands out. */
  readonly transport: XpcTransport;
  /** What it wrote to standard output and error so far. */
  output(): Promise<BundleOutput>;
  /** Sends SIGTERM, as launchd does, and resolves to how it ended. @throws LaunchportError ERR_TIMEOUT after 30 s */
  stop(): Promise<BundleEnd>;
  /** Ends it and removes everything. */
  close(): Promise<void>;
}

/**
 * Runs the bundle at `path` as launchd runs it, and resolves once it listens: real processes, real messages. On Linux the
 * launchd is one of its own; on macOS it is the system's, and labels have a prefix of their own.
 * @throws LaunchportError of the bundle (ERR_PLUGIN_CONFIG, ERR_PLUGIN_BINARY), ERR_PLUGIN_EXITED with what it wrote
 */
export async function startPlugin(path: string, options: StartPluginOptions = {}): Promise<RunningBundle> {
  const plugin = await readPlugin(resolve(path));
  const { environment, prepare, timeout = 30_000, configuration = {}, debug = false } = options;
  const bench = await BundleBench.open(environment === undefined ? {} : { environment });
  try {
    const instance = options.instance ?? defaultInstance(plugin);
    const job = await bench.load(plugin, {
      debug,
      configuration,
      ...(instance === undefined ? {} : { instance }),
      ...(options.kind === undefined ? {} : { kind: options.kind }),
    });
    await prepare?.(job.plan.stateRoot);
    await job.start({ timeout });
    const { pid = 0 } = await checkedIn(job, timeout);
    return {
      name: plugin.name,
      pid,
      stateRoot: job.plan.stateRoot,
      client: (type) => job.client(type),
      transport: bench.host.transport,
      output: () => job.output(),
      stop: async () => {
        await job.kill('SIGTERM');
        const { lastExit } = await job.exited(pid);
        if (lastExit?.kind === 'exited') return { code: lastExit.code };
        return lastExit?.kind === 'signaled' ? { signal: lastExit.signal } : {};
      },
      close: () => bench.close(),
      [Symbol.asyncDispose]: () => bench.close(),
    };
  } catch (error) {
    await bench.close();
    throw error;
  }
}

async function checkedIn(job: BundleJob, timeout: number) {
  try {
    return await job.checkedIn({ timeout });
  } catch (error) {
    if (!isLaunchportError(error)) throw error;
    const { stderr } = await job.output();
    throw new LaunchportError(
      error.code,
      `${error.message}${stderr === '' ? '' : `; it wrote:\n${stderr}`}`,
      {
        details: error.details,
        cause: error,
      },
    );
  }
}

async function readPlugin(path: string): Promise<Plugin> {
  for (const layout of LAYOUTS) {
    const bundle = await loadBundle(path, layout);
    if (bundle !== undefined) return bundle.plugin;
  }
  throw new LaunchportError('ERR_PLUGIN_NOT_FOUND', `no bundle at ${path}`, { details: { path } });
}

function defaultInstance({ config }: Plugin): string | undefined {
  const types = config.servicesConfig?.services.map(({ type }) => type) ?? [];
  return types.includes('runtime') || types.includes('network') ? 'test-1' : undefined;
}
