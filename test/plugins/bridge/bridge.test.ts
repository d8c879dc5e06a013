/** The routes of the bridge plugin, over real messages. */
import { describe, expect, it, vi } from 'vitest';
import { bridgePlugin } from '../../../src/plugins/bridge/bridge-plugin.js';
import { openPlumbing } from '../../../src/plugins/bridge/open-plumbing.js';
import { fileDescriptor } from '../../../src/sdk/index.js';
import { testPlugin } from '../../../src/sdk/testing.js';
import { appRoot, leaseFile, notedPlumbing, Route, startBridge } from './kit.js';

const code = (expected: string) => ({ details: expect.objectContaining({ code: expected }) });

describe('allocate and lookup', () => {
  it('plugin case 57: without a hostname is invalidArgument, and an unknown host has no attachment', async () => {
    const { client } = await startBridge(await appRoot());
    const { raw } = client();
    const send = (route: string, body: Record<string, string> = {}) => raw.callRaw(route, body);
    await expect(send(Route.allocate)).rejects.toMatchObject(code('invalidArgument'));
    await expect(send(Route.lookup)).rejects.toMatchObject(code('invalidArgument'));
    for (const hostname of ['', 'a b', 'a\nb', 'a/b', 'x'.repeat(255)]) {
      await expect(send(Route.allocate, { hostname }), hostname).rejects.toMatchObject(
        code('invalidArgument'),
      );
    }
    expect(await send(Route.lookup, { hostname: 'nobody' })).toEqual({});
  });

  it('plugin case 58: in 10.0.0.0/24 the first address is 10.0.0.2/24 and the gateway 10.0.0.1', async () => {
    const { client } = await startBridge(await appRoot());
    const first = client();
    expect(await first.call(Route.status)).toEqual({
      status: { ipv4Subnet: '10.0.0.0/24', ipv4Gateway: '10.0.0.1', ipv6Subnet: 'fd01::/64' },
    });
    const { attachment } = await first.call(Route.allocate, {
      hostname: 'web',
      macAddress: 'F2-AB-00-01-02-0C',
    });
    expect(attachment).toEqual({
      network: 'lan',
      hostname: 'web',
      ipv4Address: '10.0.0.2/24',
      ipv4Gateway: '10.0.0.1',
      ipv6Address: 'fd01::f0ab:ff:fe01:20c/64',
      macAddress: 'f2:ab:00:01:02:0c',
    });
    expect(await client().call(Route.lookup, { hostname: 'web' })).toEqual({ attachment });
    const next = await first.call(Route.allocate, { hostname: 'db' });
    expect(next.attachment.ipv4Address).toBe('10.0.0.3/24');
    expect(next.attachment.macAddress).toMatch(/^f[26ae](?::[0-9a-f]{2}){5}$/);
  });

  it('plugin case 59: a hostname keeps its address while any session holds it, and frees it with the last', async () => {
    const root = await appRoot();
    const { client } = await startBridge(root);
    const [first, second, third] = [client(), client(), client()];
    const { attachment } = await first.call(Route.allocate, { hostname: 'web' });
    expect((await first.call(Route.allocate, { hostname: 'web' })).attachment).toEqual(attachment);
    expect((await second.call(Route.allocate, { hostname: 'web' })).attachment).toEqual(attachment);
    await first.call(Route.allocate, { hostname: 'only-first' });
    first.raw.close();
    await vi.waitFor(async () => {
      expect(await third.call(Route.lookup, { hostname: 'only-first' })).toEqual({});
    }, 20_000);
    expect(await third.call(Route.lookup, { hostname: 'web' })).toEqual({ attachment });
    second.raw.close();
    await vi.waitFor(async () => {
      expect(await third.call(Route.lookup, { hostname: 'web' })).toEqual({});
      expect((await leaseFile(root)).leases).toEqual([]);
    }, 20_000);
  });

  it('a full network says so', async () => {
    const { client } = await startBridge(await appRoot(), ['--subnet', '10.0.0.0/29']);
    const holder = client();
    for (const hostname of ['a', 'b', 'c', 'd']) await holder.call(Route.allocate, { hostname });
    await expect(holder.call(Route.allocate, { hostname: 'e' })).rejects.toMatchObject({
      message: expect.stringContaining('network 10.0.0.0/29 is full: all its 4 addresses are leased'),
      ...code('invalidState'),
    });
    expect((await holder.call(Route.allocate, { hostname: 'a' })).attachment.ipv4Address).toBe('10.0.0.2/29');
  });

  it('a MAC belongs to one host, and changes only when nobody else relies on it', async () => {
    const { client } = await startBridge(await appRoot());
    const [first, second] = [client(), client()];
    const allocate = (who: typeof first, hostname: string, macAddress: string) =>
      who.call(Route.allocate, { hostname, macAddress });
    const { attachment } = await allocate(first, 'web', 'f2:00:00:00:00:01');
    const moved = await allocate(first, 'web', 'f2:00:00:00:00:02');
    expect(moved.attachment).toMatchObject({
      ipv4Address: attachment.ipv4Address,
      macAddress: 'f2:00:00:00:00:02',
    });
    expect((await allocate(second, 'web', 'f2:00:00:00:00:02')).attachment).toEqual(moved.attachment);
    await expect(allocate(second, 'web', 'f2:00:00:00:00:03')).rejects.toMatchObject(code('exists'));
    await expect(allocate(second, 'db', 'f2:00:00:00:00:02')).rejects.toMatchObject(code('exists'));
    await expect(allocate(second, 'db', '01:00:5e:00:00:01')).rejects.toMatchObject(code('invalidArgument'));
    await expect(allocate(second, 'db', 'f2')).rejects.toMatchObject(code('invalidArgument'));
  });

  it('lookup knows a host in any case and with or without the last dot', async () => {
    const { client } = await startBridge(await appRoot());
    const { attachment } = await client().call(Route.allocate, { hostname: 'Web.test.' });
    for (const hostname of ['Web.test.', 'web.test', 'WEB.TEST.']) {
      expect(await client().call(Route.lookup, { hostname })).toEqual({ attachment });
    }
  });

  it('many hosts at once get many addresses', async () => {
    const root = await appRoot();
    const { client } = await startBridge(root);
    const holder = client();
    const hostnames = Array.from({ length: 100 }, (_, index) => `host-${index}`);
    const replies = await Promise.all(hostnames.map((hostname) => holder.call(Route.allocate, { hostname })));
    expect(new Set(replies.map(({ attachment }) => attachment.ipv4Address)).size).toBe(100);
    expect((await leaseFile(root)).leases.map(({ hostname }) => hostname).sort()).toEqual(
      [...hostnames].sort(),
    );
  });
});

