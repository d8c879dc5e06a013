/** The API server and its client, over the mock. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LaunchportError } from '../../src/base/index.js';
import { ApiClient, ApiServer, PluginHarness } from '../../src/harness/index.js';
import type { JobStatus } from '../../src/launchd/index.js';
import { bootstrapPath } from '../../src/native/index.js';
import { createMockWorld, type MockWorld } from '../../src/native/mock/index.js';
import { defineRoute, routeError, x } from '../../src/routes/index.js';
import { XpcTransport } from '../../src/xpc/index.js';
import { fakeParts, fakePlugin } from './fakes.js';

const DIRECTORY = '/bootstrap';
const roots = { app: '/home/a b/app', install: '/usr/local', log: '/var/log/lp' };
const identity = { version: 'launchport 9', commit: 'c0ffee', build: 'debug', appName: 'test' };

let world: MockWorld;
let transport: XpcTransport;
let released: string[];
let parts: ReturnType<typeof fakeParts>;

beforeEach(() => {
  world = createMockWorld();
  transport = new XpcTransport(world.binding());
  released = [];
  parts = fakeParts([fakePlugin('hydra'), fakePlugin('echo'), fakePlugin('tool', { isCli: true })]);
});
afterEach(async () => {
  await transport.close();
  world.close();
});

/** What a supervisor does for the names of its own process. */
const supervisor = {
  checkIn: (service: string) => world.createListener(bootstrapPath(DIRECTORY, service)),
  release: (service: string) => void released.push(service),
};
const start = (options: { prefix?: string } = {}) =>
  ApiServer.start({ harness: new PluginHarness(parts), roots, identity, transport, supervisor, ...options });
const connect = (prefix?: string) =>
  ApiClient.connect(transport, {
    bootstrap: DIRECTORY,
    timeout: 60_000,
    ...(prefix === undefined ? {} : { prefix }),
  });

