/** Which launchd a host speaks to: the system's, a supervisor daemon, or a supervisor of its own. */
import { join, resolve } from 'node:path';
import {
  isLaunchportError,
  LaunchportError,
  type Logger,
  silentLogger,
  type WaitOptions,
} from '../base/index.js';
import { type LaunchControl, LaunchctlControl } from '../launchd/index.js';
import { type Binding, runtimeDirectory } from '../native/index.js';
import { type Clock, Supervisor, SupervisorClient } from '../supervisor/index.js';
import type { XpcTransport } from '../xpc/index.js';

/**
 * Whose supervisor a host uses where the system has no launchd. `daemon`: that of `launchport system start`, whose jobs
 * outlive the host. `embedded`: one in the host's own process. `auto`: the daemon of the runtime directory if one
 * answers, else one of its own.
 */
export type SupervisorChoice = 'auto' | 'embedded' | 'daemon';

/** What decides on it. */
export interface LaunchdOptions {
  readonly supervisor?: SupervisorChoice;
  readonly directory?: string;
  readonly environment?: NodeJS.ProcessEnv;
  readonly clock?: Clock;
  /** As {@link Supervisor.start} has it, for one of its own. */
  readonly recover?: boolean;
  readonly logger?: Logger;
}

/** The launchd of a host. */
export interface HostLaunchd {
  readonly control: LaunchControl;
  /** When it is in this process. */
  readonly supervisor?: Supervisor;
  /** Where its names are; undefined where the system's launchd has them. */
  readonly bootstrap?: string;
  /** Whether jobs of others are there that outlive this host. */
  readonly isShared: boolean;
  /** Ends a supervisor of this process with all its jobs; of a daemon, only the connection. */
  close(options: WaitOptions): Promise<void>;
}

/** Milliseconds a daemon may take to say that it is there. */
const DAEMON_TIMEOUT_MS = 10_000;

/** Finds or starts it. @throws LaunchportError as `PluginHost.start` */
export async function openLaunchd(
  options: LaunchdOptions,
  binding: Binding,
  transport: XpcTransport,
): Promise<HostLaunchd> {
  const { supervisor: choice = 'auto', environment = process.env, logger = silentLogger } = options;
  if (binding.openSupervisor === undefined) {
    if (choice !== 'auto') throw noSupervisor(choice, binding.platform);
    return { control: new LaunchctlControl({ logger }), isShared: false, close: async () => {} };
  }
  const directory = resolve(options.directory ?? runtimeDirectory(environment));
  if (choice !== 'embedded') {
    const client = await daemonIn(directory, transport).catch((error: unknown) => {
      if (choice === 'auto' && isLaunchportError(error, 'ERR_SERVER_NOT_RUNNING')) return undefined;
      throw error;
    });
    if (client !== undefined) {
      logger.info('using the supervisor daemon', { directory });
      const { bootstrapDirectory: bootstrap } = client;
      return { control: client, bootstrap, isShared: true, close: () => client.close() };
    }
  }
  const supervisor = await Supervisor.start({
    binding,
    directory,
    environment,
    logger,
    recover: options.recover ?? false,
    ...(options.clock === undefined ? {} : { clock: options.clock }),
  });
  const { bootstrapDirectory: bootstrap } = supervisor;
  return {
    control: supervisor,
    supervisor,
    bootstrap,
    isShared: false,
    close: (how) => supervisor.stop(how),
  };
}

function daemonIn(directory: string, transport: XpcTransport): Promise<SupervisorClient> {
  const bootstrap = join(directory, 'bootstrap');
  return SupervisorClient.connect({ transport, bootstrap, timeout: DAEMON_TIMEOUT_MS });
}

function noSupervisor(choice: SupervisorChoice, platform: string): LaunchportError {
  return new LaunchportError('ERR_UNSUPPORTED', `no supervisor (${choice}) on ${platform}`, {
    hint: 'It has a launchd of its own: leave the option out.',
    details: { choice, platform },
  });
}
