/** Watches a job while the first call to it is pending, so that one that dies at start is an error and not a hang. */
import { abortedError, delay, LaunchportError } from '../base/index.js';
import type { JobExit, JobState, JobStatus, LaunchControl, ServiceTarget } from '../launchd/index.js';
import type { SendRequest } from '../routes/index.js';
import type { XpcDictionary } from '../xpc/index.js';

/** Pauses between looks at the job, in milliseconds; the last one repeats. On macOS each look starts a process. */
const PAUSES = [50, 100, 200, 400, 800, 1600] as const;

/** How long a reply or an interruption that is already on its way may overtake the news of an exit, in milliseconds. */
const OVERTAKE = 100;

/** States of a job without a process. `unknown` is not one: nothing is believed ended that was not seen so. */
const ENDED: readonly JobState[] = ['not running', 'spawn scheduled'];

/** What is watched. */
export interface WatchedJob {
  readonly control: Pick<LaunchControl, 'print'>;
  readonly target: ServiceTarget;
  readonly name: string;
}

/**
 * Runs `send` and watches the job meanwhile. Nobody else tells the client when the job ends before it takes its
 * connection: the listening socket (or receive right) belongs to launchd and outlives it, and the request waits in it
 * for the next launch. The watch ends when the job has checked in, for from then on its end closes the connection.
 * @throws LaunchportError ERR_PLUGIN_EXITED with the exit status, ERR_LAUNCHD_SPAWN, or what `send` throws
 */
export async function guardFirstCall(
  job: WatchedJob,
  send: SendRequest,
  signal: AbortSignal | undefined,
): Promise<XpcDictionary> {
  if (signal?.aborted) throw abortedError(`call to ${job.name}`, signal);
  const before = await look(job, signal);
  if (isServing(before)) return send(signal);
  const stop = new AbortController();
  const combined = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const reply = send(combined);
  try {
    return await Promise.race([reply, watch(job, before?.runs ?? 0, stop.signal)]);
  } finally {
    stop.abort();
    reply.catch(() => {});
  }
}

/** Rejects when the job ends without having checked in; otherwise stays pending. Ends with `signal`. */
async function watch(job: WatchedJob, runsBefore: number, signal: AbortSignal): Promise<never> {
  const forever = new Promise<never>(() => {});
  for (let turn = 0; ; turn++) {
    const isStopped = await delay(PAUSES[Math.min(turn, PAUSES.length - 1)] as number, signal).then(
      () => false,
      () => true,
    );
    if (isStopped) return forever;
    const status = await look(job, signal);
    if (signal.aborted || isServing(status)) return forever;
    if (status === undefined || !hasEnded(status, runsBefore)) continue;
    await delay(OVERTAKE, signal).catch(() => {});
    throw exitError(job, status);
  }
}

/** The job's status; undefined when it is not loaded or cannot be asked, which is then the call's own failure. */
function look(job: WatchedJob, signal: AbortSignal | undefined): Promise<JobStatus | undefined> {
  const bounds = { timeout: 5_000, ...(signal === undefined ? {} : { signal }) };
  return job.control.print(job.target, bounds).catch(() => undefined);
}

function isServing(status: JobStatus | undefined): boolean {
  return status?.state === 'running' && status.endpoints.some(({ isActive }) => isActive);
}

function hasEnded(status: JobStatus, runsBefore: number): boolean {
  return status.runs > runsBefore && status.lastExit !== undefined && ENDED.includes(status.state);
}

function exitError(job: WatchedJob, status: JobStatus): LaunchportError {
  const exit = status.lastExit as JobExit;
  const details = { plugin: job.name, target: job.target, exit, runs: status.runs };
  if (exit.kind === 'spawn failed') {
    return new LaunchportError('ERR_LAUNCHD_SPAWN', `${job.name} could not be started: ${exit.reason}`, {
      details,
    });
  }
  const how =
    exit.kind === 'exited'
      ? `exited with status ${exit.code}`
      : exit.kind === 'signaled'
        ? `was ended by ${exit.signal}`
        : 'ended, nobody saw how,';
  return new LaunchportError('ERR_PLUGIN_EXITED', `plugin ${job.name} ${how} before it checked in`, {
    hint: 'It must listen on its Mach service when it is started. Run the host with CONTAINER_LOG_ROOT set and read its log there.',
    details,
  });
}
