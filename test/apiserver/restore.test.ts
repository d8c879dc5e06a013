/** What a server finds when it starts: the state of earlier ones, whole or broken, and what still runs. */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import { networkConfiguration } from '../../src/compat/index.js';
import { serverProtocol } from '../../src/harness/index.js';
import { Rig } from './rig.js';

const network = (name: string) => networkConfiguration.parse({ name, mode: 'nat', plugin: 'net' });

describe('a server that starts', () => {
  it('has the containers and networks of the one before, and how they ended', async () => {
    await using rig = await Rig.make();
    await rig.start();
    const before = rig.client();
    await before.networks.create(network('n1'));
    await before.containers.create(rig.container('fresh'));
    const runtime = await rig.run(before, 'ended');
    runtime.exit(3);
    await before.containers.wait('ended');
    await rig.stop();
    expect(rig.world.alive()).toHaveLength(1 + 1);
    const server = await rig.start();
    const client = rig.client(4712);
    expect((await client.containers.list()).map(({ configuration }) => configuration.id)).toEqual([
      'ended',
      'fresh',
    ]);
    expect(await client.containers.wait('ended')).toMatchObject({ exitCode: 3 });
    await server.restored;
    expect(await client.networks.list()).toMatchObject([{ id: 'n1', configuration: { plugin: 'net' } }]);
    await client.containers.bootstrap('ended');
    await client.containers.startProcess('ended');
  });

  it('upstream #2033: marks what has no plugin or cannot be read, and deletes nothing', async () => {
    await using rig = await Rig.make();
    await rig.start();
    const before = rig.client();
    await before.networks.create(network('n1'));
    await before.networks.create(network('n22'));
    for (const id of ['c1', 'c2', 'c3']) await before.containers.create(rig.container(id));
    await rig.stop();
    await writeFile(rig.state('containers/c2/runtime-configuration.json'), '{ "half');
    await writeFile(rig.state('networks/n22/entity.json'), '[]');
    await mkdir(rig.state('containers/.new-c9.00000000'));
    await rename(`${rig.directory}/plugins/rt`, `${rig.directory}/away`);
    await rename(`${rig.directory}/plugins/net`, `${rig.directory}/away-net`);
    const server = await rig.start();
    await server.restored;
    const client = rig.client(4712);
    const health = await client.health();
    expect(health.containers).toMatchObject([
      { id: 'c1', status: 'stopped', problem: { message: expect.stringContaining('runtime plugin rt') } },
      { id: 'c2', status: 'unknown', problem: { code: 'ERR_PLUGIN_CONFIG' } },
      { id: 'c3', problem: { hint: expect.any(String) } },
    ]);
    expect(health.networks).toMatchObject([
      { id: 'n1', state: 'failed', problem: { message: expect.stringContaining('network plugin net') } },
      { id: 'n22', state: 'failed', problem: { code: 'ERR_PLUGIN_CONFIG' } },
    ]);
    expect((await client.containers.list()).map(({ configuration }) => configuration.id)).toEqual([
      'c1',
      'c3',
    ]);
    await expect(client.containers.create(rig.container('c2'))).rejects.toMatchObject({
      details: { code: 'exists' },
    });
    await expect(client.containers.bootstrap('c2')).rejects.toMatchObject({
      details: { code: 'invalidState' },
    });
    await expect(client.containers.bootstrap('c1')).rejects.toMatchObject({ details: { code: 'notFound' } });
    expect((await readdir(rig.state('containers'))).filter((name) => !name.startsWith('.'))).toEqual([
      'c1',
      'c2',
      'c3',
    ]);
    // What the user asks for is done.
    await client.containers.delete('c2');
    await client.networks.delete('n22');
    // The plugin is back: all is well at once.
    await rename(`${rig.directory}/away`, `${rig.directory}/plugins/rt`);
    await client.containers.bootstrap('c1');
    expect(server.containers.details()[0]).not.toHaveProperty('problem');
  });

  it('answers at once, whatever hangs: a helper of a network, or a plugin that boots', async () => {
    await using rig = await Rig.make();
    await rig.start();
    const before = rig.client();
    for (const name of ['n1', 'n22', 'n333']) await before.networks.create(network(name));
    await before.containers.create(rig.container('c1'));
    await rig.stop();
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    rig.network.before = (_route, id) => (id === 'n22' ? held : undefined);
    const server = await rig.start();
    const client = rig.client(4712);
    expect(await client.ping()).toMatchObject({ appName: 'launchport' });
    // Its last status is known from before.
    expect((await client.networks.list()).map(({ id }) => id)).toEqual(['n1', 'n22', 'n333']);
    await rig.run(client, 'c2');
    const states = async () => (await client.health()).networks.map(({ state }) => state);
    await vi.waitFor(async () => expect(await states()).toEqual(['running', 'starting', 'running']), {
      timeout: 20_000,
    });
    release();
    await server.restored;
    expect(await states()).toEqual(['running', 'running', 'running']);
  });

  it('takes what is only half a directory of its own away, and nothing else', async () => {
    await using rig = await Rig.make();
    await rig.start();
    await rig.client().containers.create(rig.container('c1'));
    await rig.stop();
    await rm(rig.state('containers/c1/state.json'));
    await mkdir(rig.state('containers/not an id'));
    const server = await rig.start();
    await server.restored;
    expect(server.containers.details()).toMatchObject([
      { id: 'c1', status: 'stopped' },
      { id: 'not an id', status: 'unknown', problem: { code: 'ERR_PLUGIN_INSTANCE' } },
    ]);
    expect(await readFile(rig.state('containers/c1/rootfs/bin/sh'), 'utf8')).toBe('a shell');
  });
});

describe('events', () => {
  it('tell what happens to containers and networks, in order, until the server stops', async () => {
    await using rig = await Rig.make();
    const server = await rig.start();
    const client = rig.client();
    const events: string[] = [];
    let isOpen: () => void = () => {};
    const opened = new Promise<void>((resolve) => {
      isOpen = resolve;
    });
    const reading = (async () => {
      for await (const { event } of client.stream(serverProtocol.routes.events, {}, { timeout: Infinity })) {
        events.push(event.kind === 'dropped' ? 'dropped' : `${event.id} ${event.kind}`);
        isOpen();
      }
    })();
    // Events begin when the stream does, and nobody says when that is.
    let count = 0;
    const knocking = setInterval(() => server.events.emit({ kind: 'container found', id: `k${count++}` }), 5);
    await opened;
    clearInterval(knocking);
    await client.networks.create(network('n1'));
    await rig.run(client, 'c1');
    await client.containers.stop('c1');
    await client.containers.delete('c1');
    await rig.stop();
    await reading.catch(() => {});
    expect(events.filter((event) => !event.endsWith('found'))).toEqual([
      'n1 network started',
      'n1 network created',
      'c1 container created',
      'c1 container bootstrapped',
      'c1 container started',
      'c1 container stopping',
      'c1 container exited',
      'c1 container removed',
    ]);
  });
});
