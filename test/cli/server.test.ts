/** Commands and the API server: one that is mute, one that dies. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { LaunchportError, silentLogger } from '../../src/base/index.js';
import { run } from '../../src/cli/run.js';
import { ApiServer, PluginHost, pluginLoad } from '../../src/harness/index.js';
import { bootstrapDirectory, bootstrapPath } from '../../src/native/index.js';
import { createMockWorld } from '../../src/native/mock/index.js';
import { resolveRoots } from '../../src/plugin/index.js';
import { RouteServer, routeError } from '../../src/routes/index.js';
import { XpcTransport } from '../../src/xpc/index.js';
import { captureContext } from '../helpers/cli-context.js';

const FIXTURES = resolve(import.meta.dirname, '../../fixtures/plugins/valid');

afterEach(() => {
  vi.restoreAllMocks();
});

it('an interrupt ends the wait for a server that does not answer', async () => {
  const home = await mkdtemp(join(tmpdir(), 'lp-cli-'));
  const world = createMockWorld();
  try {
    const service = 'com.apple.container.apiserver';
    const descriptor = world.createListener(bootstrapPath(bootstrapDirectory(), service));
    const context = captureContext({ HOME: home });
    const server = new XpcTransport(world.binding(1));
    server.listen(
      service,
      () => ({
        request: () => {
          context.abort();
          return new Promise(() => {});
        },
      }),
      {
        descriptor,
      },
    );
    vi.spyOn(XpcTransport, 'default').mockReturnValue(new XpcTransport(world.binding(2)));
    expect(await run(['plugin', 'list', '--plugin-dir', FIXTURES], context)).toBe(130);
    await server.close();
  } finally {
    world.close();
    await rm(home, { recursive: true });
  }
});

it('the server command fails when the server loses its service', async () => {
  const home = await mkdtemp(join(tmpdir(), 'lp-cli-'));
  const dispose = { [Symbol.asyncDispose]: async () => {} };
  const host = {
    ...dispose,
    bootstrap: undefined,
    harness: { boot: async () => ({ results: [], diagnostics: [] }) },
    roots: resolveRoots({ app: home }, {}),
    registrar: { records: async () => [] },
    catalog: { find: () => Promise.reject(new Error('no plugins')) },
    logger: silentLogger,
  };
  vi.spyOn(PluginHost, 'start').mockResolvedValue(host as unknown as PluginHost);
  const reason = new LaunchportError('ERR_XPC_INVALID', 'x: launchd gave this process no such service');
  const server = {
    service: 'x',
    closed: Promise.resolve(reason),
    routes: new RouteServer(),
    stop: async () => {},
  };
  vi.spyOn(ApiServer, 'start').mockResolvedValue(server as unknown as ApiServer);
  const context = captureContext();
  expect(await run(['system', 'run'], context)).toBe(1);
  expect(context.errors()).toContain('no such service');
  expect(context.output()).toBe('serving x\n');
  await rm(home, { recursive: true });
});

it('of several plugins, those done before the first failure are told in JSON too', async () => {
  const world = createMockWorld();
  try {
    const service = 'com.apple.container.apiserver';
    const descriptor = world.createListener(bootstrapPath(bootstrapDirectory(), service));
    const routes = new RouteServer().handle(pluginLoad, ({ pluginName }) => {
      if (pluginName !== 'a') throw routeError('unknown', `plugin not found: ${pluginName}`);
    });
    const server = new XpcTransport(world.binding(1));
    server.listen(service, routes.accept, { descriptor });
    vi.spyOn(XpcTransport, 'default').mockReturnValue(new XpcTransport(world.binding(2)));
    const context = captureContext();
    expect(await run(['plugin', 'load', 'a', 'b', 'c', '--json'], context)).toBe(4);
    expect(JSON.parse(context.output())).toEqual([{ name: 'a', result: 'loaded' }]);
    expect(JSON.parse(context.errors())).toMatchObject({ error: { code: 'ERR_PLUGIN_NOT_FOUND' } });
    await server.close();
  } finally {
    world.close();
  }
});
