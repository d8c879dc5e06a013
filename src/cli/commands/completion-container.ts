/** Completion of containers and networks by name. */
import type { Command } from 'commander';
import { serverProtocol } from '../../harness/index.js';
import { isOwnServer, type Services, withServices } from '../containers/server.js';
import { isRunning } from '../containers/snapshot.js';
import type { CliContext } from '../context.js';
import { positionals } from './completion-job.js';

/** Seconds that a person waits for a completion. */
const PATIENCE_S = 2;

/** Commands about containers: which are meant, and whether several may be named. */
const COMMANDS: Readonly<
  Record<string, { readonly which: 'all' | 'running' | 'stopped'; readonly many: boolean }>
> = {
  start: { which: 'stopped', many: true },
  stop: { which: 'running', many: true },
  kill: { which: 'running', many: true },
  exec: { which: 'running', many: false },
  rm: { which: 'all', many: true },
  inspect: { which: 'all', many: true },
  logs: { which: 'all', many: false },
  stats: { which: 'running', many: true },
  top: { which: 'running', many: false },
};

/** Whether the command, of the program itself, takes names of containers. */
export function takesContainers(command: Command): boolean {
  return command.parent?.parent === null && Object.hasOwn(COMMANDS, command.name());
}

/** Names of containers for such a command; none when the server does not answer in time. */
export async function containerWords(
  context: CliContext,
  command: Command,
  typed: readonly string[],
): Promise<readonly string[]> {
  const { which, many } = COMMANDS[command.name()] ?? { which: 'all', many: false };
  if (!many && positionals(command, typed).length > 0) return [];
  return asked(context, async ({ containers, wait }) =>
    (await containers.list({}, wait))
      .filter((each) => which === 'all' || isRunning(each) === (which === 'running'))
      .map(({ configuration }) => configuration.id),
  );
}

/** Words behind a command of `network`. */
export async function networkWords(
  context: CliContext,
  command: Command,
  typed: readonly string[],
): Promise<readonly string[]> {
  const verb = command.name();
  const count = positionals(command, typed).length;
  if (verb === 'inspect' || verb === 'delete') return networkNames(context);
  if (verb !== 'connect' && verb !== 'disconnect') return [];
  if (count === 0) return networkNames(context);
  if (count > 1) return [];
  return asked(context, async ({ containers, wait }) =>
    (await containers.list({}, wait)).map(({ configuration }) => configuration.id),
  );
}

/** Names of networks; of those too that do not work. */
export function networkNames(context: CliContext): Promise<readonly string[]> {
  return asked(context, async (services) => {
    const { client, networks, wait } = services;
    const all = (await isOwnServer(services))
      ? (await client.call(serverProtocol.routes.networks, {}, wait)).networks
      : await networks.list(wait);
    return all.map(({ id }) => id);
  });
}

async function asked(
  context: CliContext,
  work: (services: Services) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  try {
    return await withServices(context, { timeout: PATIENCE_S }, work);
  } catch {
    return [];
  }
}
