/** Leases over crashes and restarts, and the file they are in. */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { silentLogger } from '../../../src/base/index.js';
import { parseIpv4Subnet, parseIpv6Subnet } from '../../../src/plugins/bridge/ip-subnet.js';
import { LeaseBook } from '../../../src/plugins/bridge/lease-book.js';
import { LeaseFile } from '../../../src/plugins/bridge/lease-file.js';
import { fileDescriptor } from '../../../src/sdk/index.js';
import { appRoot, leaseFile, Route, startBridge, stateFiles } from './kit.js';

/** The grace, ended by hand. */
function grace() {
  let end = () => {};
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { wait: () => over, end };
}

/** The application root as it is on the disk now, as a crash would leave it. */
async function crash(root: string): Promise<string> {
  const copy = await appRoot();
  await cp(root, copy, { recursive: true });
  return copy;
}

/** A state directory with a `leases.json` of this text. */
async function rootWith(text: string): Promise<string> {
  const root = await appRoot();
  await mkdir(join(root, 'networks/lan'), { recursive: true });
  await writeFile(join(root, 'networks/lan/leases.json'), text);
  return root;
}

const HEAD = { version: 1, network: 'lan', ipv4Subnet: '10.0.0.0/24', ipv6Subnet: 'fd01::/64' };
const WEB = {
  hostname: 'web',
  ipv4Address: '10.0.0.9',
  macAddress: 'f2:00:00:00:00:09',
  since: '2026-01-01T00:00:00.000Z',
};

describe('after a crash', () => {
  it('every host that was told an address has it, and its MAC, again', async () => {
    const root = await appRoot();
    const before = await startBridge(root);
    const holder = before.client();
    const told = await Promise.all(
      ['a', 'b', 'c'].map((hostname) => holder.call(Route.allocate, { hostname })),
    );
    const after = await startBridge(await crash(root), undefined, grace());
    const client = after.client();
    // Somebody new comes first, and must not get an address of those who are on their way back.
    const { attachment } = await client.call(Route.allocate, { hostname: 'new' });
    expect(attachment.ipv4Address).toBe('10.0.0.5/24');
    expect(await client.call(Route.lookup, { hostname: 'b' })).toEqual(told[1]);
    const again = await Promise.all(
      ['c', 'b', 'a'].map((hostname) => client.call(Route.allocate, { hostname })),
    );
    expect(again.reverse()).toEqual(told);
  });

  it('leases whose owners do not come back are freed after the grace, with their interfaces', async () => {
    const root = await rootWith(JSON.stringify({ ...HEAD, leases: [WEB] }));
    const { wait, end } = grace();
    const { client, plumbing, running } = await startBridge(root, undefined, { wait });
    expect(await client().call(Route.lookup, { hostname: 'web' })).toMatchObject({
      attachment: { hostname: 'web' },
    });
    end();
    await vi.waitFor(async () => expect((await leaseFile(root)).leases).toEqual([]), 20_000);
    expect(await client().call(Route.lookup, { hostname: 'web' })).toEqual({});
    await vi.waitFor(() => expect(plumbing.detached).toEqual(['web']), 20_000);
    expect(running.output.join('\n')).toContain('nobody came back');
  });

  it('an owner that came back keeps its lease after the grace', async () => {
    const root = await rootWith(
      JSON.stringify({
        ...HEAD,
        leases: [WEB, { ...WEB, hostname: 'db', ipv4Address: '10.0.0.10', macAddress: 'f2:00:00:00:00:0a' }],
      }),
    );
    const { wait, end } = grace();
    const { client } = await startBridge(root, undefined, { wait });
    const holder = client();
    const { attachment } = await holder.call(Route.allocate, { hostname: 'web' });
    expect(attachment).toMatchObject({ ipv4Address: '10.0.0.9/24', macAddress: WEB.macAddress });
    end();
    await vi.waitFor(async () => expect((await leaseFile(root)).leases).toHaveLength(1), 20_000);
    expect(await holder.call(Route.lookup, { hostname: 'web' })).toEqual({ attachment });
  });
});

