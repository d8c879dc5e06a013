/** Networks of the API server, over the mock world. */
import { access, readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { type NetworkConfiguration, networkConfiguration } from '../../src/compat/index.js';
import { serverProtocol } from '../../src/harness/index.js';
import { Rig } from './rig.js';

const code = (wire: string) => ({ code: 'ERR_REMOTE', details: { code: wire } });
const network = (name: string, changes: Partial<NetworkConfiguration> = {}): NetworkConfiguration => ({
  ...networkConfiguration.parse({ name: 'x', mode: 'nat', plugin: 'net' }),
  name,
  ...changes,
});

describe('a network', () => {
  it('is created with upstream’s command line and its options, listed sorted, and deleted', async () => {
    await using rig = await Rig.make();
    await rig.start();
    const { networks } = rig.client();
    const created = await networks.create(
      network('b1', { ipv4Subnet: '10.1.0.0/24', options: { variant: 'reserved', parent: 'eth0' } }),
    );
    expect(created).toMatchObject({
      id: 'b1',
      status: { ipv4Subnet: '10.1.0.0/24', ipv4Gateway: '10.99.0.1' },
    });
    expect(rig.helpers[0]?.join(' ')).toBe(
      'start --id b1 --service-identifier com.apple.container.network.net.b1 --mode nat ' +
        '--subnet 10.1.0.0/24 --variant reserved --option parent=eth0',
    );
    expect(await rig.json('networks/b1/entity.json')).toMatchObject({
      name: 'b1',
      plugin: 'net',
      options: { variant: 'reserved', parent: 'eth0' },
      creationDate: expect.any(Number),
    });
    await networks.create(network('a1', { mode: 'hostOnly' }));
    expect((await networks.list()).map(({ id }) => id)).toEqual(['a1', 'b1']);
    const before = rig.world.alive().length;
    await networks.delete('b1');
    expect(rig.world.alive()).toHaveLength(before - 1);
    await expect(access(rig.state('networks/b1'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(networks.delete('b1')).rejects.toMatchObject(code('notFound'));
  });

  it('plugin case 63: has a checked name, none is refused', async () => {
    await using rig = await Rig.make();
    await rig.start();
    const client = rig.client();
    for (const name of ['A', '-a', '../x']) {
      await expect(client.callRaw('networkDelete', { networkId: name })).rejects.toMatchObject(
        code('invalidArgument'),
      );
      const config = new TextEncoder().encode(JSON.stringify({ name, mode: 'nat', plugin: 'net' }));
      await expect(client.callRaw('networkCreate', { networkConfig: config })).rejects.toMatchObject(
        code('invalidArgument'),
      );
    }
    await expect(client.networks.create(network('none'))).rejects.toMatchObject(code('invalidArgument'));
    await client.networks.create(network('a.b_c-1'));
    expect(await readdir(rig.state('networks'))).toEqual(['a.b_c-1']);
  });

  it('is refused when its name, or a part of its subnet, is another’s, or its plugin is not there', async () => {
    await using rig = await Rig.make();
    await rig.start();
    const { networks } = rig.client();
    await networks.create(network('n1', { ipv4Subnet: '10.1.0.0/16', ipv6Subnet: 'fd00:1::/48' }));
    await expect(networks.create(network('n1'))).rejects.toMatchObject(code('exists'));
    for (const subnet of [
      { ipv4Subnet: '10.1.7.0/24' },
      { ipv4Subnet: '10.0.0.0/8' },
      { ipv6Subnet: 'fd00:1:0:1::/64' },
    ])
      await expect(networks.create(network('n2', subnet))).rejects.toMatchObject({
        details: { code: 'exists', message: expect.stringContaining('overlaps') },
      });
    await expect(networks.create(network('n2', { plugin: 'absent' }))).rejects.toMatchObject({
      details: {
        code: 'notFound',
        message: expect.stringContaining('unable to locate network plugin absent'),
      },
    });
    await expect(networks.create(network('n2', { plugin: 'rt' }))).rejects.toMatchObject(code('notFound'));
    expect(rig.helpers).toHaveLength(1);
    await networks.create(network('n2', { ipv4Subnet: '10.2.0.0/16', ipv6Subnet: 'fd00:2::/48' }));
  });

  it('whose helper does not answer leaves nothing behind', async () => {
    await using rig = await Rig.make();
    await rig.start({ timeouts: { start: 300 } });
    const { networks } = rig.client();
    const before = rig.world.alive().length;
    rig.network.before = () => new Promise<void>(() => {});
    await expect(networks.create(network('n1'))).rejects.toMatchObject(code('timeout'));
    expect(rig.world.alive()).toHaveLength(before);
    expect(await readdir(rig.state('networks'))).toEqual([]);
    expect(await networks.list()).toEqual([]);
  });

  it('is kept while a container names it, and pruned when none does', async () => {
    await using rig = await Rig.make();
    await rig.start();
    const client = rig.client();
    for (const name of ['n1', 'n22', 'n333']) await client.networks.create(network(name));
    const options = { hostname: 'h1' };
    await client.containers.create(rig.container('c1', { networks: [{ network: 'n22', options }] }));
    await expect(client.networks.delete('n22')).rejects.toMatchObject({
      details: { code: 'invalidState', message: 'cannot delete subnet n22 with referring containers: c1' },
    });
    expect(await client.call(serverProtocol.routes.networkPrune)).toEqual({ deleted: ['n1', 'n333'] });
    expect((await client.call(serverProtocol.routes.networks)).networks).toMatchObject([
      { id: 'n22', state: 'running', containers: ['c1'], isBuiltin: false },
    ]);
  });

  it('is joined and left by a container that does not run', async () => {
    await using rig = await Rig.make();
    await rig.start();
    const client = rig.client();
    const { containerConnect, containerDisconnect } = serverProtocol.routes;
    await client.networks.create(network('n1'));
    await client.containers.create(rig.container('c1'));
    const attachment = { network: 'n1', options: { hostname: 'h1' } };
    await client.call(containerConnect, { id: 'c1', attachment });
    await expect(client.call(containerConnect, { id: 'c1', attachment })).rejects.toMatchObject(
      code('exists'),
    );
    await expect(
      client.call(containerConnect, { id: 'c1', attachment: { ...attachment, network: 'n2' } }),
    ).rejects.toMatchObject(code('notFound'));
    expect(await rig.json('containers/c1/runtime-configuration.json')).toMatchObject({
      containerConfiguration: { networks: [attachment] },
    });
    await client.containers.bootstrap('c1');
    expect(rig.runtimes.get('c1')?.infos).toEqual([{ plugin: 'net' }]);
    await expect(client.call(containerDisconnect, { id: 'c1', network: 'n1' })).rejects.toMatchObject(
      code('invalidState'),
    );
    await client.containers.stop('c1');
    await client.call(containerDisconnect, { id: 'c1', network: 'n1' });
    await client.networks.delete('n1');
  });

  it('default is made, started when it is needed, and not deleted', async () => {
    await using rig = await Rig.make();
    await rig.start({ defaultNetworkPlugin: 'net' });
    const client = rig.client();
    expect((await client.health()).networks).toMatchObject([
      { id: 'default', state: 'idle', isBuiltin: true },
    ]);
    expect(rig.helpers).toEqual([]);
    expect((await client.networks.list()).map(({ id }) => id)).toEqual(['default']);
    expect(rig.helpers).toHaveLength(1);
    await expect(client.networks.delete('default')).rejects.toMatchObject(code('invalidArgument'));
    expect((await client.call(serverProtocol.routes.networkPrune)).deleted).toEqual([]);
  });

  it('that hangs holds up no lookup of another', async () => {
    await using rig = await Rig.make();
    await rig.start();
    const client = rig.client();
    await client.networks.create(network('n1'));
    await client.networks.create(network('n22'));
    rig.network.before = (_route, id) => (id === 'n1' ? new Promise<void>(() => {}) : undefined);
    const { networkLookup } = serverProtocol.routes;
    expect((await client.call(networkLookup, { hostname: 'host-n22' })).attachment).toMatchObject({
      network: 'n22',
    });
    expect(await client.call(networkLookup, { hostname: 'nobody' })).toEqual({});
  });
});
