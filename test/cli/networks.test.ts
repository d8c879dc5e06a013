/** Commands about networks: what is asked of the server, and what the user sees. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { run } from '../../src/cli/run.js';
import { routeError } from '../../src/routes/index.js';
import { ContainerWorld, exampleNetwork } from '../helpers/container-world.js';

let root: string;
let server: ContainerWorld;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lp-networks-'));
  server = new ContainerWorld(root);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await server[Symbol.asyncDispose]();
  rmSync(root, { recursive: true, force: true });
});

async function launchport(...args: readonly string[]) {
  const context = server.context({ HOME: root });
  const code = await run(args, context);
  return { code, out: context.output(), err: context.errors() };
}

describe('network create', () => {
  it('makes a network of the bridge plugin and prints its name', async () => {
    expect(await launchport('network', 'create', 'lan')).toEqual({ code: 0, out: 'lan\n', err: '' });
    expect(server.asked('networkCreate')).toMatchObject([
      { networkConfig: { name: 'lan', mode: 'nat', plugin: 'bridge', labels: {}, options: {} } },
    ]);
  });

  it('passes on all that is said of it, pairs without a value with an empty one', async () => {
    const words = [
      '--internal',
      '--plugin',
      'vpn',
      '--label',
      'a=b=c',
      '--label',
      'bare',
      '--option',
      'mtu=1400',
    ];
    await launchport(
      'network',
      'create',
      ...words,
      '--subnet',
      '10.1.2.0/24',
      '--subnet-v6',
      'FD00:1::/64',
      'lan',
    );
    expect(server.asked('networkCreate')).toMatchObject([
      {
        networkConfig: {
          mode: 'hostOnly',
          plugin: 'vpn',
          labels: { a: 'b=c', bare: '' },
          options: { mtu: '1400' },
          ipv4Subnet: '10.1.2.0/24',
          ipv6Subnet: 'fd00:1::/64',
        },
      },
    ]);
  });

  it.each([
    ['plugin case 63: A', 'A'],
    ['plugin case 63: -a', '--', '-a'],
    ['plugin case 63: none', 'none'],
    ['a bad subnet', 'lan', '--subnet', '10.1.2.0/33'],
    ['IPv6 for IPv4', 'lan', '--subnet', 'fd00::/64'],
    ['a pair without a name', 'lan', '--option', '=x'],
  ])('refuses %s and sends nothing', async (_what, ...words) => {
    expect((await launchport('network', 'create', ...words)).code).toBe(2);
    expect(server.calls).toEqual([]);
  });

  it('says what the server says when there is no such plugin', async () => {
    server.handlers.set('networkCreate', () => {
      throw routeError('notFound', 'unable to locate network plugin vpn');
    });
    const { code, err } = await launchport('network', 'create', '--plugin', 'vpn', 'lan');
    expect(code).toBe(1);
    expect(err).toContain('unable to locate network plugin vpn');
  });
});

describe('network list and inspect', () => {
  it('shows networks as a table, as names and as JSON, and warns of what does not work', async () => {
    server.networks.set('lan', exampleNetwork('lan'));
    const problem = { code: 'ERR_PLUGIN_NOT_FOUND', message: 'no plugin vpn' };
    server.handlers.set('com.launchport.server/networks', () => ({
      networks: [
        { id: 'lan', plugin: 'bridge', state: 'running', isBuiltin: false, containers: ['web', 'db'] },
        { id: 'old', state: 'failed', isBuiltin: false, containers: [], problem },
      ],
    }));
    const { out, err } = await launchport('network', 'list');
    expect(out).toMatch(/^NETWORK +STATE +PLUGIN +MODE +SUBNET +SUBNET-V6 +CONTAINERS\n/);
    expect(out).toMatch(/^lan +running +bridge +nat +10\.9\.0\.0\/24 +- +web,db$/m);
    expect(out).toMatch(/^old +failed +- +- +- +- +-$/m);
    expect(err).toBe('warning: network old: no plugin vpn\n');
    expect((await launchport('network', 'ls', '-q')).out).toBe('lan\nold\n');
    expect(JSON.parse((await launchport('network', 'ls', '--json')).out)).toMatchObject([
      {
        id: 'lan',
        configuration: { plugin: 'bridge' },
        status: { ipv4Gateway: '10.9.0.1' },
        containers: ['web', 'db'],
      },
      { id: 'old', problem },
    ]);
  });

  it("asks apple/container's server only what it knows", async () => {
    server.appName = 'container-apiserver';
    server.networks.set('lan', exampleNetwork('lan'));
    expect((await launchport('network', 'list')).out).toMatch(/^lan +- +bridge/m);
    expect(new Set(server.calls.map(({ route }) => route))).toEqual(new Set(['ping', 'networkList']));
  });

  it('inspects those that are there, and fails for those that are not', async () => {
    server.networks.set('lan', exampleNetwork('lan'));
    const { code, out, err } = await launchport('network', 'inspect', 'lan', 'wan');
    expect(code).toBe(4);
    expect(JSON.parse(out)).toMatchObject([{ id: 'lan' }]);
    expect(err).toContain('no such network: wan');
  });
});

describe('network connect and disconnect', () => {
  const connected = () => server.asked('com.launchport.server/containerConnect');
  beforeEach(() => {
    server.handlers.set('com.launchport.server/containerConnect', () => {});
    server.handlers.set('com.launchport.server/containerDisconnect', () => {});
  });

  it('makes the network with the plugin that is named, and nothing when it is there', async () => {
    expect((await launchport('network', 'connect', '--plugin', 'vpn', '1')).out).toBe('1: created\n');
    expect(server.asked('networkCreate')).toMatchObject([{ networkConfig: { name: '1', plugin: 'vpn' } }]);
    expect((await launchport('network', 'connect', '--plugin', 'vpn', '1')).out).toBe('1: there already\n');
    expect(server.asked('networkCreate')).toHaveLength(1);
    expect(connected()).toEqual([]);
  });

  it('attaches a container, with the address and the packet size that are given', async () => {
    server.networks.set('lan', exampleNetwork('lan'));
    server.add('web', 'stopped');
    const { out } = await launchport(
      'network',
      'connect',
      'lan',
      'web',
      '--mac',
      '02-00-00-00-00-01',
      '--mtu',
      '1400',
    );
    expect(out).toBe('web on lan: connected\n');
    expect(connected()).toEqual([
      {
        id: 'web',
        attachment: {
          network: 'lan',
          options: { hostname: 'web', macAddress: '02:00:00:00:00:01', mtu: 1400 },
        },
      },
    ]);
  });

  it('refuses a network that is there with another plugin, or is described anew', async () => {
    server.networks.set('lan', exampleNetwork('lan'));
    const other = await launchport('network', 'connect', '--plugin', 'vpn', 'lan', 'web');
    expect(other).toMatchObject({ code: 1 });
    expect(other.err).toContain('network lan is there, with plugin bridge');
    expect((await launchport('network', 'connect', '--internal', 'lan')).err).toContain('ERR_NETWORK_EXISTS');
    expect(connected()).toEqual([]);
  });

  it('says that a running container has to be stopped first', async () => {
    server.networks.set('lan', exampleNetwork('lan'));
    server.add('web');
    server.handlers.set('com.launchport.server/containerConnect', () => {
      throw routeError('invalidState', 'container web is running: its networks cannot be changed', {
        hint: 'Stop it first: launchport stop web',
      });
    });
    const { code, err } = await launchport('network', 'connect', 'lan', 'web');
    expect(code).toBe(1);
    expect(err).toContain('ERR_CONTAINER_STATE');
    expect(err).toContain('launchport stop web');
  });

  it('takes a container off, and tells programs', async () => {
    const { out } = await launchport('network', 'disconnect', 'lan', 'web', '--json');
    expect(JSON.parse(out)).toEqual({ network: 'lan', container: 'web', result: 'disconnected' });
    expect(server.asked('com.launchport.server/containerDisconnect')).toEqual([
      { id: 'web', network: 'lan' },
    ]);
  });
});

describe('network delete and prune', () => {
  it('deletes several, all failures told, and with --all none that is built in', async () => {
    for (const id of ['default', 'lan', 'wan']) server.networks.set(id, exampleNetwork(id));
    const some = await launchport('network', 'delete', 'lan', 'nope');
    expect(some).toMatchObject({ code: 4, out: 'lan\n' });
    expect(some.err).toContain('no network for id nope');
    expect((await launchport('network', 'rm', '--all')).out).toBe('wan\n');
    expect([...server.networks.keys()]).toEqual(['default']);
  });

  it('prunes what the server finds unused', async () => {
    server.handlers.set('com.launchport.server/networkPrune', () => ({ deleted: ['lan', 'wan'] }));
    expect((await launchport('network', 'prune')).out).toBe('lan\nwan\n');
  });

  it("finds out by itself what is unused on apple/container's server", async () => {
    server.appName = 'container-apiserver';
    server.networks.set('lan', exampleNetwork('lan'));
    server.networks.set('used', exampleNetwork('used'));
    server.networks.set(
      'default',
      exampleNetwork('default', { labels: { 'com.apple.container.resource.role': 'builtin' } }),
    );
    server.add('web', 'stopped', { networks: [{ network: 'used', options: { hostname: 'web' } }] });
    expect((await launchport('network', 'prune')).out).toBe('lan\n');
  });
});
