/** Both sides of a network helper: addresses are leased for as long as a connection lives. */
import { describe, expect, it } from 'vitest';
import {
  type Attachment,
  interfaceProtocol,
  NetworkHelperClient,
  type NetworkStatus,
  networkProtocol,
  networkServiceName,
} from '../../src/compat/index.js';
import { RouteClient, routeError } from '../../src/routes/index.js';
import { deferred } from '../helpers/xpc-pair.js';
import { type HelperLink, openHelper } from './helper-link.js';

const SERVICE = networkServiceName('bridge', 'backend');
const status: NetworkStatus = { ipv4Subnet: '10.0.0.0/24', ipv4Gateway: '10.0.0.1' };

interface Network extends HelperLink {
  readonly client: NetworkHelperClient;
  /** What is leased now. */
  readonly leases: Map<string, Attachment>;
  /** Resolves when nothing is leased any more. */
  readonly emptied: Promise<void>;
  readonly macs: (string | undefined)[];
}

/** A helper with one address per hostname, held by the session that asked for it. */
function openNetwork(): Network {
  const link = openHelper(SERVICE);
  const leases = new Map<string, Attachment>();
  const emptied = deferred();
  const macs: (string | undefined)[] = [];
  link.server.serve(networkProtocol, {
    status: () => ({ status }),
    allocate: ({ hostname, macAddress }, { session }) => {
      if (hostname === 'full') throw routeError('internalError', 'no address left');
      macs.push(macAddress);
      const attachment = {
        network: 'backend',
        hostname,
        ipv4Address: `10.0.0.${leases.size + 2}/24`,
        ipv4Gateway: '10.0.0.1',
      };
      leases.set(hostname, attachment);
      session.onDisconnect(() => {
        leases.delete(hostname);
        if (leases.size === 0) emptied.resolve();
      });
      return { attachment, additionalData: { mode: 'reserved' } };
    },
    lookup: ({ hostname }) => ({ attachment: leases.get(hostname) }),
  });
  const client = new NetworkHelperClient('bridge', 'backend', link.options);
  return Object.assign(link, { client, leases, emptied: emptied.promise, macs });
}

describe('a network helper', () => {
  it('tells its subnets and gateway', async () => {
    await using link = openNetwork();
    expect(SERVICE).toBe('com.apple.container.network.bridge.backend');
    await expect(link.client.status()).resolves.toEqual(status);
  });

  it('plugin case 57: lookup of an unknown host has no attachment and is no error', async () => {
    await using link = openNetwork();
    await expect(link.client.lookup('nobody')).resolves.toBeUndefined();
    await using raw = rawClient(link);
    await expect(raw.callRaw('com.apple.container.network/lookup', { hostname: 'nobody' })).resolves.toEqual(
      {},
    );
  });

  it('plugin case 57: allocate without hostname is an invalid argument', async () => {
    await using link = openNetwork();
    await using raw = rawClient(link);
    await expect(raw.callRaw('com.apple.container.network/allocate')).rejects.toMatchObject({
      code: 'ERR_REMOTE',
      details: { code: 'invalidArgument' },
    });
  });

  it('plugin case 59: a lease lives as long as its connection, which is its own', async () => {
    await using link = openNetwork();
    const web = await link.client.allocate({ hostname: 'web', macAddress: 'F2-00-00-00-00-01' });
    const db = await link.client.allocate({ hostname: 'db' });
    expect(web.attachment.ipv4Address).toBe('10.0.0.2/24');
    expect(web.grant).toMatchObject({ isConnected: false, additionalData: { mode: 'reserved' } });
    expect(link.macs).toEqual(['F2-00-00-00-00-01', undefined]);
    await link.client.close();
    await expect(link.client.lookup('web')).resolves.toEqual(web.attachment);
    await web.release();
    await db.release();
    await link.emptied;
    await expect(link.client.lookup('web')).resolves.toBeUndefined();
    await link.client.close();
  });

  it('a refused lease leaves no connection behind', async () => {
    await using link = openNetwork();
    await expect(link.client.allocate({ hostname: 'full' })).rejects.toMatchObject({
      details: { code: 'internalError', message: 'no address left' },
    });
  });

  it('a lease tells when its helper is gone', async () => {
    await using link = openNetwork();
    const lease = await link.client.allocate({ hostname: 'web' });
    const lost = deferred();
    lease.onLost(() => lost.resolve());
    link.world.kill(process.pid);
    await lost.promise;
    await lease.release();
  });

  it('a lease can be asked for again', async () => {
    await using link = openNetwork();
    await using lease = await link.client.allocate({ hostname: 'web' });
    const before = lease.attachment;
    link.leases.clear();
    await expect(lease.renew()).resolves.toMatchObject({ attachment: before });
    expect(link.leases.size).toBe(1);
  });
});

describe('an interface', () => {
  const request = { hostname: 'web', interfaceName: 'eth0', mtu: 1400 };

  it('is made by a helper that can, in the namespace that was sent', async () => {
    await using link = openNetwork();
    const seen: unknown[] = [];
    link.server.serve(interfaceProtocol, {
      attach: ({ netns, ...rest }) => {
        seen.push([link.world.descriptorLabel(netns.fd), rest]);
        const attachment = {
          network: 'backend',
          hostname: 'web',
          ipv4Address: '10.0.0.9/24',
          ipv4Gateway: '10.0.0.1',
        };
        return { attachment, isConnected: true };
      },
    });
    await using lease = await link.client.attach({ ...request, netns: link.file('netns') });
    expect(lease.grant).toMatchObject({ isConnected: true, attachment: { ipv4Address: '10.0.0.9/24' } });
    expect(seen).toEqual([['netns', request]]);
  });

  it('is not made by a helper that knows only addresses, and the lease says why', async () => {
    await using link = openNetwork();
    await using lease = await link.client.attach({ ...request, netns: link.file('netns') });
    expect(lease.grant).toMatchObject({
      isConnected: false,
      reason: 'the network plugin makes no interfaces',
      attachment: { ipv4Address: '10.0.0.2/24' },
    });
  });
});

function rawClient(link: HelperLink): RouteClient {
  const { transport, bootstrap, timeout } = link.options;
  return RouteClient.connect(transport, SERVICE, { connect: { bootstrap }, timeout });
}
