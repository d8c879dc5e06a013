/** The API server as a job of the system's launchd, where there is one: launchd is the daemon then. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { WaitOptions } from '../../base/index.js';
import {
  type DomainTarget,
  ensureRunning,
  ensureStopped,
  type JobDefinitionInput,
  type LaunchControl,
  LaunchctlControl,
  type ServiceTarget,
  serviceTarget,
  sessionLimit,
  writeJobPlist,
} from '../../launchd/index.js';
import { API_SERVER_NAME, DEFAULT_PREFIX } from '../../plugin/index.js';
import { MAIN } from './launch.js';
import type { DaemonPlace } from './place.js';

/** How the job is made. */
export interface LaunchdStartOptions extends WaitOptions {
  /** Behind `launchport`. */
  readonly args: readonly string[];
  readonly prefix?: string | undefined;
  /** Default {@link LaunchctlControl}. */
  readonly control?: LaunchControl;
}

/** What became of it. */
export interface LaunchdStarted {
  readonly started: boolean;
  readonly target: ServiceTarget;
  readonly pid?: number | undefined;
  readonly plist: string;
  readonly log: string;
  readonly [key: string]: unknown;
}

/** The job: started at load and by its first client, and again when it crashes. */
export function apiServerJob(
  place: DaemonPlace,
  domain: DomainTarget,
  { args, prefix = DEFAULT_PREFIX }: Pick<LaunchdStartOptions, 'args' | 'prefix'>,
): JobDefinitionInput {
  const label = prefix + API_SERVER_NAME;
  const session = sessionLimit(domain);
  return {
    Label: label,
    ProgramArguments: [process.execPath, MAIN, ...args],
    // What a daemon needs of the caller's, and no more: launchd keeps it in the plist.
    EnvironmentVariables: passed(place.environment),
    MachServices: { [label]: true },
    RunAtLoad: true,
    KeepAlive: { Crashed: true },
    WorkingDirectory: '/',
    Umask: 0o077,
    StandardOutPath: place.log,
    StandardErrorPath: place.log,
    ...(session === undefined ? {} : { LimitLoadToSessionType: session }),
  };
}

/** Loads the job and sees it run. One that runs already is left alone. @throws LaunchportError of the control */
export async function startWithLaunchd(
  place: DaemonPlace,
  options: LaunchdStartOptions,
): Promise<LaunchdStarted> {
  const { control = new LaunchctlControl(), prefix = DEFAULT_PREFIX } = options;
  const bounds = boundsOf(options);
  const domain = await control.defaultDomain(bounds);
  const target = serviceTarget(domain, prefix + API_SERVER_NAME);
  const directory = join(place.environment.CONTAINER_APP_ROOT ?? '/', API_SERVER_NAME);
  const plist = join(
    place.environment.LAUNCHPORT_PLIST_ROOT ?? directory,
    `${prefix + API_SERVER_NAME}.plist`,
  );
  const facts = { target, plist, log: place.log };
  const before = await control.print(target, bounds);
  if (before?.state === 'running') return { started: false, pid: before.pid, ...facts };
  if (before === undefined) {
    for (const each of [join(plist, '..'), join(place.log, '..')]) await mkdir(each, { recursive: true });
    await writeJobPlist(plist, apiServerJob(place, domain, options));
    await control.bootstrap(domain, plist, bounds);
  }
  const { pid } = await ensureRunning(control, target, bounds);
  return { started: true, pid, ...facts };
}

/** Unloads the job and waits for its end. Resolves to whether there was one. */
export async function stopWithLaunchd(
  options: Omit<LaunchdStartOptions, 'args'>,
): Promise<{ readonly stopped: boolean }> {
  const { control = new LaunchctlControl(), prefix = DEFAULT_PREFIX } = options;
  const bounds = boundsOf(options);
  const domain = await control.defaultDomain(bounds);
  return { stopped: await ensureStopped(control, serviceTarget(domain, prefix + API_SERVER_NAME), bounds) };
}

function boundsOf({ timeout, signal }: WaitOptions): WaitOptions {
  return { ...(timeout === undefined ? {} : { timeout }), ...(signal === undefined ? {} : { signal }) };
}

function passed(environment: NodeJS.ProcessEnv): Record<string, string> {
  const names = /^(CONTAINER_|LAUNCHPORT_|HOME$|PATH$|(https?|no|all)_proxy$)/i;
  return Object.fromEntries(
    Object.entries(environment).filter(
      (entry): entry is [string, string] => names.test(entry[0]) && entry[1] !== undefined,
    ),
  );
}
