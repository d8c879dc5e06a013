/** Interfaces of networks that are no more: their helper was killed, and the network deleted before it came back. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorText, type Logger } from '../../../base/index.js';
import { LinkNames } from './link-names.js';
import { type Link, LinkTool } from './links.js';
import { removeTable } from './nat.js';
import type { RunTool } from './tool.js';

/** What begins the alias of every interface of ours: the network follows, and at a port the host. */
const ALIAS = 'launchport:';

/** The alias of an interface: tells people, and the helpers of other networks, whose it is. */
export function linkAlias(network: string, hostname?: string): string {
  const host = hostname === undefined ? '' : `:${hostname}`;
  // IFALIASZ is 256, and what is not plain text could not be given to `ip` as one word.
  return `${ALIAS}${network}${host}`.replaceAll(/[^\x21-\x7e]/g, '?').slice(0, 255);
}

/**
 * Removes interfaces, and their tables of nft, of networks beside `stateDirectory` that have no state directory any more. Only what bears the mark
 * of such a network is touched. Never rejects.
 */
export async function removeOrphans(
  run: RunTool,
  found: readonly Link[],
  stateDirectory: string,
  logger: Logger,
): Promise<void> {
  const links = new LinkTool(run);
  for (const link of found) {
    const [, network] = (link.ifalias?.startsWith(ALIAS) ? link.ifalias.split(':') : []) as (
      | string
      | undefined
    )[];
    if (network === undefined || network.includes('/')) continue;
    const directory = join(dirname(stateDirectory), network);
    const names = new LinkNames(network, directory);
    if (!names.isOurs(link) || existsSync(directory)) continue;
    logger.info('removing an interface of a network that is no more', { interface: link.ifname, network });
    if (link.linkinfo?.info_kind === 'bridge') await removeTable(run, names.tag);
    await links.run(`link delete dev ${link.ifname}`).catch((error: unknown) => {
      logger.warn('it could not be removed', { interface: link.ifname, error: errorText(error) });
    });
  }
}
