/** `launchport events`: what happens to jobs, or to containers and networks, as it happens. */
import { LaunchportError, printable } from '../../base/index.js';
import { type ServerEvent, type StreamedServerEvent, serverProtocol } from '../../harness/index.js';
import type { JobExit } from '../../launchd/index.js';
import type { JobEvent } from '../../supervisor/index.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { withControl } from '../control.js';
import { writePaced } from '../output/line.js';
import { withServer } from '../server.js';

/** Options of `events`. */
export interface EventsOptions extends GlobalOptions {
  /** Those of containers and networks instead of jobs. */
  readonly containers?: boolean;
  readonly prefix?: string;
}

/**
 * Writes one line for each event until the first SIGINT or SIGTERM, or until the supervisor is stopped; then says how
 * many were missed, if any.
 * @throws LaunchportError ERR_UNSUPPORTED where the launchd tells of nothing, ERR_SERVER_NOT_RUNNING,
 *   ERR_XPC_INTERRUPTED when the supervisor went away
 */
export async function events(context: CliContext, options: EventsOptions): Promise<void> {
  let missed = 0;
  const write = async <E extends JobEvent | StreamedServerEvent>(event: E, lineOf: (event: E) => string) => {
    if (event.kind === 'dropped') missed += event.count;
    await writePaced(context, `${printable(options.json ? JSON.stringify(event) : lineOf(event))}\n`);
  };
  try {
    if (options.containers) {
      await readServer(context, options.prefix, (event) => write(event, serverEventLine));
      return;
    }
    await withControl(context, async (control) => {
      if (control.events === undefined) throw noEvents(control.kind);
      for await (const event of control.events({ signal: context.signal })) await write(event, eventLine);
    });
  } finally {
    if (missed > 0) context.stderr.write(`launchport: ${missed} events were missed\n`);
  }
}

/** `2026-01-31T12:00:00.000Z user/501/com.example.echo spawned: pid 7, run 1, ipc (mach)`. */
function eventLine(event: JobEvent): string {
  const time = new Date(event.time).toISOString();
  if (event.kind === 'dropped') return `${time} ${event.count} events missed here`;
  const facts = eventFacts(event);
  return `${time} ${event.target} ${event.kind}${facts === '' ? '' : `: ${facts}`}`;
}

function eventFacts(event: Exclude<JobEvent, { readonly kind: 'dropped' }>): string {
  switch (event.kind) {
    case 'loaded':
      return event.services.join(', ');
    case 'spawned':
      return `pid ${event.pid}, run ${event.run}, ${event.reason}`;
    case 'spawn failed':
      return `run ${event.run}, ${event.reason}`;
    case 'checked in':
      return `pid ${event.pid}, ${event.service}`;
    case 'exiting':
      return `pid ${event.pid}`;
    case 'exited':
      return `pid ${event.pid}, run ${event.run}, ${exitText(event.exit)}`;
    case 'throttled':
      return `for ${event.milliseconds} ms, ${event.reason}`;
    default:
      return '';
  }
}

function exitText(exit: JobExit): string {
  if (exit.kind === 'exited') return `exit code ${exit.code}`;
  if (exit.kind === 'spawn failed') return exit.reason;
  if (exit.kind === 'unknown') return 'nobody saw how';
  return exit.reason === undefined ? exit.signal : `${exit.signal}, ${exit.reason}`;
}

/** Reads the API server's events until the user has enough or the server is stopped. */
async function readServer(
  { signal }: CliContext,
  prefix: string | undefined,
  onEvent: (event: StreamedServerEvent) => Promise<void>,
): Promise<void> {
  const options = { timeout: Number.POSITIVE_INFINITY, signal };
  try {
    await withServer(async (client) => {
      await client.ping({ signal });
      const stream = client.stream(serverProtocol.routes.events, {}, options);
      for await (const { event } of stream) await onEvent(event);
    }, prefix);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** `2026-01-31T12:00:00.000Z container exited web-1: exit code 3`. */
function serverEventLine(event: StreamedServerEvent): string {
  const time = new Date(event.time).toISOString();
  if (event.kind === 'dropped') return `${time} ${event.count} events missed here`;
  const facts = serverFacts(event);
  return `${time} ${event.kind} ${event.id}${facts === '' ? '' : `: ${facts}`}`;
}

function serverFacts(event: ServerEvent): string {
  switch (event.kind) {
    case 'container created':
      return `image ${event.image}, runtime ${event.runtime}`;
    case 'container exited':
      return event.code === undefined ? 'nobody saw how' : `exit code ${event.code}`;
    case 'network created':
      return `plugin ${event.plugin}`;
    case 'container problem':
    case 'network problem':
      return event.problem.message;
    default:
      return '';
  }
}

function noEvents(kind: string): LaunchportError {
  return new LaunchportError('ERR_UNSUPPORTED', `${kind} tells of no events`, {
    hint: 'Look at a job with launchport job print LABEL.',
    details: { kind },
  });
}
