/** The launchd job of a plugin, with the keys apple/container sets and no others. */
import { type DomainTarget, type JobDefinitionInput, sessionLimit } from '../launchd/index.js';

/** What apple/container lists: at the screen, over ssh, and as root. */
const SESSION_TYPES = ['Aqua', 'Background', 'System'];

/** What differs from job to job. */
export interface PluginJob {
  readonly label: string;
  /** The executable first. */
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly services: readonly string[];
  readonly runAtLoad: boolean;
  /** Label, or dotted prefix of it, of jobs that wait for a debugger: `CONTAINER_DEBUG_LAUNCHD_LABEL`. */
  readonly debugLabel?: string | undefined;
  /** Where the job is to be loaded; undefined when that is not known yet. */
  readonly domain?: DomainTarget | undefined;
  /** File that gets both output streams. Without it they are discarded, as launchd does. */
  readonly outputPath?: string | undefined;
}

/**
 * The definition to write as a plist. Where apple/container lists every session type, this names the one of the domain:
 * some releases of macOS refuse the list in `user/UID`.
 */
export function pluginJobDefinition(job: PluginJob): JobDefinitionInput {
  const session = job.domain === undefined ? SESSION_TYPES : sessionLimit(job.domain);
  return {
    Label: job.label,
    ProgramArguments: job.arguments,
    EnvironmentVariables: job.environment,
    ...(session === undefined ? {} : { LimitLoadToSessionType: session }),
    RunAtLoad: job.runAtLoad,
    MachServices: Object.fromEntries(job.services.map((service) => [service, true])),
    ...(job.outputPath === undefined
      ? {}
      : { StandardOutPath: job.outputPath, StandardErrorPath: job.outputPath }),
    ...(waitsForDebugger(job.label, job.debugLabel) ? { WaitForDebugger: true } : {}),
  };
}

function waitsForDebugger(label: string, debugLabel: string | undefined): boolean {
  if (debugLabel === undefined || debugLabel === '') return false;
  return label === debugLabel || label.startsWith(`${debugLabel}.`);
}
