/** The launchd job of a plugin, with the keys apple/container sets and no others. */
import type { JobDefinitionInput } from '../launchd/index.js';

/** Sessions a plugin may be loaded in: at the screen, over ssh, and as root. */
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
  /** File that gets both output streams. Without it they are discarded, as launchd does. */
  readonly outputPath?: string | undefined;
}

/** The definition to write as a plist. */
export function pluginJobDefinition(job: PluginJob): JobDefinitionInput {
  return {
    Label: job.label,
    ProgramArguments: job.arguments,
    EnvironmentVariables: job.environment,
    LimitLoadToSessionType: SESSION_TYPES,
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