it('SIGTERM removes interfaces, and keeps the leases of clients that are still there', async () => {
  const root = await appRoot();
  const { client, running, plumbing } = await startBridge(root);
  const [holder, leaver] = [client(), client()];
  const netns = fileDescriptor(running.descriptor('netns'));
  await holder.call(Route.attach, { hostname: 'web', interfaceName: 'eth0', netns });
  await leaver.call(Route.allocate, { hostname: 'gone' });
  leaver.raw.close();
  await vi.waitFor(async () => expect((await leaseFile(root)).leases).toHaveLength(1), 20_000);
  running.signal('SIGTERM');
  expect(await running.exited).toBe(0);
  expect(plumbing).toMatchObject({ isClosed: true, detached: [] });
  expect((await leaseFile(root)).leases).toMatchObject([{ hostname: 'web', ipv4Address: '10.0.0.2' }]);
});

describe('a file that is not as it should be', () => {
  const problems: readonly (readonly [string, string, string])[] = [
    ['half a file', '{"version": 1, "netw', 'it is not JSON'],
    ['another version', JSON.stringify({ ...HEAD, version: 2, leases: [] }), 'version'],
    ['another network', JSON.stringify({ ...HEAD, network: 'other', leases: [] }), 'that of network other'],
    ['a subnet too small', JSON.stringify({ ...HEAD, ipv4Subnet: '10.0.0.0/31', leases: [] }), 'ipv4Subnet'],
    ['nothing', '', 'it is not JSON'],
  ];

  it.each(problems)('%s is kept aside and said, and the network begins anew', async (_what, text, reason) => {
    const root = await rootWith(text);
    const { client, running } = await startBridge(root);
    await client().call(Route.allocate, { hostname: 'web' });
    const [current, kept, ...more] = await stateFiles(root);
    expect([current, more]).toEqual(['leases.json', []]);
    expect(kept).toMatch(/^leases\.json\.kept-/);
    expect(await readFile(join(root, 'networks/lan', kept as string), 'utf8')).toBe(text);
    expect(running.output.join('\n')).toContain(reason);
  });

  it('of leases that cannot be read or do not fit the others are taken over', async () => {
    const others = [
      { ...WEB, hostname: 'same-address', macAddress: 'f2:00:00:00:00:0b' },
      { ...WEB, hostname: 'outside', ipv4Address: '10.0.1.9', macAddress: 'f2:00:00:00:00:0c' },
      { ...WEB, hostname: 'gateway', ipv4Address: '10.0.0.1', macAddress: 'f2:00:00:00:00:0d' },
      { ...WEB, hostname: 'no-mac', macAddress: 'x' },
      'nonsense',
    ];
    const text = JSON.stringify({ ...HEAD, leases: [WEB, ...others] });
    const root = await rootWith(text);
    const { client, running } = await startBridge(root, undefined, grace());
    expect(await client().call(Route.lookup, { hostname: 'web' })).toMatchObject({
      attachment: { ipv4Address: '10.0.0.9/24' },
    });
    for (const hostname of ['same-address', 'outside', 'gateway', 'no-mac']) {
      expect(await client().call(Route.lookup, { hostname })).toEqual({});
    }
    expect(running.output.join('\n')).toMatch(
      /2 of its leases cannot be read[\s\S]*same-address, outside, gateway/,
    );
    expect((await stateFiles(root)).length).toBeGreaterThan(1);
  });

  it('with another subnet than the one given is kept, and the given one counts', async () => {
    const root = await rootWith(JSON.stringify({ ...HEAD, leases: [WEB] }));
    const { client } = await startBridge(root, ['--subnet', '10.9.0.0/24']);
    expect(await client().call(Route.status)).toMatchObject({
      status: { ipv4Subnet: '10.9.0.0/24', ipv6Subnet: 'fd01::/64' },
    });
    expect((await stateFiles(root)).length).toBe(2);
  });

  it('that cannot be written refuses the lease, and keeps nothing of it', async () => {
    const { client } = await startBridge(await appRoot());
    const save = vi.spyOn(LeaseFile.prototype, 'save').mockRejectedValueOnce(new Error('no space left'));
    try {
      const attempt = client().call(Route.allocate, { hostname: 'web' });
      await expect(attempt).rejects.toThrow('the lease of web cannot be kept: no space left');
    } finally {
      save.mockRestore();
    }
    expect(await client().call(Route.lookup, { hostname: 'web' })).toEqual({});
  });
});

