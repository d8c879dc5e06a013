/** The ready-made services: a network and a runtime, from nothing but handlers. */
import { describe, expect, it } from 'vitest';
import { RuntimeHelperClient } from '../../src/compat/index.js';
import { definePlugin } from '../../src/sdk/index.js';
import {
  type Attachment,
  interfaceProtocol,
  networkProtocol,
  networkService,
  runtimeService,
} from '../../src/sdk/services.js';
import { testPlugin } from '../../src/sdk/testing.js';

const attachment = (hostname: string): Attachment => ({
  network: 'n',
  hostname,
  ipv4Address: '10.0.0.2/24',
  ipv4Gateway: '10.0.0.1',
});

describe('networkService', () => {
  it('serves status, allocate and lookup, and refuses an empty hostname', async () => {
    const left: string[] = [];
    const leases = new Map<string, Attachment>();
    const plugin = definePlugin({
      name: 'net',
      services: {
        network: networkService({
          status: () => ({ ipv4Subnet: '10.0.0.0/24', ipv4Gateway: '10.0.0.1' }),
          allocate: ({ hostname }, { session }) => {
            leases.set(hostname, attachment(hostname));
            session.onDisconnect(() => void left.push(hostname));
            return attachment(hostname);
          },
          lookup: (hostname) => leases.get(hostname),
        }),
      },
    });
    await using kit = await testPlugin(plugin, { args: ['start', '--id', 'n'] });
    const { raw } = kit.client('network');
    const network = raw.as(networkProtocol);
    expect(await network.call('status')).toMatchObject({ status: { ipv4Gateway: '10.0.0.1' } });
    expect(await network.call('allocate', { hostname: 'a' })).toEqual({ attachment: attachment('a') });
    expect(await network.call('lookup', { hostname: 'a' })).toEqual({ attachment: attachment('a') });
    expect(await network.call('lookup', { hostname: 'b' })).toEqual({});
    await expect(network.call('allocate', { hostname: '' })).rejects.toMatchObject({
      details: { code: 'invalidArgument' },
    });
    // Without a handler the route is unknown: runtimes then fall back to allocate.
    await expect(raw.callRaw(interfaceProtocol.routes.attach.name)).rejects.toMatchObject({
      details: { code: 'unsupported' },
    });
  });
});

describe('runtimeService', () => {
  it('gives an endpoint, serves the rest there, and answers those who wait when it ends', async () => {
    let end = (_code: number) => {};
    const exit = new Promise<number>((resolve) => {
      end = resolve;
    });
    const done: string[] = [];
    const plugin = definePlugin({
      name: 'run',
      services: {
        runtime: runtimeService({
          bootstrap: ({ dynamicEnv }) => void done.push(`bootstrap ${dynamicEnv?.A}`),
          start: ({ id }) => void done.push(`start ${id}`),
          wait: async () => ({ exitCode: await exit, exitedAt: new Date(0) }),
          kill: ({ signal }) => void done.push(`kill ${signal}`),
          state: () => ({ snapshot: { status: 'running', networks: [], containers: [] } }),
          stop: () => end(0),
        }),
      },
      stop: () => end(143),
    });
    await using kit = await testPlugin(plugin, { args: ['start', '--uuid', 'c1', '--root', '/c1'] });
    const { transport } = kit;
    await using runtime = await RuntimeHelperClient.open(kit.client('runtime').raw, { transport });
    await runtime.bootstrap({ networkBootstrapInfos: [], dynamicEnv: { A: 'b' } });
    await runtime.start('c1');
    await runtime.kill('c1', 'SIGUSR1');
    expect(done).toEqual(['bootstrap b', 'start c1', 'kill SIGUSR1']);
    expect(await runtime.state()).toMatchObject({ status: 'running' });
    await runtime.shutdown();
    await expect(runtime.dial(80)).rejects.toMatchObject({
      details: { code: 'unsupported', message: 'this runtime has no dial' },
    });
    const waiting = runtime.wait('c1');
    // Asked before the signal comes, since requests of one connection arrive in order.
    await runtime.state();
    kit.signal('SIGTERM');
    expect(await waiting).toMatchObject({ exitCode: 143 });
    expect(await kit.exited).toBe(0);
  });
});
