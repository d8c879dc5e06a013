/** Interfaces, on a system whose tools are fakes: what is made, what is taken over, and what is left alone. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Logger, silentLogger } from '../../../src/base/index.js';
import { HostNetwork, type HostNetworkSettings } from '../../../src/plugins/bridge/linux/host-network.js';
import { LinkNames } from '../../../src/plugins/bridge/linux/link-names.js';
import { missingForInterfaces } from '../../../src/plugins/bridge/linux/privilege.js';
import { mustRun, runTool, ToolError } from '../../../src/plugins/bridge/linux/tool.js';
import { type FakeLink, fakeTools } from './fake-tool.js';
import { appRoot } from './kit.js';

const STATE = '/app/networks/lan';
const names = new LinkNames('lan', STATE);
const ok = { status: 0, stdout: '', stderr: '' };

const settings = (more: Partial<HostNetworkSettings> = {}): HostNetworkSettings => ({
  network: 'lan',
  stateDirectory: STATE,
  ipv4Gateway: '10.0.0.1/24',
  ipv6Gateway: 'fd01::1/64',
  ipv4GatewayAddress: '10.0.0.1',
  ipv6GatewayAddress: 'fd01::1',
  ipv4Subnet: '10.0.0.0/24',
  ipv6Subnet: 'fd01::/64',
  mtu: undefined,
  isInternal: false,
  ...more,
});

function recorder(): { readonly logger: Logger; readonly lines: string[] } {
  const lines: string[] = [];
  const add = (message: string, fields?: unknown) =>
    void lines.push(`${message} ${JSON.stringify(fields ?? {})}`);
  return { logger: { debug: add, info: add, warn: add, error: add }, lines };
}

const link = (ifname: string, kind: string, more: Partial<FakeLink> = {}): FakeLink => ({
  ifname,
  address: names.mark(ifname),
  kind,
  ...more,
});

describe('names', () => {
  it('fit an interface, differ by network and by server, and are known by their mark', () => {
    const other = new LinkNames('lan', '/elsewhere/networks/lan');
    const long = new LinkNames('a-very.long_network-name', STATE);
    const all = [names, other, long].flatMap((each) => [
      each.bridge(),
      each.bridge(1),
      each.port('web'),
      each.port('db'),
    ]);
    expect(new Set(all).size).toBe(all.length);
    for (const name of all) expect(name).toMatch(/^lp[-v][a-z0-9-]{1,12}$/);
    expect(names.bridge()).toMatch(/^lp-lan-[0-9a-f]{5}$/);
    const ours = { ifindex: 1, ifname: names.bridge(), address: names.mark(names.bridge()) };
    expect(names.isOurs(ours)).toBe(true);
    expect(other.isOurs(ours)).toBe(false);
    expect(names.isOurs({ ...ours, ifname: 'eth0' })).toBe(false);
    expect(names.isOurs({ ...ours, address: other.mark(names.bridge()) })).toBe(false);
  });
});

describe('a network', () => {
  it('makes its bridge, and removes it at the end', async () => {
    const tools = fakeTools([], (command) => (command.startsWith('nft') ? ok : undefined));
    const host = await HostNetwork.start(tools.run, settings({ mtu: 1400 }), [], silentLogger);
    expect(host.bridge).toBe(names.bridge());
    const mark = names.mark(host.bridge);
    expect(tools.commands).toContain(`ip link add dev ${host.bridge} address ${mark} mtu 1400 type bridge`);
    expect(tools.commands.join('\n')).toContain(`address replace 10.0.0.1/24 dev ${host.bridge}`);
    expect(tools.commands.find((command) => command.startsWith('nft'))).toContain(
      `ip saddr 10.0.0.0/24 oifname != "${host.bridge}" masquerade`,
    );
    await host.close();
    expect(tools.commands).toContain(`nft delete table inet launchport_${names.tag}`);
    expect(tools.links).toEqual([]);
  });

  it('takes over its own, removes ports without a lease, and never touches what is of others', async () => {
    const foreign = [
      { ifname: names.bridge(), address: '02:00:00:00:00:01', kind: 'bridge' },
      { ifname: names.port('db'), address: '02:00:00:00:00:02', kind: 'veth' },
      { ifname: 'eth0', address: '02:00:00:00:00:03' },
    ];
    const ours = [
      link(names.bridge(1), 'bridge'),
      link(names.port('web'), 'veth'),
      link(names.port('gone'), 'veth'),
    ];
    const tools = fakeTools([...foreign, ...ours]);
    const host = await HostNetwork.start(tools.run, settings(), ['web'], silentLogger);
    expect(host.bridge).toBe(names.bridge(1));
    expect(tools.links).toEqual([...foreign, ...ours.slice(0, 2)]);
    expect(tools.commands).toContain(`ip link set dev ${names.port('web')} master ${host.bridge}`);
    await host.detach('db');
    await host.close();
    expect(tools.links).toEqual(foreign);
    const touched = tools.commands.filter((command) =>
      foreign.some(({ ifname }) => command.includes(`delete dev ${ifname}`)),
    );
    expect(touched).toEqual([]);
  });

  it('removes what a network left that is no more', async () => {
    const root = await appRoot();
    const here = join(root, 'networks/lan');
    await mkdir(join(root, 'networks/alive'), { recursive: true });
    const of = (network: string, name: string) => {
      const own = new LinkNames(network, join(root, 'networks', network));
      const ifname = name === '' ? own.bridge() : own.port(name);
      return {
        ifname,
        address: own.mark(ifname),
        kind: name === '' ? 'bridge' : 'veth',
        ifalias: `launchport:${network}${name && `:${name}`}`,
      };
    };
    const forged = { ...of('dead', 'x'), address: '02:00:00:00:00:01' };
    const tools = fakeTools([of('dead', ''), of('dead', 'web'), of('alive', ''), forged]);
    const host = await HostNetwork.start(tools.run, settings({ stateDirectory: here }), [], silentLogger);
    expect(tools.links.map(({ ifname }) => ifname)).toEqual([
      of('alive', '').ifname,
      forged.ifname,
      host.bridge,
    ]);
  });

  it('says what is missing: NAT without nft and iptables, IPv6 where it is off', async () => {
    const { logger, lines } = recorder();
    const tools = fakeTools([], (command) =>
      command.includes('fd01::1/64')
        ? { status: 1, stdout: '', stderr: 'RTNETLINK answers: Permission denied\n' }
        : undefined,
    );
    const host = await HostNetwork.start(tools.run, settings(), [], logger);
    expect(host.hasIpv6).toBe(false);
    expect(lines.join('\n')).toMatch(
      /no IPv6: .*Permission denied.*no NAT: there is no nft, and there is no iptables/,
    );
  });

  it('uses iptables where there is no nft, once, and takes its rules back', async () => {
    const tools = fakeTools([], (command) => {
      if (!command.includes('tables')) return undefined;
      return command.includes(' -C ') ? { status: 1, stdout: '', stderr: 'Bad rule' } : ok;
    });
    const host = await HostNetwork.start(tools.run, settings(), [], silentLogger);
    await host.close();
    const rule = (tool: string, verb: string, subnet: string) =>
      `${tool} -w 5 -t nat ${verb} POSTROUTING -s ${subnet} ! -o ${host.bridge} -j MASQUERADE`;
    expect(tools.commands.filter((command) => command.includes('tables'))).toEqual([
      rule('iptables', '-C', '10.0.0.0/24'),
      rule('iptables', '-A', '10.0.0.0/24'),
      rule('ip6tables', '-C', 'fd01::/64'),
      rule('ip6tables', '-A', 'fd01::/64'),
      rule('iptables', '-D', '10.0.0.0/24'),
      rule('ip6tables', '-D', 'fd01::/64'),
    ]);
  });

  it('that is internal has no NAT, and nothing is forwarded for it', async () => {
    const tools = fakeTools([], (command) => (command.startsWith('nft') ? ok : undefined));
    const host = await HostNetwork.start(tools.run, settings({ isInternal: true }), [], silentLogger);
    const ruleset = tools.commands.find((command) => command.startsWith('nft')) ?? '';
    expect(ruleset).toContain(`iifname "${host.bridge}" oifname != "${host.bridge}" drop`);
    expect(ruleset).not.toContain('masquerade');
  });

  it('leaves no bridge when it cannot have it as it should be', async () => {
    const tools = fakeTools([], (command) =>
      command.includes('10.0.0.1/24') ? { status: 2, stdout: '', stderr: 'no' } : undefined,
    );
    await expect(HostNetwork.start(tools.run, settings(), [], silentLogger)).rejects.toThrow(ToolError);
    expect(tools.links).toEqual([]);
  });
});

describe('tools', () => {
  it('are run with their input, and their failure comes with what they said', async () => {
    expect(await runTool('sh', ['-c', 'cat; exit 3'], { input: 'hello' })).toMatchObject({
      status: 3,
      stdout: 'hello',
    });
    await expect(mustRun(runTool, 'sh', ['-c', 'echo no such thing >&2; exit 1'])).rejects.toThrow(
      'no such thing',
    );
    await expect(mustRun(runTool, 'sh', ['-c', 'exit 4'])).rejects.toThrow('exit status 4');
    await expect(runTool('no-such-tool-at-all', [])).rejects.toMatchObject({ isMissing: true });
  });

  it('that hang are killed, and so is what writes without end', async () => {
    await expect(runTool('sleep', ['600'], { timeout: 100 })).rejects.toThrow('not done after 100 ms');
    await expect(runTool('sh', ['-c', 'exec cat /dev/zero'])).rejects.toThrow('wrote too much');
  });
});

describe('the privilege', () => {
  it('is looked for, and so are the tools', async () => {
    const tools = fakeTools([], (command) =>
      command === 'ip -V' ? { ...ok, stdout: 'ip utility, iproute2-6.1' } : ok,
    );
    const status = (name: string) => join(import.meta.dirname, 'status', name);
    expect(await missingForInterfaces(tools.run, status('privileged'))).toBeUndefined();
    expect(await missingForInterfaces(tools.run, status('plain'))).toContain('CAP_NET_ADMIN');
    expect(await missingForInterfaces(tools.run, status('absent'))).toContain('CAP_NET_ADMIN');
    const busybox = fakeTools([], () => ({ ...ok, stdout: 'BusyBox' }));
    expect(await missingForInterfaces(busybox.run, status('privileged'))).toContain('not that of iproute2');
    const bare = fakeTools(
      [],
      (command) => new ToolError(`there is no ${command.split(' ')[0]} on this system`, true),
    );
    expect(await missingForInterfaces(bare.run, status('privileged'))).toBe(
      'there is no ip on this system: install iproute2 and util-linux',
    );
  });
});
