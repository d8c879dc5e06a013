/** `launchport job list | print`: what is loaded. */
import { printable } from '../../base/index.js';
import { type JobSummary, parseDomainTarget, renderPrint } from '../../launchd/index.js';
import type { CliContext, CliControl, GlobalOptions } from '../context.js';
import { notLoaded, targetOf, withControl } from '../control.js';
import { writeJson } from '../output/json.js';
import { writeTable } from '../output/table.js';

/** Options of both commands. */
export interface JobShowOptions extends GlobalOptions {
  /** Seconds. */
  readonly timeout: number;
}

/** Options of `job list`. */
export interface JobListOptions extends JobShowOptions {
  readonly disabled?: boolean;
  readonly domain?: string;
}

/** A label that was enabled or disabled by hand. */
interface Override {
  readonly label: string;
  readonly isDisabled: boolean;
}

/** Lists jobs by label; with `disabled` what enable and disable left. */
export async function jobList(context: CliContext, options: JobListOptions): Promise<void> {
  if (options.disabled) return listOverrides(context, options);
  const jobs = await withControl(context, (control) => control.list(bounds(context, options)));
  if (options.json) return writeJson(context, jobs);
  writeTable<JobSummary>(
    context,
    [
      { heading: 'PID', cell: ({ pid }) => pid?.toString() ?? '-' },
      { heading: 'STATUS', cell: ({ status }) => status?.toString() ?? '-' },
      { heading: 'LABEL', cell: ({ label }) => label },
    ],
    jobs,
  );
}

async function listOverrides(context: CliContext, options: JobListOptions): Promise<void> {
  const read = async (control: CliControl) => {
    const wait = bounds(context, options);
    const domain =
      options.domain === undefined ? await control.defaultDomain(wait) : parseDomainTarget(options.domain);
    return control.overrides(domain, wait);
  };
  const overrides = [...(await withControl(context, read))]
    .map(([label, isDisabled]): Override => ({ label, isDisabled }))
    .sort((a, b) => (a.label < b.label ? -1 : 1));
  if (options.json) return writeJson(context, overrides);
  writeTable<Override>(
    context,
    [
      { heading: 'OVERRIDE', cell: ({ isDisabled }) => (isDisabled ? 'disabled' : 'enabled') },
      { heading: 'LABEL', cell: ({ label }) => label },
    ],
    overrides,
  );
}

/** Prints one job. @throws LaunchportError ERR_LAUNCHD_NOT_LOADED (exit status 4) */
export async function jobPrint(context: CliContext, text: string, options: JobShowOptions): Promise<void> {
  const status = await withControl(context, async (control) => {
    const wait = bounds(context, options);
    const target = await targetOf(control, text, wait);
    const found = await control.print(target, wait);
    if (found === undefined) throw notLoaded(target);
    return found;
  });
  if (options.json) writeJson(context, status);
  else context.stdout.write(printable(renderPrint(status), '\n\t'));
}

function bounds({ signal }: CliContext, { timeout }: JobShowOptions) {
  return { timeout: timeout * 1000, signal };
}
