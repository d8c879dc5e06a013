/** `launchport system start` and `restart`: the daemon that hosts plugins, in the background. */
import { printable } from '../../base/index.js';
import { absoluteDirectories, type SearchOptions } from '../catalog.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { launchDaemon } from '../daemon/launch.js';
import { daemonInfo, daemonPlace } from '../daemon/place.js';
import { startWithLaunchd } from '../daemon/with-launchd.js';
import { writeJson } from '../output/json.js';
import { systemStop } from './system-stop.js';

/** Options of `system start`. */
export interface SystemStartOptions extends GlobalOptions, SearchOptions {
  readonly debug?: boolean;
  readonly prefix?: string;
  /** Seconds. */
  readonly timeout: number;
  readonly logSize?: number;
  readonly logFiles?: number;
}

/**
 * Starts the daemon unless it runs, and waits until it answers. Where the system has a launchd, the API server becomes a
 * job of that instead.
 * @throws LaunchportError ERR_SERVER_NOT_RUNNING, ERR_SUPERVISOR_RUNNING, ERR_TIMEOUT
 */
export async function systemStart(context: CliContext, options: SystemStartOptions): Promise<void> {
  const place = daemonPlace(context);
  const { signal } = context;
  const timeout = options.timeout * 1000;
  const args = [...serveArguments(context, options), '--log-file', place.log];
  if (process.platform === 'darwin') {
    const job = await startWithLaunchd(place, { args, timeout, signal, prefix: options.prefix });
    tell(context, options, job);
    return;
  }
  const running = await daemonInfo(place, { timeout, signal });
  if (running === undefined && context.columns !== undefined) context.stderr.write('starting the daemon\n');
  const { info, isNew } =
    running === undefined
      ? await launchDaemon(place, { args, timeout, signal })
      : { info: running, isNew: false };
  const { pid, directory, version } = info;
  tell(context, options, { started: isNew, pid, version, directory, log: info.log ?? place.log });
}

/** Stops the daemon if it runs, and starts it anew. */
export async function systemRestart(context: CliContext, options: SystemStartOptions): Promise<void> {
  const silent = { ...context, stdout: { write: () => true } };
  await systemStop(silent, options);
  await systemStart(context, options);
}

/** The command line of the daemon, behind `launchport`. */
function serveArguments(context: CliContext, options: SystemStartOptions): readonly string[] {
  const valued = (flag: string, value: string | number | undefined) =>
    value === undefined ? [] : [flag, String(value)];
  return [
    'system',
    'run',
    ...(options.debug === true ? ['--debug'] : []),
    ...valued('--prefix', options.prefix),
    ...absoluteDirectories(context, options).flatMap((directory) => ['--plugin-dir', directory]),
    ...valued('--log-size', options.logSize),
    ...valued('--log-files', options.logFiles),
  ];
}

function tell(
  context: CliContext,
  options: GlobalOptions,
  facts: { readonly started: boolean; readonly pid?: number | undefined; readonly [key: string]: unknown },
): void {
  if (options.json) {
    writeJson(context, facts);
    return;
  }
  const { started, ...rest } = facts;
  context.stdout.write(`${started ? 'started' : 'already running'}\n`);
  for (const [key, value] of Object.entries(rest))
    if (value !== undefined) context.stdout.write(`${key.padEnd(18)} ${printable(String(value))}\n`);
}
