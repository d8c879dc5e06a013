/** What leads out of a network, and what does not: a table of its own in the firewall. */
import { readFile } from 'node:fs/promises';
import { errorText, type Logger } from '../../../base/index.js';
import { mustRun, type RunTool, ToolError } from './tool.js';

/** The network as the firewall sees it. */
export interface NatSettings {
  /** Tells the table from those of other networks. */
  readonly tag: string;
  readonly bridge: string;
  readonly ipv4Subnet: string;
  readonly ipv6Subnet: string;
  readonly isInternal: boolean;
}

/** The table of nft for one network. */
function tableOf(tag: string): string {
  return `launchport_${tag}`;
}

/** Removes the table of a network that is no more, if there is one. Never rejects. */
export async function removeTable(run: RunTool, tag: string): Promise<void> {
  await run('nft', ['delete', 'table', 'inet', tableOf(tag)]).catch(() => {});
}

/** Address translation of one network. */
export class Nat {
  readonly #run: RunTool;
  readonly #settings: NatSettings;
  readonly #logger: Logger;
  readonly #forwarding: string;
  #tool: 'nft' | 'iptables' | undefined;

  constructor(
    run: RunTool,
    settings: NatSettings,
    logger: Logger,
    forwarding = '/proc/sys/net/ipv4/ip_forward',
  ) {
    this.#run = run;
    this.#settings = settings;
    this.#logger = logger;
    this.#forwarding = forwarding;
  }

  /**
   * Sets the rules, in place of those of an earlier process. Returns why containers do not reach the world, if they
   * should and do not. Never rejects.
   */
  async apply(): Promise<string | undefined> {
    const { isInternal } = this.#settings;
    const problems = [await this.#setRules()];
    if (!isInternal) problems.push(await this.#forwardingProblem());
    const reason = problems.filter((problem) => problem !== undefined).join('; ');
    // An internal network needs no rule where nothing is forwarded anyway.
    if (isInternal) return undefined;
    return reason === '' ? undefined : reason;
  }

  /** Removes the rules. Never rejects. */
  async remove(): Promise<void> {
    try {
      if (this.#tool === 'nft') await mustRun(this.#run, 'nft', ['delete', 'table', 'inet', this.#table]);
      else if (this.#tool === 'iptables') {
        for (const [tool, rule] of this.#iptablesRules()) {
          // Its status tells only whether there was one.
          await this.#run(tool, rule('-D')).catch(() => {});
        }
      }
    } catch (error) {
      this.#logger.warn('the rules of the firewall could not be removed', { error: errorText(error) });
    }
  }

  get #table(): string {
    return tableOf(this.#settings.tag);
  }

  async #setRules(): Promise<string | undefined> {
    try {
      await mustRun(this.#run, 'nft', ['-f', '-'], { input: this.#ruleset() });
      this.#tool = 'nft';
      return undefined;
    } catch (error) {
      if (!(error instanceof ToolError && error.isMissing)) return `no NAT: ${errorText(error)}`;
    }
    return this.#settings.isInternal ? undefined : this.#setIptables();
  }

  /** The older tools, one for each version of IP: what one can do is done. */
  async #setIptables(): Promise<string | undefined> {
    const problems: string[] = [];
    for (const [tool, rule] of this.#iptablesRules()) {
      try {
        if ((await this.#run(tool, rule('-C'))).status !== 0) await mustRun(this.#run, tool, rule('-A'));
        this.#tool = 'iptables';
      } catch (error) {
        problems.push(errorText(error));
      }
    }
    if (problems.length === 0) return undefined;
    if (this.#tool === undefined) return `no NAT: there is no nft, and ${problems[0]}`;
    return `no NAT for IPv6: ${problems[0]}`;
  }

  /** One transaction: the table is made if need be, emptied by being removed, and made again. */
  #ruleset(): string {
    const { bridge, ipv4Subnet, ipv6Subnet, isInternal } = this.#settings;
    const chain = isInternal
      ? `chain forward {
    type filter hook forward priority 0; policy accept;
    iifname "${bridge}" oifname != "${bridge}" drop
    oifname "${bridge}" iifname != "${bridge}" drop
  }`
      : `chain postrouting {
    type nat hook postrouting priority 100; policy accept;
    ip saddr ${ipv4Subnet} oifname != "${bridge}" masquerade
    ip6 saddr ${ipv6Subnet} oifname != "${bridge}" masquerade
  }`;
    return `table inet ${this.#table}\ndelete table inet ${this.#table}\ntable inet ${this.#table} {\n  ${chain}\n}\n`;
  }

  #iptablesRules(): readonly (readonly [string, (verb: string) => readonly string[]])[] {
    const { bridge, ipv4Subnet, ipv6Subnet } = this.#settings;
    const rule = (subnet: string) => (verb: string) => [
      '-w',
      '5',
      '-t',
      'nat',
      verb,
      'POSTROUTING',
      '-s',
      subnet,
      '!',
      '-o',
      bridge,
      '-j',
      'MASQUERADE',
    ];
    return [
      ['iptables', rule(ipv4Subnet)],
      ['ip6tables', rule(ipv6Subnet)],
    ];
  }

  /** It is the machine's own setting, and not ours to change. */
  async #forwardingProblem(): Promise<string | undefined> {
    const text = await readFile(this.#forwarding, 'utf8').catch(() => '1');
    if (text.trim() === '1') return undefined;
    return 'this machine forwards nothing: containers reach it and each other only, until "sysctl -w net.ipv4.ip_forward=1"';
  }
}
