/** A new network plugin: addresses of one IPv4 subnet, shared by hostname and held as long as somebody is connected. */
import { daemonMain, type PluginSources, type SourceKit } from './template.js';

/** Its sources. */
export function networkSources(kit: SourceKit): PluginSources {
  return {
    plugin: `/** The network of this process: its addresses, and who holds them. */
import { ${kit.ts('type PluginContext, ')}configurationOf, definePlugin, routeError } from 'launchport/sdk';
import { ${kit.ts('type Attachment, ')}networkService } from 'launchport/sdk/services';
import { z } from 'launchport/sdk/zod';

/** The user's settings, under [plugin.${kit.name.slice(1, -1)}] of the configuration. */
const settings = z.object({ subnet: z.string().default('192.168.127.0/24') });

/** By hostname. */
const leases = new Map${kit.ts('<string, { attachment: Attachment; holders: number }>')}();

/** Host and settings say what the subnet is: \`--subnet\` of the command line, else the user's. */
function subnetOf(plugin${kit.ts(': PluginContext')}) {
  const at = plugin.rest.indexOf('--subnet');
  const subnet = (at < 0 ? undefined : plugin.rest[at + 1]) ?? configurationOf(plugin, settings).subnet;
  const [base = '', prefix = ''] = subnet.split('/');
  const first = base.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  return { subnet, prefix, first, size: 2 ** (32 - Number(prefix)), gateway: text(first + 1) };
}

function text(address${kit.ts(': number')})${kit.ts(': string')} {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

export const plugin = definePlugin({
  name: ${kit.name},
  configuration: settings,
  services: {
    network: networkService({
      status: ({ plugin }) => {
        const { subnet, gateway } = subnetOf(plugin);
        return { ipv4Subnet: subnet, ipv4Gateway: gateway };
      },
      allocate: ({ hostname, macAddress }, { plugin, session }) => {
        const { first, size, prefix, gateway } = subnetOf(plugin);
        let lease = leases.get(hostname);
        if (lease === undefined) {
          const taken = new Set([...leases.values()].map(({ attachment }) => attachment.ipv4Address));
          const free = Array.from({ length: Math.max(size - 3, 0) }, (_, index) => \`\${text(first + 2 + index)}/\${prefix}\`);
          const ipv4Address = free.find((address) => !taken.has(address));
          if (ipv4Address === undefined) throw routeError('invalidState', 'no address is left');
          const network = plugin.instance ?? ${kit.name};
          const attachment = { network, hostname, ipv4Address, ipv4Gateway: gateway, ...(macAddress && { macAddress }) };
          lease = { attachment, holders: 0 };
          leases.set(hostname, lease);
        }
        const held = lease;
        held.holders++;
        session.onDisconnect(() => {
          if (--held.holders === 0) leases.delete(hostname);
        });
        return held.attachment;
      },
      lookup: (hostname) => leases.get(hostname)?.attachment,
    }),
  },
});
`,
    main: daemonMain(kit),
    test: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { networkProtocol } from 'launchport/sdk/services';
import { startPlugin, testPlugin } from 'launchport/sdk/testing';
import { plugin } from '${kit.module('plugin')}';

test('gives addresses, the same for the same hostname', async () => {
  const running = await testPlugin(plugin, { args: ['start', '--id', 'test', '--subnet', '10.9.0.0/24'] });
  try {
    const network = running.client('network').raw.as(networkProtocol);
    const { status } = await network.call('status');
    assert.equal(status.ipv4Gateway, '10.9.0.1');
    const first = await network.call('allocate', { hostname: 'web' });
    assert.equal(first.attachment.ipv4Address, '10.9.0.2/24');
    assert.deepEqual(await network.call('allocate', { hostname: 'web' }), first);
    assert.deepEqual((await network.call('lookup', { hostname: 'web' })).attachment, first.attachment);
    assert.deepEqual(await network.call('lookup', { hostname: 'nobody' }), {});
  } finally {
    await running.close();
  }
});

test('runs as a job of launchd, set up by the user', async () => {
  const configuration = { subnet: '10.8.0.0/24' };
  const job = await startPlugin(${kit.bundle}, { configuration });
  try {
    const { status } = await job.client('network').as(networkProtocol).call('status');
    assert.equal(status.ipv4Subnet, '10.8.0.0/24');
    assert.deepEqual(await job.stop(), { code: 0 });
  } finally {
    await job.close();
  }
});
`,
    readme: `It gives addresses of one IPv4 subnet, and makes no interfaces: for that, add \`attach\` to its service. Leases are kept in
memory only.`,
  };
}
