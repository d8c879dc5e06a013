/** `launchport system status`: whether a daemon and an API server answer, with which roots, and which jobs there are. */
import { isLaunchportError, printable } from '../../base/index.js';
import type { ApiServerInfo } from '../../harness/index.js';
import type { JobSummary } from '../../launchd/index.js';
import type { SupervisorInfo } from '../../supervisor/index.js';
import { withServer } from '../catalog.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { daemonPlace, withDaemon } from '../daemon/place.js';
import { ExitStatus } from '../failure.js';
import { writeJson } from '../output/json.js';
import { writeTable } from '../output/table.js';

/** Exit status when there is a daemon and no API server. */
const NO_SERVER = 3;

interface Daemon {
  readonly daemon: SupervisorInfo;
  readonly jobs: readonly JobSummary[];
}

/** Writes what both say of themselves. @throws LaunchportError ERR_SERVER_NOT_RUNNING (exit status 3) */
export async function systemStatus(
  context: CliContext,
  options: GlobalOptions & { readonly timeout: number; readonly prefix?: string },
): Promise<void> {
  const wait = { timeout: options.timeout * 1000, signal: context.signal };
  const daemon = await unlessAbsent(
    withDaemon(daemonPlace(context), async (client): Promise<Daemon> => {
      return { daemon: await client.info(wait), jobs: await client.list(wait) };
    }),
  );
  const ping = withServer((client) => client.ping(wait), options.prefix);
  const server = daemon === undefined ? await ping : await unlessAbsent(ping);
  if (options.json) writeJson(context, { ...server, ...daemon });
  else writeText(context, server, daemon);
  if (server === undefined) throw new ExitStatus(NO_SERVER);
}

/** Undefined when nothing answers, or nothing can here. */
async function unlessAbsent<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (isLaunchportError(error, 'ERR_SERVER_NOT_RUNNING', 'ERR_ADDON_NOT_FOUND', 'ERR_UNSUPPORTED'))
      return undefined;
    throw error;
  }
}

function writeText(context: CliContext, server: ApiServerInfo | undefined, daemon: Daemon | undefined): void {
  const facts: Readonly<Record<string, unknown>> = {
    ...server,
    ...(daemon === undefined
      ? {}
      : {
          supervisor: `${daemon.daemon.version}, process ${daemon.daemon.pid} since ${daemon.daemon.startedAt.toISOString()}`,
          directory: daemon.daemon.directory,
          log: daemon.daemon.log,
        }),
  };
  for (const [key, value] of Object.entries(facts))
    if (value !== undefined) context.stdout.write(`${key.padEnd(18)} ${printable(String(value))}\n`);
  if (server === undefined) context.stderr.write('launchport: no API server answers\n');
  if (daemon === undefined || daemon.jobs.length === 0) return;
  context.stdout.write('\n');
  writeTable(
    context,
    [
      { heading: 'PID', cell: ({ pid }) => String(pid ?? '-') },
      { heading: 'STATUS', cell: ({ status }) => String(status ?? '-') },
      { heading: 'LABEL', cell: ({ label }) => label },
    ],
    daemon.jobs,
  );
}
