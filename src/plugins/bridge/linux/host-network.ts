/** Interfaces on Linux: a bridge for the network, and a pair of interfaces for each host, one end in its namespace. */
import { errorText, type Logger } from '../../../base/index.js';
import { routeError } from '../../../sdk/index.js';
import type { AttachRequest, AttachResult, Plumbing } from '../plumbing.js';
import { type BridgeLink, type BridgeSettings, prepareBridge } from './bridge-link.js';
import { LinkNames } from './link-names.js';
import { type Link, LinkTool } from './links.js';
import { Nat } from './nat.js';
import { assertOtherNetns } from './netns.js';
import { linkAlias, removeOrphans } from './orphans.js';
import { INHERITED_DESCRIPTOR, type RunTool, ToolError } from './tool.js';

/** The network as this machine is to have it. */
export interface HostNetworkSettings extends BridgeSettings {
  /** Part of what tells its interfaces from those of another server. */
  readonly stateDirectory: string;
  /** Addresses without their prefixes. */
  readonly ipv4GatewayAddress: string;
  readonly ipv6GatewayAddress: string;
  readonly ipv4Subnet: string;
  readonly ipv6Subnet: string;
  readonly isInternal: boolean;
}

/** The interfaces of one network. All changes are made one after the other. */
export class HostNetwork implements Plumbing {
  readonly #run: RunTool;
  readonly #links: LinkTool;
  readonly #names: LinkNames;
  readonly #settings: HostNetworkSettings;
  readonly #bridge: BridgeLink;
  readonly #nat: Nat;
  readonly #logger: Logger;
  /** What is missing although hosts are connected. */
  #reason: string | undefined;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(
    run: RunTool,
    names: LinkNames,
    settings: HostNetworkSettings,
    bridge: BridgeLink,
    logger: Logger,
  ) {
    this.#run = run;
    this.#links = new LinkTool(run);
    this.#names = names;
    this.#settings = settings;
    this.#bridge = bridge;
    this.#logger = logger;
    const { ipv4Subnet, ipv6Subnet, isInternal } = settings;
    const nat = { tag: names.tag, bridge: bridge.name, ipv4Subnet, ipv6Subnet, isInternal };
    this.#nat = new Nat(run, nat, logger);
  }

  /**
   * Makes the bridge, or takes over that of an earlier process. Interfaces of an earlier process stay for `hostnames`,
   * whose owners may come back, and are removed otherwise.
   * @throws ToolError
   */
  static async start(
    run: RunTool,
    settings: HostNetworkSettings,
    hostnames: readonly string[],
    logger: Logger,
  ): Promise<HostNetwork> {
    const names = new LinkNames(settings.network, settings.stateDirectory);
    const links = new LinkTool(run);
    const expected = new Set(hostnames.map((hostname) => names.port(hostname)));
    const found = await links.list();
    await removeOrphans(run, found, settings.stateDirectory, logger);
    const ours = found.filter((link) => names.isOurs(link));
    const isPort = ({ ifname }: Link) => ifname.startsWith('lpv');
    for (const link of ours.filter((each) => isPort(each) && !expected.has(each.ifname))) {
      logger.info('removing an interface that an earlier process left', { interface: link.ifname });
      await links.run(`link delete dev ${link.ifname}`);
    }
    const bridge = await prepareBridge(links, names, settings).catch(async (error: unknown) => {
      await removeOurs(links, names, logger);
      throw error;
    });
    const network = new HostNetwork(run, names, settings, bridge, logger);
    for (const link of ours.filter((each) => isPort(each) && expected.has(each.ifname))) {
      await links.run(`link set dev ${link.ifname} master ${bridge.name}`);
    }
    await network.#finish();
    return network;
  }

  /** The bridge's name. */
  get bridge(): string {
    return this.#bridge.name;
  }

  /** Whether the network has IPv6 on this machine. */
  get hasIpv6(): boolean {
    return this.#bridge.ipv6Problem === undefined;
  }

  attach(request: AttachRequest): Promise<AttachResult> {
    return this.#inTurn(async () => {
      await assertOtherNetns(request.netns);
      try {
        return await this.#attach(request);
      } catch (error) {
        if (!(error instanceof ToolError)) throw error;
        throw routeError('internalError', `${request.hostname} cannot be attached: ${error.message}`);
      }
    });
  }

  async detach(hostname: string): Promise<void> {
    const port = this.#names.port(hostname);
    await this.#inTurn(async () => {
      const link = await this.#links.find(port);
      if (link !== undefined && this.#names.isOurs(link)) await this.#links.run(`link delete dev ${port}`);
    }).catch((error: unknown) => cannotRemove(this.#logger, port, error));
  }

  async close(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#nat.remove();
      await removeOurs(this.#links, this.#names, this.#logger);
    });
  }

  async #finish(): Promise<void> {
    const problems = [this.#bridge.ipv6Problem, await this.#nat.apply()];
    const text = problems.filter((problem) => problem !== undefined).join('; ');
    this.#reason = text === '' ? undefined : text;
    const { name } = this.#bridge;
    if (this.#reason === undefined) this.#logger.info('the network has its bridge', { bridge: name });
    else
      this.#logger.warn('the network has its bridge, with less than it should', {
        bridge: name,
        reason: text,
      });
  }

  async #attach(request: AttachRequest): Promise<AttachResult> {
    const inside = new LinkTool(this.#run, request.netns);
    const port = this.#names.port(request.hostname);
    const isKept = await this.#keepOrRemove(port, inside, request);
    if (!isKept) await this.#makePair(port, request);
    try {
      const reason = await this.#configure(inside, request);
      await this.#links.batch([`link set dev ${port} master ${this.bridge}`, `link set dev ${port} up`]);
      const reasons = [this.#reason, reason].filter((each) => each !== undefined).join('; ');
      return { isConnected: true, ...(reasons === '' ? {} : { reason: reasons }) };
    } catch (error) {
      await this.#links
        .run(`link delete dev ${port}`)
        .catch((second) => cannotRemove(this.#logger, port, second));
      throw error;
    }
  }

  /** A pair that leads to the same namespace is kept: its owner came back to a new process of ours. */
  async #keepOrRemove(
    port: string,
    inside: LinkTool,
    { interfaceName, mac }: AttachRequest,
  ): Promise<boolean> {
    const outer = await this.#links.find(port);
    if (outer === undefined) return false;
    if (!this.#names.isOurs(outer)) throw new ToolError(`there is an interface ${port} of somebody else`);
    const inner = await inside.find(interfaceName);
    const isPair = inner?.ifindex === outer.link_index && inner?.link_index === outer.ifindex;
    if (isPair && inner?.address === mac) return true;
    await this.#links.run(`link delete dev ${port}`);
    return false;
  }

  async #makePair(port: string, { interfaceName, mac, mtu, netns, hostname }: AttachRequest): Promise<void> {
    const size = mtu === undefined ? '' : ` mtu ${mtu}`;
    const peer = `peer name ${interfaceName} address ${mac}${size} netns ${INHERITED_DESCRIPTOR}`;
    const pair = `link add dev ${port} address ${this.#names.mark(port)}${size} type veth ${peer}`;
    // The end inside is made there, so that at no time does it have a name here that somebody else may have.
    await this.#links.run(pair, netns).catch((error: unknown) => {
      if (!/File exists/.test(errorText(error))) throw error;
      throw new ToolError(`it has an interface ${interfaceName} already`);
    });
    const alias = linkAlias(this.#settings.network, hostname);
    await this.#links.run(`link set dev ${port} alias ${alias}`);
  }

  /** Addresses and routes inside. Returns what is missing. */
  async #configure(inside: LinkTool, request: AttachRequest): Promise<string | undefined> {
    const { interfaceName: name, ipv4Address, ipv6Address, mtu } = request;
    await inside.batch([
      'link set dev lo up',
      ...(mtu === undefined ? [] : [`link set dev ${name} mtu ${mtu}`]),
      `address replace ${ipv4Address} dev ${name}`,
      `link set dev ${name} up`,
    ]);
    const { isInternal, ipv4GatewayAddress, ipv6GatewayAddress } = this.#settings;
    if (!isInternal) await addDefaultRoute(inside, `route add default via ${ipv4GatewayAddress} dev ${name}`);
    if (this.#bridge.ipv6Problem !== undefined) return undefined;
    try {
      await inside.batch([`address replace ${ipv6Address} dev ${name} nodad`]);
      if (!isInternal)
        await addDefaultRoute(inside, `-6 route add default via ${ipv6GatewayAddress} dev ${name}`);
      return undefined;
    } catch (error) {
      if (error instanceof ToolError) return `no IPv6: ${error.message}`;
      throw error;
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#last.then(work);
    this.#last = run.catch(() => {});
    return run;
  }
}

/** The first network of a container has its default route; later ones leave it as it is. */
async function addDefaultRoute(inside: LinkTool, command: string): Promise<void> {
  await inside.run(command).catch((error: unknown) => {
    if (!/File exists/.test(errorText(error))) throw error;
  });
}

/** Removes all interfaces that this network made, in one run: there is little time at the end. Never rejects. */
async function removeOurs(links: LinkTool, names: LinkNames, logger: Logger): Promise<void> {
  try {
    const ours = (await links.list()).filter((link) => names.isOurs(link));
    if (ours.length > 0) await links.batchAll(ours.map(({ ifname }) => `link delete dev ${ifname}`));
  } catch (error) {
    cannotRemove(logger, 'some', error);
  }
}

function cannotRemove(logger: Logger, name: string, error: unknown): void {
  logger.error('an interface could not be removed', { interface: name, error: errorText(error) });
}
