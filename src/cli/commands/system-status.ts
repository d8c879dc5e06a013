/** `launchport system status`: whether a daemon and an API server answer, and how what they keep fares. */
import { isLaunchportError, printable, type WaitOptions } from '../../base/index.js';
import type { ApiClient, ApiServerInfo, ServerHealth } from '../../harness/index.js';
import type { JobSummary } from '../../launchd/index.js';
import type { SupervisorInfo } from '../../supervisor/index.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { daemonPlace, withDaemon } from '../daemon/place.js';
import { ExitStatus } from '../failure.js';
import { writeJson } from '../output/json.js';
import { writeTable } from '../output/table.js';
import { withServer } from '../server.js';

/** Exit status when there is a daemon and no API server. */
const NO_SERVER = 3;

/** Milliseconds for a server to tell how it fares; upstream's never does. */
const HEALTH_MS = 5_000;

/** What a server says. */
interface Server {
  readonly info: ApiServerInfo;
  /** Absent when the server is upstream's. */
  readonly health?: ServerHealth;
}

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
  const ping = withServer((client) => ask(client, wait), options.prefix);
  const server = daemon === undefined ? await ping : await unlessAbsent(ping);
  if (options.json) {
    const health = server?.health;
    writeJson(context, { ...server?.info, ...(health === undefined ? {} : { health }), ...daemon });
  } else writeText(context, server, daemon);
  if (server === undefined) throw new ExitStatus(NO_SERVER);
}

async function ask(client: ApiClient, wait: WaitOptions): Promise<Server> {
  const info = await client.ping(wait);
  const health = await client.health({ ...wait, timeout: HEALTH_MS }).catch((error: unknown) => {
    if (isLaunchportError(error, 'ERR_REMOTE', 'ERR_XPC_TIMEOUT')) return undefined;
    throw error;
  });
  return { info, ...(health === undefined ? {} : { health }) };
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

function writeText(context: CliContext, server: Server | undefined, daemon: Daemon | undefined): void {
  const facts: Readonly<Record<string, unknown>> = {
    ...server?.info,
    ...healthFacts(server?.health),
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
  writeProblems(context, server?.health);
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

function healthFacts(health: ServerHealth | undefined): Readonly<Record<string, string>> {
  if (health === undefined) return {};
  const { containers, networks, isRestoring } = health;
  const count = (all: readonly { readonly problem?: unknown }[], running: number) => {
    const broken = all.filter(({ problem }) => problem !== undefined).length;
    return `${all.length}, ${running} running${broken === 0 ? '' : `, ${broken} with a problem`}`;
  };
  return {
    containers: count(containers, containers.filter(({ status }) => status === 'running').length),
    networks: count(networks, networks.filter(({ state }) => state === 'running').length),
    ...(isRestoring ? { restoring: 'what earlier servers left is still being looked after' } : {}),
  };
}

/** What is wrong with plugins, networks and containers, one line each. */
function writeProblems(context: CliContext, health: ServerHealth | undefined): void {
  if (health === undefined) return;
  const { plugins, networks, containers } = health;
  const all = [
    ...plugins.map(({ name, problem }) => ({ what: `plugin ${name}`, problem })),
    ...networks.map(({ id, problem }) => ({ what: `network ${id}`, problem })),
    ...containers.map(({ id, problem }) => ({ what: `container ${id}`, problem })),
  ];
  for (const { what, problem } of all)
    if (problem !== undefined) context.stderr.write(`warning: ${what}: ${printable(problem.message)}\n`);
}
