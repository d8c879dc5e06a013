/** `launchport system stop`: ends all jobs in order, then the daemon. */
import { delay, isLaunchportError, LaunchportError } from '../../base/index.js';
import { inspectStateDirectory } from '../../supervisor/index.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { type DaemonPlace, daemonPlace, withDaemon } from '../daemon/place.js';
import { stopWithLaunchd } from '../daemon/with-launchd.js';
import { writeJson } from '../output/json.js';

/** Options of `system stop`. */
export interface SystemStopOptions extends GlobalOptions {
  /** Seconds that jobs may take to end; those that remain are killed. */
  readonly timeout: number;
  readonly prefix?: string;
}

/** Milliseconds that a daemon takes at most beyond its jobs, and between looks. */
const REST_MS = 15_000;
const PAUSE_MS = 50;
/** Milliseconds for a daemon to agree. */
const ASK_MS = 10_000;

/** Nothing to stop is no failure. @throws LaunchportError ERR_TIMEOUT when the daemon does not end */
export async function systemStop(context: CliContext, options: SystemStopOptions): Promise<void> {
  const place = daemonPlace(context);
  const timeout = options.timeout * 1000;
  const { signal } = context;
  const facts =
    process.platform === 'darwin'
      ? await stopWithLaunchd({ timeout, signal, prefix: options.prefix })
      : await stopDaemon(place, timeout, signal);
  if (options.json) return writeJson(context, facts);
  context.stdout.write(facts.stopped ? 'stopped\n' : 'not running\n');
}

async function stopDaemon(
  place: DaemonPlace,
  timeout: number,
  signal: AbortSignal,
): Promise<{ readonly stopped: boolean; readonly pid?: number }> {
  let pid: number;
  try {
    pid = await withDaemon(place, (client) =>
      client.shutdown({ jobTimeout: timeout, timeout: ASK_MS, signal }),
    );
  } catch (error) {
    if (isLaunchportError(error, 'ERR_SERVER_NOT_RUNNING')) return { stopped: false };
    throw error;
  }
  // The lock, for it is given up last; a pid may be a zombie's, or another's by now.
  const end = performance.now() + timeout + REST_MS;
  while (inspectStateDirectory(place.directory).supervisorPid === pid) {
    if (performance.now() > end) throw stuck(pid, timeout + REST_MS);
    await delay(PAUSE_MS, signal);
  }
  return { stopped: true, pid };
}

function stuck(pid: number, timeout: number): LaunchportError {
  return new LaunchportError('ERR_TIMEOUT', `the daemon, process ${pid}, did not end within ${timeout} ms`, {
    hint: `See launchport system logs. To end it and its jobs at once: kill -KILL ${pid}`,
    details: { pid },
  });
}
