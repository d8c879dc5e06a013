/** What commands tell of an API server's containers and networks: events, and how it fares. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { run } from '../../src/cli/run.js';
import {
  ping,
  type ServerHealth,
  type StreamedServerEvent,
  serverProtocol,
} from '../../src/harness/index.js';
import { bootstrapDirectory, bootstrapPath } from '../../src/native/index.js';
import { createMockWorld, type MockWorld } from '../../src/native/mock/index.js';
import { RouteServer } from '../../src/routes/index.js';
import { XpcTransport } from '../../src/xpc/index.js';
import { captureContext } from '../helpers/cli-context.js';

const SERVICE = 'com.apple.container.apiserver';
const time = 1_700_000_000_000;
const problem = { code: 'ERR_PLUGIN_NOT_FOUND', message: 'plugin not found: rt' };
const EVENTS: readonly StreamedServerEvent[] = [
  { kind: 'container created', time, id: 'web-1', image: 'alpine', runtime: 'sandboxd' },
  { kind: 'dropped', time, count: 2 },
  { kind: 'container exited', time, id: 'web-1', code: 3 },
  { kind: 'network problem', time, id: 'n1', problem },
  { kind: 'container removed', time, id: 'web-1' },
];
const HEALTH: ServerHealth = {
  startedAt: '2026-01-31T12:00:00.000Z',
  isRestoring: false,
  containers: [
    { id: 'c1', status: 'running', directory: '/c1', autoRemove: false },
    { id: 'c2', status: 'stopped', directory: '/c2', autoRemove: false, problem },
  ],
  networks: [{ id: 'default', state: 'idle', isBuiltin: true, containers: [] }],
  plugins: [],
};

let world: MockWorld;
let server: XpcTransport;

beforeEach(() => {
  world = createMockWorld();
  const descriptor = world.createListener(bootstrapPath(bootstrapDirectory(), SERVICE));
  server = new XpcTransport(world.binding(1));
  const routes = new RouteServer({ transport: server })
    .handle(ping, () => ({
      ...{ appRoot: 'file:///app', installRoot: 'file:///usr', apiServerVersion: 'launchport 9' },
      ...{ apiServerCommit: 'c', apiServerBuild: 'release', apiServerAppName: 'launchport' },
    }))
    .handle(serverProtocol.routes.health, () => ({ health: HEALTH }))
    .handleStream(serverProtocol.routes.events, async function* () {
      for (const event of EVENTS) yield { event };
    });
  server.listen(SERVICE, routes.accept, { descriptor });
  vi.spyOn(XpcTransport, 'default').mockImplementation(() => new XpcTransport(world.binding(2)));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await server.close();
  world.close();
});

it('events --containers: one line each, or one JSON value, and how many were missed', async () => {
  const context = captureContext();
  expect(await run(['events', '--containers'], context)).toBe(0);
  const at = '2023-11-14T22:13:20.000Z';
  expect(context.output().split('\n')).toEqual([
    `${at} container created web-1: image alpine, runtime sandboxd`,
    `${at} 2 events missed here`,
    `${at} container exited web-1: exit code 3`,
    `${at} network problem n1: plugin not found: rt`,
    `${at} container removed web-1`,
    '',
  ]);
  expect(context.errors()).toBe('launchport: 2 events were missed\n');
  const json = captureContext();
  expect(await run(['events', '--containers', '--json'], json)).toBe(0);
  expect(
    json
      .output()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual(EVENTS);
});

it('system status tells how containers and networks fare, and what is wrong', async () => {
  const context = captureContext();
  expect(await run(['system', 'status'], context)).toBe(0);
  expect(context.output()).toMatch(/^containers {9}2, 1 running, 1 with a problem$/m);
  expect(context.output()).toMatch(/^networks {11}1, 0 running$/m);
  expect(context.errors()).toContain('warning: container c2: plugin not found: rt');
  const json = captureContext();
  expect(await run(['system', 'status', '--json'], json)).toBe(0);
  expect(JSON.parse(json.output())).toMatchObject({ appRoot: '/app', health: HEALTH });
});
