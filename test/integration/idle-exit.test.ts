/** A plugin that leaves when it is quiet, with real processes: calls that come just then. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isLaunchportError } from '../../src/base/index.js';
import { loadBinding } from '../../src/native/index.js';
import { defineRoute, RouteClient, x } from '../../src/routes/index.js';
import { XpcTransport } from '../../src/xpc/index.js';
import { eventually } from '../native/eventually.js';
import { Rig } from './supervisor/rig.js';

const PLUGIN = join(import.meta.dirname, 'idle-exit/brief.mjs');
const SERVICE = 'com.apple.container.core.brief';
const IDLE_MS = 40;
const ROUNDS = 20;
/** Every so many rounds the callers come later than any exit takes, so that the plugin has certainly been started anew. */
const LATE_ROUND = 7;
const LATE_MS = 600;
const CLIENTS = 10;
const CALLS = ROUNDS * CLIENTS;

const shapes = { request: { n: x.int64().asNumber() }, reply: { pid: x.int64().asNumber() } };
const once = defineRoute('once', shapes);
const again = defineRoute('again', { ...shapes, isIdempotent: true });

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Loads the plugin and calls it from several clients, round by round: each round from a little before the plugin would
 * leave to a little after. Resolves to the numbers of the calls that it served.
 */
async function callAtTheEdge(rig: Rig, call: (client: RouteClient, n: number) => Promise<void>) {
  const served = join(rig.root, 'served');
  await rig.load({
    ProgramArguments: [process.execPath, PLUGIN, 'start'],
    MachServices: { [SERVICE]: true },
    EnvironmentVariables: { STARTS: rig.starts, SERVED: served, IDLE_EXIT: String(IDLE_MS) },
  });
  await using transport = new XpcTransport(loadBinding());
  const clients = Array.from({ length: CLIENTS }, () =>
    RouteClient.connect(transport, SERVICE, {
      timeout: 90_000,
      connect: { bootstrap: join(rig.directory, 'bootstrap'), isLazy: true },
    }),
  );
  for (let round = 0; round < ROUNDS; round++) {
    await Promise.all(
      clients.map(async (client, index) => {
        await wait(round % LATE_ROUND === LATE_ROUND - 1 ? LATE_MS : IDLE_MS - 3 + index);
        await call(client, round * CLIENTS + index);
      }),
    );
  }
  return readFileSync(served, 'utf8').trim().split('\n').map(Number);
}

describe.runIf(process.platform === 'linux')(
  'calls at the edge of the idle time',
  { timeout: 180_000 },
  () => {
    it('of an idempotent route all succeed', async () => {
      await using rig = await new Rig().supervise();
      const pids = new Set<number>();
      const served = await callAtTheEdge(rig, async (client, n) => {
        pids.add((await client.call(again, { n })).pid);
      });
      expect(new Set(served).size).toBe(CALLS);
      expect(pids.size).toBeGreaterThan(1);
    });

    it('of another route are done once, or were not done at all when they are interrupted', async () => {
      await using rig = await new Rig().supervise();
      const succeeded: number[] = [];
      const served = await callAtTheEdge(rig, async (client, n) => {
        await client.call(once, { n }).then(
          () => succeeded.push(n),
          (error: unknown) => expect(isLaunchportError(error, 'ERR_XPC_INTERRUPTED')).toBe(true),
        );
      });
      expect(served.sort((a, b) => a - b)).toEqual(succeeded.sort((a, b) => a - b));
    });

    it('end with a plugin that has left with 0', async () => {
      await using rig = await new Rig().supervise();
      const target = await rig.load({
        ProgramArguments: [process.execPath, PLUGIN, 'start'],
        MachServices: { [SERVICE]: true },
        EnvironmentVariables: { STARTS: rig.starts, SERVED: '/dev/null', IDLE_EXIT: '20' },
      });
      await using transport = new XpcTransport(loadBinding());
      const connect = { bootstrap: join(rig.directory, 'bootstrap') };
      await using client = RouteClient.connect(transport, SERVICE, { timeout: 60_000, connect });
      const lost = new Promise<unknown>((resolve) => client.onDisconnect(resolve));
      await client.call(once, { n: 1 });
      expect(await lost).toMatchObject({ code: 'ERR_XPC_INTERRUPTED' });
      await eventually('the exit', () => rig.transitions.some(({ kind }) => kind === 'exited'));
      const status = await rig.supervisor.print(target);
      expect(status).toMatchObject({ state: 'not running', runs: 1, lastExit: { kind: 'exited', code: 0 } });
    });
  },
);
