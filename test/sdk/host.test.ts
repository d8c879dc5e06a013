/** Host and plugins together: bundles on disk, the supervisor, launch on demand; only the processes are not real. */
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiClient, ApiServer, PluginHost, type PluginHostOptions } from '../../src/harness/index.js';
import { createMockWorld, type MockWorld } from '../../src/native/mock/index.js';
import { defineRoute } from '../../src/routes/index.js';
import {
  definePlugin,
  type PluginServices,
  rawRoute,
  route,
  type ServiceType,
  serve,
  x,
} from '../../src/sdk/index.js';
import { mockPluginProcess } from '../../src/sdk/testing.js';
import { systemClock } from '../../src/supervisor/index.js';
import { XpcTransport } from '../../src/xpc/index.js';

let directory: string;
let world: MockWorld;
/** What plugins wrote to standard error. */
let errors: string[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lp-'));
  world = createMockWorld();
  errors = [];
});
afterEach(async () => {
  world.close();
  await rm(directory, { recursive: true });
});

const binary = (name: string) => join(directory, 'plugins', name, 'bin', name);

/** Writes a bundle. */
async function bundle(name: string, types: readonly ServiceType[], loadAtBoot = true): Promise<void> {
  const services = types.map((type) => `[[servicesConfig.services]]\ntype = "${type}"\n`).join('');
  await mkdir(join(directory, 'plugins', name, 'bin'), { recursive: true });
  await writeFile(
    join(directory, 'plugins', name, 'config.toml'),
    `abstract = "${name}"\n[servicesConfig]\nloadAtBoot = ${loadAtBoot}\nrunAtLoad = false\ndefaultArguments = []\n${services}`,
  );
  await writeFile(binary(name), '#!/bin/sh\n');
  await chmod(binary(name), 0o755);
}

/** Lets the bundle's executable run the plugin. */
function program(name: string, services: PluginServices): void {
  world.program(binary(name), (process) => {
    const options = {
      process: mockPluginProcess(process, (text) => errors.push(text)),
      transport: new XpcTransport(process.binding),
    };
    serve(definePlugin({ name, services }), options).catch(() => {});
  });
}

const start = (options: Pick<PluginHostOptions, 'prefix' | 'clock'> = {}) =>
  PluginHost.start({
    binding: world.binding(),
    directory: join(directory, 'run'),
    roots: { app: join(directory, 'app'), install: join(directory, 'install') },
    pluginDirectories: [join(directory, 'plugins')],
    environment: { HOME: directory },
    ...options,
  });

const describeRoute = defineRoute('describe', {
  reply: { pid: x.int64().asNumber(), args: x.array(x.string()) },
});
const described = route(describeRoute, (_request, { plugin }) => ({ pid: plugin.pid, args: plugin.args }));

describe('a host', () => {
  it('boots plugins, starts each at its first call, and once', async () => {
    await bundle('hydra', ['runtime', 'network']);
    program('hydra', { runtime: { routes: [described] }, network: { routes: [described] } });
    await using host = await start();
    const report = await host.harness.boot();
    expect(report.results.map(({ name, error }) => [name, error])).toEqual([['hydra', undefined]]);
    const before = world.alive().length;
    const clients = (['runtime', 'network'] as const).map((type) => host.harness.connect('hydra', { type }));
    const replies = await Promise.all([...clients, ...clients].map((client) => client.call(describeRoute)));
    expect(new Set(replies.map(({ pid }) => pid)).size).toBe(1);
    expect(replies[0]?.args).toEqual(['start']);
    expect(world.alive()).toHaveLength(before + 1);
    await host.harness.unload('hydra');
    expect(world.alive()).toHaveLength(before);
    await Promise.all(clients.map((client) => client.close()));
  });

  it('runs an instance per container, each with its own state and services', async () => {
    await bundle('runtime-x', ['runtime'], false);
    program('runtime-x', { runtime: { routes: [described] } });
    await using host = await start({ prefix: 'org.example.' });
    for (const id of ['web-1', 'web-2']) await host.harness.register('runtime-x', id);
    await using first = host.harness.connect('runtime-x', { instance: 'web-1' });
    await using second = host.harness.connect('runtime-x', { instance: 'web-2' });
    expect(first.service).toBe('org.example.runtime.runtime-x.web-1');
    const [one, two] = [await first.call(describeRoute), await second.call(describeRoute)];
    expect(one.pid).not.toBe(two.pid);
    expect(one.args).toEqual(['start', '--root', join(directory, 'app/containers/web-1'), '--uuid', 'web-1']);
    expect(host.harness.list()).toEqual([]);
  });

  it('says how a plugin ended that never takes its first call', async () => {
    await bundle('dead', ['core']);
    world.program(binary('dead'), (process) => process.exit(78));
    await bundle('absent', ['core']);
    world.failSpawn(binary('absent'), 'EACCES');
    await bundle('misnamed', ['core']);
    program('misnamed', { core: { routes: [] }, network: { routes: [] } });
    await using host = await start();
    await host.harness.boot();
    const call = async (name: string) => {
      await using client = host.harness.connect(name);
      return await client.callRaw('x', {}, { timeout: 60_000 });
    };
    await expect(call('dead')).rejects.toMatchObject({
      code: 'ERR_PLUGIN_EXITED',
      message: 'plugin dead exited with status 78 before it checked in',
    });
    await expect(call('absent')).rejects.toMatchObject({ code: 'ERR_LAUNCHD_SPAWN' });
    await expect(call('misnamed')).rejects.toMatchObject({ details: { exit: { kind: 'exited', code: 6 } } });
    expect(errors.join('')).toContain('was not given its Mach service com.apple.container.network.misnamed');
  });

  it('launches a plugin again that ended between two calls', async () => {
    await bundle('echo', ['auxiliary']);
    program('echo', { auxiliary: { routes: [described, rawRoute('echo', (message) => message)] } });
    let skipped = 0;
    await using host = await start({
      clock: { ...systemClock, now: () => systemClock.now() + skipped },
    });
    await host.harness.load('echo');
    await using client = host.harness.connect('echo');
    const first = await client.call(describeRoute);
    world.kill(first.pid, 15);
    await vi.waitFor(() => expect(world.alive()).not.toContain(first.pid));
    // A job may start again when its ThrottleInterval has passed since its last start.
    skipped = 10_000;
    const second = await client.call(describeRoute);
    expect(second.pid).not.toBe(first.pid);
    expect(await client.callRaw('echo', { n: 1n })).toEqual({ n: 1n });
  });

  it('serves the API over all of it', async () => {
    await bundle('echo', ['auxiliary'], false);
    program('echo', { auxiliary: { routes: [described] } });
    await using host = await start();
    await using server = await ApiServer.start(host);
    const client = ApiClient.connect(new XpcTransport(world.binding(4711)), {
      bootstrap: host.bootstrap ?? '',
    });
    expect((await client.ping()).appRoot).toBe(join(directory, 'app'));
    await client.pluginLoad('echo');
    expect((await client.pluginList()).map(({ binaryPath }) => binaryPath)).toEqual([binary('echo')]);
    const plist = await readFile(join(directory, 'app/plugin-state/echo/service.plist'), 'utf8');
    expect(plist).toContain('com.apple.container.auxiliary.echo');
    await client.pluginUnload('echo');
    await expect(client.pluginGet('echo')).rejects.toMatchObject({ code: 'ERR_PLUGIN_NOT_LOADED' });
    expect(server.service).toBe('com.apple.container.apiserver');
  });
});