describe('settings', () => {
  it('options and variant are shown, mtu is in the attachment', async () => {
    const { client } = await startBridge(await appRoot(), [
      ...[
        '--mode',
        'hostOnly',
        '--variant',
        'fast',
        '--option',
        'mtu=1400',
        '--option',
        'vlan=7',
        '--option',
        'bare',
      ],
      ...['--resources', '/r', '--unknown'],
    ]);
    const options = { mtu: '1400', vlan: '7', bare: '' };
    expect(await client().call(Route.status)).toMatchObject({ status: { options } });
    const { attachment } = await client().call(Route.allocate, { hostname: 'web' });
    expect(attachment).toMatchObject({ mtu: 1400, variant: 'fast', options });
  });

  it('a name is all that it needs, as when it is started by hand', async () => {
    const plugin = bridgePlugin({
      openPlumbing: async () => notedPlumbing(),
      readTaken: async () => ({ ipv4: [], ipv6: [] }),
    });
    const environment = { CONTAINER_APP_ROOT: `${await appRoot()}/` };
    await using running = await testPlugin(plugin, { args: ['start', '--id=lan'], environment });
    const { attachment } = await running.client('network').call(Route.allocate, { hostname: 'web' });
    expect(attachment).toMatchObject({ network: 'lan', hostname: 'web' });
    await expect(testPlugin(plugin, { environment })).rejects.toThrow('--id is missing');
  });

  it('interfaces=none makes none, whatever the privilege', async () => {
    const { client, running } = await startBridge(await appRoot(), ['--option', 'interfaces=none'], {
      openPlumbing,
    });
    const netns = fileDescriptor(running.descriptor('netns'));
    const reply = await client().call(Route.attach, { hostname: 'web', interfaceName: 'eth0', netns });
    expect(reply).toMatchObject({
      isConnected: false,
      reason: 'interfaces are switched off for this network',
    });
  });

  it.each([
    [['--subnet', '10.0.0.0/30'], '--subnet 10.0.0.0/30: the prefix must be 1 to 29'],
    [['--subnet', '10.0.0/24'], '--subnet 10.0.0/24 is no subnet'],
    [['--subnet-v6', 'fd00::/65'], '--subnet-v6 fd00::/65: the prefix must be 1 to 64'],
    [['--mode', 'bridged'], '--mode is nat or hostOnly, not bridged'],
    [['--option', 'mtu=70000'], '--option mtu=70000: it must be 1280 to 65535'],
    [['--subnet'], '--subnet needs a value'],
  ])('%j is refused at the start', async (args, message) => {
    await expect(startBridge(await appRoot(), args)).rejects.toThrow(message);
  });

  it('a subnet that was chosen stays, and is not that of another network', async () => {
    const root = await appRoot();
    const first = await startBridge(root, []);
    const { status } = await first.client().call(Route.status);
    expect(status.ipv4Subnet).toMatch(/^10\.\d+\.\d+\.0\/24$/);
    await first.running.close();
    const taken = { ipv4: [{ base: 10 * 2 ** 24, prefix: 8 }], ipv6: [] };
    const again = await startBridge(root, [], { readTaken: async () => taken });
    expect(await again.client().call(Route.status)).toEqual({ status });
  });
});

