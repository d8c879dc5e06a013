/** All networks of a container. */
import type { Attachment, ContainerConfiguration, NetworkBootstrapInfo } from '../../compat/index.js';
import { routeError } from '../../sdk/index.js';
import { type Membership, type NetworkAccess, NetworkMember } from './network-member.js';

/** Joins networks and leaves them together. */
export class Networks {
  readonly #access: NetworkAccess;
  #members: readonly NetworkMember[] = [];

  constructor(access: NetworkAccess) {
    this.#access = access;
  }

  /** The places, in the configuration's order. */
  get attachments(): readonly Attachment[] {
    return this.#members.flatMap(({ attachment }) => attachment ?? []);
  }

  /** The container's IPv4 address where the host reaches it; undefined when it has no interface. */
  get reachableAddress(): string | undefined {
    const member = this.#members.find(({ isConnected }) => isConnected);
    return member?.attachment?.ipv4Address.split('/')[0];
  }

  /**
   * Joins all networks of the configuration, each with the plugin at its index; all or none.
   * @throws LaunchportError `invalidArgument` when a plugin is missing, and what a helper failed with
   */
  async join(
    { networks }: ContainerConfiguration,
    plugins: readonly NetworkBootstrapInfo[],
    common: Pick<Membership, 'netns' | 'onChange' | 'note'>,
  ): Promise<void> {
    assertPlugins(networks.length, plugins);
    this.#members = networks.map((configuration, index) => {
      const { plugin } = plugins[index] as NetworkBootstrapInfo;
      return new NetworkMember(
        { configuration, plugin, interfaceName: `eth${index}`, ...common },
        this.#access,
      );
    });
    try {
      // One after another: the first one has the default route.
      for (const member of this.#members) await member.join();
    } catch (error) {
      this.leave();
      throw error;
    }
  }

  /** Gives all addresses back. */
  leave(): void {
    for (const member of this.#members) member.leave();
    this.#members = [];
  }
}

/** @throws LaunchportError `invalidArgument` */
export function assertPlugins(networks: number, plugins: readonly NetworkBootstrapInfo[]): void {
  if (plugins.length === networks) return;
  throw routeError('invalidArgument', `${networks} networks, and plugins for ${plugins.length}`);
}
