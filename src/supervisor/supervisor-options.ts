/** How to run a supervisor, and what it needs from the binding. */
import { LaunchportError, type Logger } from '../base/index.js';
import { type Binding, loadBinding, type SupervisorPort, type SupervisorSink } from '../native/index.js';
import type { Clock } from './clock.js';

/** How to run a supervisor. */
export interface SupervisorOptions {
  /** Its private directory; default {@link runtimeDirectory}. */
  readonly directory?: string;
  /** Default: the addon. */
  readonly binding?: Binding;
  /** Where jobs' HOME, USER, LOGNAME, SHELL and TMPDIR come from; default: the process's environment. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Default: none. */
  readonly logger?: Logger;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /**
   * Daemon mode: jobs outlive a supervisor that dies, and the next one in the directory that is started so goes on
   * with them. `unattendedMs`: milliseconds that sockets wait for it, default one hour. Default false: jobs die with
   * the supervisor.
   */
  readonly recover?: boolean | { readonly unattendedMs?: number };
}

/**
 * The process port of the binding.
 * @throws LaunchportError ERR_UNSUPPORTED where the system has a launchd of its own; ERR_ADDON_NOT_FOUND
 */
export function openSupervisorPort(binding: Binding | undefined, sink: SupervisorSink): SupervisorPort {
  const used = binding ?? loadBinding();
  if (used.openSupervisor !== undefined) return used.openSupervisor(sink);
  throw new LaunchportError('ERR_UNSUPPORTED', `no embedded launchd on ${used.platform}`, {
    hint: 'Use the launchd of the system, through LaunchctlControl.',
  });
}