it('the plugin does not begin without a place for leases, or a network', async () => {
  await expect(startBridge('')).rejects.toThrow('CONTAINER_APP_ROOT is not set');
  await expect(startBridge(await appRoot(), ['--id', '../up'])).rejects.toThrow('--id ../up is no network');
});

describe('the book', () => {
  it('holds each lease as long as somebody holds it, whatever happens in which order', () => {
    const hostname = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
    const holder = fc.nat(2);
    const step = fc.oneof(
      fc.record({ hold: hostname, holder }),
      fc.record({ release: hostname, holder }),
      fc.record({ leave: holder }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const book = new LeaseBook(parseIpv4Subnet('10.0.0.0/29'));
        const holders = [{}, {}, {}];
        const model = new Map<string, Set<number>>();
        const release = (host: string, who: number) => {
          const isLast = model.get(host)?.has(who) === true && model.get(host)?.size === 1;
          expect(book.release(host, holders[who] as object) !== undefined).toBe(isLast);
          model.get(host)?.delete(who);
          if (isLast) model.delete(host);
        };
        for (const each of steps) {
          if ('hold' in each) {
            const { hold: host, holder: who } = each;
            if (!model.has(host) && model.size === 4) {
              expect(() => book.hold(host, holders[who] as object)).toThrow('is full');
              continue;
            }
            const had = book.find(host);
            const { lease, isNew } = book.hold(host, holders[who] as object);
            if (had !== undefined) expect(lease).toEqual(had);
            expect(isNew).toBe(model.get(host)?.has(who) !== true);
            model.set(host, (model.get(host) ?? new Set()).add(who));
          } else if ('release' in each) release(each.release, each.holder);
          else for (const host of [...model.keys()]) release(host, each.leave);
          expect(book.leases.map((lease) => lease.hostname).sort()).toEqual([...model.keys()].sort());
          const addresses = book.leases.map(({ address }) => address);
          expect(new Set(addresses).size).toBe(addresses.length);
          for (const lease of book.leases) {
            expect(book.find(lease.hostname)).toBe(lease);
            expect(book.findByAddress(lease.address)).toBe(lease);
            expect(book.findByMac(lease.mac)).toBe(lease);
          }
        }
      }),
    );
  });

  it('is read from its file as it was written, however many wrote at once', async () => {
    const file = new LeaseFile(join(await appRoot(), 'networks/lan/leases.json'), silentLogger);
    const network = {
      network: 'lan',
      ipv4Subnet: parseIpv4Subnet('10.0.0.0/16'),
      ipv6Subnet: parseIpv6Subnet('fd01::/64'),
    };
    const book = new LeaseBook(network.ipv4Subnet);
    expect(await file.load('lan')).toBeUndefined();
    const saves: Promise<void>[] = [];
    for (let index = 0; index < 50; index++) {
      book.hold(`host-${index}`, {});
      saves.push(file.save(network, book));
    }
    await Promise.all(saves);
    const stored = await file.load('lan');
    expect(stored?.leases).toEqual(book.leases);
    expect(stored).toMatchObject({
      next: book.next,
      ipv4Subnet: network.ipv4Subnet,
      ipv6Subnet: network.ipv6Subnet,
    });
  });
});