describe('API server', () => {
  it('tells what it is and where its files are', async () => {
    await using server = await start();
    expect(server.service).toBe('com.apple.container.apiserver');
    const client = connect();
    expect(await client.ping()).toEqual({
      appRoot: '/home/a b/app',
      installRoot: '/usr/local',
      logRoot: '/var/log/lp',
      version: 'launchport 9',
      commit: 'c0ffee',
      build: 'debug',
      appName: 'test',
    });
    expect(await client.callRaw('ping')).toEqual({
      appRoot: 'file:///home/a%20b/app',
      installRoot: 'file:///usr/local',
      logRoot: '/var/log/lp',
      apiServerVersion: 'launchport 9',
      apiServerCommit: 'c0ffee',
      apiServerBuild: 'debug',
      apiServerAppName: 'test',
    });
  });

  it('is this package by default', async () => {
    await using _server = await ApiServer.start({
      harness: new PluginHarness(parts),
      roots: { app: '/a', install: '/i' },
      transport,
      supervisor,
    });
    const info = await connect().ping();
    expect(info.version).toMatch(/^launchport \d+\.\d+\.\d+/);
    expect(info).not.toHaveProperty('logRoot');
  });

  it('tells the state of a loaded plugin, which upstream cannot', async () => {
    await using _server = await start();
    const client = connect();
    await expect(client.pluginStatus('hydra')).rejects.toMatchObject({ code: 'ERR_PLUGIN_NOT_LOADED' });
    await client.pluginLoad('hydra');
    await client.pluginLoad('tool');
    const status: JobStatus = {
      target: 'user/501/com.apple.container.hydra',
      label: 'com.apple.container.hydra',
      state: 'spawn scheduled',
      runs: 2,
      lastExit: { kind: 'signaled', signal: 'SIGSEGV' },
      arguments: ['/plugins/hydra/bin/hydra', 'start'],
      endpoints: [
        {
          name: 'com.apple.container.core.hydra',
          isActive: false,
          isDynamic: false,
          isWatched: true,
          resetAtClose: true,
          hideUntilCheckIn: true,
        },
      ],
      type: 'LaunchAgent',
      domain: 'user/501 [100015]',
      jobState: 'exited',
      forks: 0,
      execs: 1,
      minimumRuntime: 0.5,
      exitTimeout: 5,
      workingDirectory: '/',
      stdinPath: '/dev/null',
      stdoutPath: '/tmp/out',
      stderrPath: '/tmp/err',
      username: 'ada',
      group: 'staff',
      umask: 0o22,
      nice: -5,
      spawnType: 'daemon (3)',
      environment: { LANG: 'C' },
      semaphores: { 'successful exit': '0' },
      properties: ['runatload'],
    };
    parts.control.print.mockResolvedValue(status);
    expect(await client.pluginStatus('hydra')).toEqual(status);
    expect(await client.pluginStatus('tool')).toBeUndefined();
  });

  it('loads, lists, gets, restarts and unloads', async () => {
    await using _server = await start();
    const client = connect();
    expect(await client.pluginList()).toEqual([]);
    await client.pluginLoad('hydra');
    await client.pluginLoad('tool');
    await client.pluginLoad('echo');
    expect((await client.pluginList()).map(({ name }) => name)).toEqual(['echo', 'hydra', 'tool']);
    expect(await client.pluginGet('hydra')).toMatchObject({
      name: 'hydra',
      binaryPath: '/plugins/hydra/bin/hydra',
      config: { abstract: 'hydra', servicesConfig: { services: [{ type: 'core' }] } },
    });
    await client.pluginRestart('hydra');
    await client.pluginUnload('hydra');
    expect(parts.registrar.restart).toHaveBeenCalledTimes(1);
    expect(parts.registrar.deregister).toHaveBeenCalledTimes(1);
    await expect(client.pluginGet('hydra')).rejects.toMatchObject({ code: 'ERR_PLUGIN_NOT_LOADED' });
  });

  it('plugin-system case 54: pluginLoad twice is a success', async () => {
    await using _server = await start();
    const client = connect();
    expect(await client.callRaw('pluginLoad', { pluginName: 'hydra' })).toEqual({});
    expect(await client.callRaw('pluginLoad', { pluginName: 'hydra' })).toEqual({});
    expect(parts.registrar.register).toHaveBeenCalledTimes(1);
  });

  it('plugin-system case 55: the messages and the code of what is not there', async () => {
    await using _server = await start();
    const client = connect();
    for (const [route, pluginName, message] of [
      ['pluginLoad', '../x', 'plugin not found: ../x'],
      ['pluginLoad', '', 'plugin not found: '],
      ['pluginLoad', 'none', 'plugin not found: none'],
      ['pluginGet', 'n', 'plugin not loaded: n'],
      ['pluginRestart', 'n', 'plugin not loaded: n'],
      ['pluginUnload', 'n', 'plugin not loaded: n'],
    ] as const) {
      await expect(client.callRaw(route, { pluginName })).rejects.toMatchObject({
        code: 'ERR_REMOTE',
        details: { code: 'unknown', message },
      });
    }
    await expect(client.callRaw('pluginLoad')).rejects.toMatchObject({
      details: { code: 'invalidArgument' },
    });
  });

  it('says what is broken about a plugin in the words upstream has for an absent one', async () => {
    await using _server = await start();
    const broken = new LaunchportError('ERR_PLUGIN_CONFIG', 'config.toml:1: no abstract', {
      hint: 'Add one.',
    });
    parts.catalog.find.mockRejectedValue(broken);
    await expect(connect().pluginLoad('bad')).rejects.toMatchObject({
      code: 'ERR_PLUGIN_NOT_FOUND',
      message: 'plugin not found: bad (cause: "config.toml:1: no abstract")',
      hint: 'Add one.',
    });
  });

  it('reports a failed registration by its kind', async () => {
    await using _server = await start();
    parts.registrar.register.mockRejectedValueOnce(new LaunchportError('ERR_LAUNCHD_SERVICE_TAKEN', 'taken'));
    await expect(connect().pluginLoad('hydra')).rejects.toMatchObject({
      code: 'ERR_REMOTE',
      details: { code: 'exists', message: 'taken' },
    });
  });

  it('takes routes of its host, and answers the unknown ones', async () => {
    await using server = await start();
    const double = defineRoute('double', { request: { n: x.int64() }, reply: { n: x.int64() } });
    server.routes.handle(double, ({ n }) => {
      if (n === 0n) throw routeError('empty', 'nothing to double');
      return { n: 2n * n };
    });
    const client = connect();
    expect(await client.call(double, { n: 21n })).toEqual({ n: 42n });
    await expect(client.call(double, { n: 0n })).rejects.toMatchObject({ details: { code: 'empty' } });
    await expect(client.callRaw('networkList')).rejects.toMatchObject({ details: { code: 'unsupported' } });
  });

  it('frees its name when it stops, once', async () => {
    const server = await start({ prefix: 'org.example.' });
    expect(server.service).toBe('org.example.apiserver');
    const client = connect('org.example.');
    await client.ping();
    await Promise.all([server.stop(), server.stop()]);
    expect(released).toEqual(['org.example.apiserver']);
    expect(await server.closed).toBeUndefined();
  });
});

describe('API client', () => {
  it('says that no server runs and what to do about it', async () => {
    await expect(connect().ping()).rejects.toMatchObject({
      code: 'ERR_SERVER_NOT_RUNNING',
      message: 'no API server at com.apple.container.apiserver',
      hint: 'Start it: launchport system start.',
    });
  });

  it('connects anew to a server that came later', async () => {
    const client = connect();
    await expect(client.ping()).rejects.toMatchObject({ code: 'ERR_SERVER_NOT_RUNNING' });
    await using _server = await start();
    expect((await client.ping()).appName).toBe('test');
    await client.close();
    expect((await client.ping()).appName).toBe('test');
  });
});
