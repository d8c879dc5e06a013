/** A bridge plugin on the in-memory system, with a state directory of its own and interfaces that are only noted down. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type BridgePluginOptions, bridgePlugin } from '../../../src/plugins/bridge/bridge-plugin.js';
import type { AttachRequest, AttachResult, Plumbing } from '../../../src/plugins/bridge/plumbing.js';
import { testPlugin } from '../../../src/sdk/testing.js';

/** Interfaces that are only noted down. */
export interface NotedPlumbing extends Plumbing {
  readonly attached: AttachRequest[];
  readonly detached: string[];
  /** What the next attachments answer or throw. */
  result: AttachResult | Error;
  isClosed: boolean;
}

export function notedPlumbing(): NotedPlumbing {
  const plumbing: NotedPlumbing = {
    attached: [],
    detached: [],
    result: { isConnected: true },
    isClosed: false,
    attach: async (request) => {
      plumbing.attached.push(request);
      if (plumbing.result instanceof Error) throw plumbing.result;
      return plumbing.result;
    },
    detach: async (hostname) => void plumbing.detached.push(hostname),
    close: async () => {
      plumbing.isClosed = true;
    },
  };
  return plumbing;
}

/** A temporary application root, removed after the test. */
export async function appRoot(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'launchport-bridge-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  return root;
}

/** Starts the helper of network `lan`, 10.0.0.0/24 and fd01::/64 unless `args` say otherwise. */
export async function startBridge(
  root: string,
  args: readonly string[] = ['--subnet', '10.0.0.0/24', '--subnet-v6', 'fd01::/64'],
  options: BridgePluginOptions = {},
) {
  const plumbing = notedPlumbing();
  const running = await testPlugin(
    bridgePlugin({
      openPlumbing: async () => plumbing,
      readTaken: async () => ({ ipv4: [], ipv6: [] }),
      ...options,
    }),
    {
      args: [
        'start',
        '--id',
        'lan',
        '--service-identifier',
        'com.apple.container.network.bridge.lan',
        ...args,
      ],
      environment: { CONTAINER_APP_ROOT: root },
    },
  );
  onTestFinished(() => running.close());
  const client = () => running.client('network');
  return { running, client, plumbing };
}

/** Routes by their short names. */
export const Route = {
  status: 'com.apple.container.network/status',
  allocate: 'com.apple.container.network/allocate',
  lookup: 'com.apple.container.network/lookup',
  attach: 'com.launchport.network/attach',
} as const;

/** What `leases.json` says. */
export async function leaseFile(
  root: string,
): Promise<{ leases: { hostname: string; ipv4Address: string }[] }> {
  return JSON.parse(await readFile(join(root, 'networks/lan/leases.json'), 'utf8'));
}

/** Names in the state directory. */
export async function stateFiles(root: string): Promise<string[]> {
  return (await readdir(join(root, 'networks/lan'))).sort();
}
