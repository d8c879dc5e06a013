/** Checks a whole bundle: its files, and how it behaves as a real job on a launchd of its own. */
import { setMaxListeners } from 'node:events';
import { resolve } from 'node:path';
import { errorText, isLaunchportError, LaunchportError } from '../base/index.js';
import { BundleBench, type BundleBenchOptions } from '../harness/index.js';
import { isCliPlugin, type Plugin, type ServiceType } from '../plugin/index.js';
import { BUNDLE_CHECKS, checkBundle } from './bundle-checks.js';
import type { CheckInfo, JobCheck } from './check.js';
import { COMMAND_CHECKS } from './command-checks.js';
import { EXIT_CHECKS } from './exit-checks.js';
import { ERROR_SHAPE_CHECK, MESSAGE_CHECKS } from './message-checks.js';
import { NETWORK_CHECKS } from './network-checks.js';
import { CheckFailure, CheckSkip } from './outcome.js';
import { canListProcesses, killAll, markedProcesses } from './processes.js';
import { type CheckResult, mergeResults, type VerifyReport } from './report.js';
import { BAD_REQUEST_CHECKS } from './route-checks.js';
import { RUNTIME_CHECKS } from './runtime-checks.js';
import { CHECK_IN, START_CHECKS } from './start-checks.js';
import { Subject, type SubjectPlan, type VerifyBounds } from './subject.js';

/** How a bundle is verified; everything has a default. */
export interface VerifyOptions extends BundleBenchOptions {
  /** Only the services of this type; default all that the plugin declares. */
  readonly type?: ServiceType;
  /** Ids of the checks to make; default all. */
  readonly only?: readonly string[];
  /** Milliseconds for a start; default 10 000. */
  readonly timeout?: number;
  /** Milliseconds for an answer that must come; default as for a start. */
  readonly answerTimeout?: number;
  /** Milliseconds from SIGTERM to the end; default launchd's 5 000. */
  readonly exitTimeout?: number;
  readonly signal?: AbortSignal;
  /** Told of each result as it comes, in the order of the report. */
  readonly onResult?: (result: CheckResult) => void;
}

/** Every check of a job, in the order in which they are made. */
const JOB_CHECKS: readonly JobCheck[] = [
  CHECK_IN,
  ...MESSAGE_CHECKS,
  ...NETWORK_CHECKS,
  ...RUNTIME_CHECKS,
  ...BAD_REQUEST_CHECKS,
  ERROR_SHAPE_CHECK,
  ...EXIT_CHECKS,
  ...START_CHECKS,
];

/** All checks there are, in the order of a report. */
export const CHECKS: readonly CheckInfo[] = [
  ...Object.values(BUNDLE_CHECKS),
  ...COMMAND_CHECKS,
  ...JOB_CHECKS,
].map(({ id, title, severity }) => ({ id, title, severity }));

/**
 * Checks the bundle at `path`. It is run in temporary roots, and leaves nothing behind.
 * @throws LaunchportError ERR_PLUGIN_NOT_FOUND when there is nothing at the path; ERR_USAGE for a type that the plugin
 *   does not have or an unknown check; ERR_ABORTED; ERR_ADDON_NOT_FOUND
 */
export async function verifyBundle(path: string, options: VerifyOptions = {}): Promise<VerifyReport> {
  const begin = performance.now();
  const bundle = resolve(path);
  assertChecks(options.only);
  const results: CheckResult[] = [];
  const add = (result: CheckResult) => {
    if (options.only !== undefined && !options.only.includes(result.id)) return;
    results.push(result);
    options.onResult?.(result);
  };
  const { results: found, plugin } = await checkBundle(bundle);
  for (const result of found) add(result);
  if (plugin !== undefined) {
    if (isCliPlugin(plugin)) await verifyCommand(plugin, options, add);
    else await verifyDaemon(plugin, options, add);
  }
  const types = plugin?.config.servicesConfig?.services.map(({ type }) => type) ?? [];
  return {
    bundle,
    ...(plugin === undefined
      ? {}
      : {
          name: plugin.name,
          layout: plugin.layout,
          kind: isCliPlugin(plugin) ? ('command' as const) : ('daemon' as const),
        }),
    types: [...new Set(types)],
    checks: results,
    passed: !results.some(({ result, severity }) => result === 'fail' && severity === 'required'),
    duration: Math.round(performance.now() - begin),
  };
}

type Add = (result: CheckResult) => void;

async function verifyCommand(plugin: Plugin, options: VerifyOptions, add: Add): Promise<void> {
  if (options.type !== undefined) throw noType(plugin, options.type);
  const bounds = boundsOf(options);
  for (const check of COMMAND_CHECKS) {
    if (isWanted(check, options)) add(await settle(check, () => check.run(plugin, bounds)));
  }
}