describe('attach', () => {
  const netns = (running: { descriptor(label: string): number }) =>
    fileDescriptor(running.descriptor('netns'));

  it('gives the interface what the lease says, and takes it away with its session', async () => {
    const { client, running, plumbing } = await startBridge(await appRoot());
    const [first, second] = [client(), client()];
    const request = { hostname: 'web', interfaceName: 'eth0', netns: netns(running), mtu: 1300 };
    const reply = await first.call(Route.attach, request);
    expect(reply).toMatchObject({ isConnected: true, attachment: { ipv4Address: '10.0.0.2/24', mtu: 1300 } });
    const { macAddress: mac, ipv6Address } = reply.attachment;
    expect(plumbing.attached).toMatchObject([
      { hostname: 'web', mac, ipv4Address: '10.0.0.2/24', ipv6Address, mtu: 1300, interfaceName: 'eth0' },
    ]);
    await expect(second.call(Route.attach, request)).rejects.toMatchObject(code('exists'));
    await second.call(Route.allocate, { hostname: 'web' });
    first.raw.close();
    await vi.waitFor(() => expect(plumbing.detached).toEqual(['web']), 20_000);
    expect(await second.call(Route.lookup, { hostname: 'web' })).toMatchObject({
      attachment: { macAddress: mac },
    });
  });

  it('where no interface can be made says why, and still gives the address', async () => {
    const { client, running, plumbing } = await startBridge(await appRoot());
    plumbing.result = { isConnected: false, reason: 'no privilege' };
    const reply = await client().call(Route.attach, {
      hostname: 'web',
      interfaceName: 'eth0',
      netns: netns(running),
    });
    expect(reply).toMatchObject({
      isConnected: false,
      reason: 'no privilege',
      attachment: { hostname: 'web' },
    });
  });

  it('that fails keeps nothing', async () => {
    const root = await appRoot();
    const { client, running, plumbing } = await startBridge(root);
    plumbing.result = new Error('the kernel said no');
    const attempt = client().call(Route.attach, {
      hostname: 'web',
      interfaceName: 'eth0',
      netns: netns(running),
    });
    await expect(attempt).rejects.toThrow('the kernel said no');
    expect(await client().call(Route.lookup, { hostname: 'web' })).toEqual({});
    expect((await leaseFile(root)).leases).toEqual([]);
  });

  it('refuses names that are none for an interface', async () => {
    const { client, running, plumbing } = await startBridge(await appRoot());
    for (const interfaceName of ['', 'lo', '../x', '-f', 'eth 0', 'sixteen-letters-']) {
      const attempt = client().call(Route.attach, { hostname: 'web', interfaceName, netns: netns(running) });
      await expect(attempt, interfaceName).rejects.toMatchObject(code('invalidArgument'));
    }
    expect(plumbing.attached).toEqual([]);
  });
});
