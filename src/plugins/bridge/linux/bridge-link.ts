/** The bridge of one network: made, taken over from an earlier process, or made anew under another name. */
import type { LinkNames } from './link-names.js';
import type { LinkTool } from './links.js';
import { linkAlias } from './orphans.js';
import { ToolError } from './tool.js';

/** How the bridge is to be. */
export interface BridgeSettings {
  readonly network: string;
  /** The gateway's `address/prefix`. */
  readonly ipv4Gateway: string;
  readonly ipv6Gateway: string;
  readonly mtu: number | undefined;
}

/** A bridge that is up. */
export interface BridgeLink {
  readonly name: string;
  /** Why it has no IPv6 address, if so. */
  readonly ipv6Problem: string | undefined;
}

/** Names to try: each is taken with the chance of two hashes being the same. */
const TURNS = 16;

/** Makes the bridge what it should be. @throws ToolError */
export async function prepareBridge(
  links: LinkTool,
  names: LinkNames,
  settings: BridgeSettings,
): Promise<BridgeLink> {
  const name = await makeOrFind(links, names, settings.mtu);
  const { ipv4Gateway, ipv6Gateway } = settings;
  // Addresses of an earlier subnet would still answer.
  const stale = (await links.addresses(name)).filter((each) => each !== ipv4Gateway && each !== ipv6Gateway);
  await links.batch([
    ...stale.map((address) => `address delete ${address} dev ${name}`),
    `link set dev ${name} alias ${linkAlias(settings.network)}`,
    ...(settings.mtu === undefined ? [] : [`link set dev ${name} mtu ${settings.mtu}`]),
    `address replace ${ipv4Gateway} dev ${name}`,
    `link set dev ${name} up`,
  ]);
  return { name, ipv6Problem: await addIpv6(links, name, ipv6Gateway) };
}

/** A machine may have IPv6 switched off: then the network has none, and all else works. */
async function addIpv6(links: LinkTool, name: string, address: string): Promise<string | undefined> {
  try {
    // No other interface has the address: there is nothing to look for, and it can be used at once.
    await links.batch([`address replace ${address} dev ${name} nodad`]);
    return undefined;
  } catch (error) {
    if (error instanceof ToolError) return `no IPv6: ${error.message}`;
    throw error;
  }
}

async function makeOrFind(links: LinkTool, names: LinkNames, mtu: number | undefined): Promise<string> {
  for (let turn = 0; turn < TURNS; turn++) {
    const name = names.bridge(turn);
    const found = await links.find(name);
    if (found === undefined) {
      const size = mtu === undefined ? '' : `mtu ${mtu} `;
      await links.run(`link add dev ${name} address ${names.mark(name)} ${size}type bridge`);
      return name;
    }
    if (names.isOurs(found) && found.linkinfo?.info_kind === 'bridge') return name;
  }
  throw new ToolError(`every name for the bridge is taken, the last one was ${names.bridge(TURNS - 1)}`);
}