async function verifyDaemon(plugin: Plugin, options: VerifyOptions, add: Add): Promise<void> {
  const plans = plansOf(plugin, options.type);
  const bounds = boundsOf(options);
  const wanted = JOB_CHECKS.filter(
    (check) =>
      isWanted(check, options) &&
      (check.type === undefined || plans.some(({ types }) => types.includes(check.type as ServiceType))),
  );
  if (wanted.length === 0) return;
  const bench = await BundleBench.open(options);
  const all: CheckResult[][] = [];
  try {
    for (const plan of plans) all.push(await verifySubject(new Subject(plugin, bench, plan, bounds), wanted));
  } finally {
    await bench.close();
    if (canListProcesses) killAll(markedProcesses(bench.mark));
  }
  for (const { id } of wanted) {
    const merged = mergeResults(all.flatMap((results) => results.filter((result) => result.id === id)));
    if (merged !== undefined) add(merged);
  }
}

async function verifySubject(subject: Subject, wanted: readonly JobCheck[]): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  const make = async (checks: readonly JobCheck[]) => {
    for (const check of checks) results.push(await settle(check, () => runOn(subject, check)));
  };
  const applies = ({ type }: JobCheck) => type === undefined || subject.plan.types.includes(type);
  await subject.start();
  await make(wanted.filter((check) => applies(check) && !START_CHECKS.includes(check)));
  if (subject.end === undefined) await subject.kill();
  await subject.stop();
  await make(wanted.filter((check) => START_CHECKS.includes(check)));
  return results;
}

async function runOn(subject: Subject, check: JobCheck): Promise<string | undefined> {
  const needs = check.needs ?? 'service';
  if (needs !== 'nothing' && subject.failure !== undefined) throw new CheckSkip('it does not check in');
  return check.run(subject);
}

async function settle(
  { id, title, severity }: CheckInfo,
  run: () => Promise<string | undefined>,
): Promise<CheckResult> {
  const info = { id, title, severity };
  try {
    const detail = await run();
    return { ...info, result: 'pass', ...(detail === undefined ? {} : { detail }) };
  } catch (error) {
    if (error instanceof CheckSkip) return { ...info, result: 'skip', detail: error.message };
    if (error instanceof CheckFailure)
      return { ...info, result: 'fail', detail: error.message, advice: error.advice };
    if (isLaunchportError(error, 'ERR_ABORTED')) throw error;
    return {
      ...info,
      result: 'fail',
      detail: errorText(error),
      advice: 'Look at the detail: it was not foreseen.',
    };
  }
}

/** The kinds of job that a host would make of the plugin, each with its service types. */
function plansOf(plugin: Plugin, only: ServiceType | undefined): readonly SubjectPlan[] {
  const types = new Set(plugin.config.servicesConfig?.services.map(({ type }) => type));
  if (only !== undefined && !types.has(only)) throw noType(plugin, only);
  const wanted = [...types].filter((type) => only === undefined || type === only);
  const singletons = wanted.filter((type) => type === 'core' || type === 'auxiliary');
  const plans: SubjectPlan[] = [
    ...(wanted.includes('runtime')
      ? [{ kind: 'container', instance: 'verify-1', types: ['runtime'] } as const]
      : []),
    ...(wanted.includes('network')
      ? [{ kind: 'network', instance: 'verify', types: ['network'] } as const]
      : []),
    ...(singletons.length > 0 ? [{ kind: 'singleton', types: singletons } as const] : []),
  ];
  return plans.length > 0 ? plans : [{ kind: 'singleton', types: [] }];
}

function boundsOf(options: VerifyOptions): VerifyBounds {
  const { timeout = 10_000, answerTimeout = timeout, exitTimeout = 5_000 } = options;
  const signal = options.signal && AbortSignal.any([options.signal]);
  // Every request of a flood listens to it.
  if (signal !== undefined) setMaxListeners(0, signal);
  return { timeout, answerTimeout, exitTimeout, ...(signal === undefined ? {} : { signal }) };
}

function isWanted({ id }: CheckInfo, { only }: VerifyOptions): boolean {
  return only === undefined || only.includes(id);
}

function assertChecks(only: readonly string[] | undefined): void {
  const unknown = only?.find((id) => !CHECKS.some((check) => check.id === id));
  if (unknown === undefined) return;
  throw new LaunchportError('ERR_USAGE', `no check ${JSON.stringify(unknown)}`, {
    hint: `There are ${CHECKS.map(({ id }) => id).join(', ')}.`,
    details: { check: unknown },
  });
}

function noType(plugin: Plugin, type: ServiceType): LaunchportError {
  return new LaunchportError('ERR_USAGE', `plugin ${plugin.name} has no ${type} service`, {
    hint: 'Leave --type out to check what it has.',
    details: { name: plugin.name, type },
  });
}
