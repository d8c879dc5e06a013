/** `launchport job bootstrap | bootout | enable | disable | kickstart | kill`: changes, one job after the other. */
import { resolve } from 'node:path';
import { LaunchportError, printable } from '../../base/index.js';
import { type ControlOptions, parseDomainTarget, type ServiceTarget } from '../../launchd/index.js';
import type { CliContext, CliControl, GlobalOptions } from '../context.js';
import { targetOf, withControl } from '../control.js';
import { writeJson } from '../output/json.js';
import { parseSignal } from '../signals.js';

/** Options of all these commands. */
export interface JobChangeOptions extends GlobalOptions {
  /** Seconds for each job. */
  readonly timeout: number;
}

/** What became of one job. */
interface Change {
  readonly target: ServiceTarget;
  readonly result: string;
  /** Of the process that was started, when the launchd tells. */
  readonly pid?: number;
}

const DONE = { bootout: 'unloaded', enable: 'enabled', disable: 'disabled' } as const;

/** Loads jobs. */
export function jobBootstrap(
  context: CliContext,
  plists: readonly string[],
  options: JobChangeOptions & { readonly domain?: string },
): Promise<void> {
  const [first] = plists;
  const named = options.domain === undefined ? undefined : parseDomainTarget(options.domain);
  if (first !== undefined && /^(system$|(user|gui)\/\d+$)/.test(first)) {
    throw new LaunchportError('ERR_USAGE', `not a plist: ${first}`, {
      hint: `Name a domain with --domain ${first}.`,
    });
  }
  return changeEach(context, options, plists, async (control, path, wait) => ({
    target: await control.bootstrap(
      named ?? (await control.defaultDomain(wait)),
      resolve(context.cwd, path),
      wait,
    ),
    result: 'loaded',
  }));
}

/** Unloads, enables or disables jobs. */
export function jobChange(
  context: CliContext,
  verb: keyof typeof DONE,
  targets: readonly string[],
  options: JobChangeOptions,
): Promise<void> {
  return changeEach(context, options, targets, async (control, text, wait) => {
    const target = await targetOf(control, text, wait);
    await control[verb](target, wait);
    return { target, result: DONE[verb] };
  });
}

/** Starts jobs, with `kill` anew. */
export function jobKickstart(
  context: CliContext,
  targets: readonly string[],
  options: JobChangeOptions & { readonly kill?: boolean },
): Promise<void> {
  return changeEach(context, options, targets, async (control, text, wait) => {
    const target = await targetOf(control, text, wait);
    const pid = await control.kickstart(target, { ...wait, kill: options.kill ?? false });
    return { target, result: 'started', ...(pid === undefined ? {} : { pid }) };
  });
}

/** Sends a signal to jobs. */
export function jobKill(
  context: CliContext,
  name: string,
  targets: readonly string[],
  options: JobChangeOptions,
): Promise<void> {
  const signal = parseSignal(name);
  return changeEach(context, options, targets, async (control, text, wait) => {
    const target = await targetOf(control, text, wait);
    await control.kill(target, signal, wait);
    return { target, result: `sent ${signal}` };
  });
}

/** Changes one after the other; stops at the first that fails, having told what was done before. */
async function changeEach(
  context: CliContext,
  options: JobChangeOptions,
  subjects: readonly string[],
  change: (control: CliControl, subject: string, wait: ControlOptions) => Promise<Change>,
): Promise<void> {
  const wait = { timeout: options.timeout * 1000, signal: context.signal };
  const done: Change[] = [];
  const all = withControl(context, async (control) => {
    for (const subject of subjects) {
      const made = await change(control, subject, wait);
      done.push(made);
      if (options.json) continue;
      const { target, result, pid } = made;
      context.stdout.write(`${printable(target)}: ${result}${pid === undefined ? '' : `, pid ${pid}`}\n`);
    }
  });
  await all.finally(() => {
    if (options.json) writeJson(context, done);
  });
}
