/** Both sides of the API server's container and network routes, and what upstream's daemon answers. */
import { describe, expect, it } from 'vitest';
import {
  type ContainerConfiguration,
  type ContainerSnapshot,
  ContainersClient,
  containerConfiguration,
  containerProcessProtocol,
  containerProtocol,
  type Kernel,
  NetworksClient,
  networkConfiguration,
  networksProtocol,
} from '../../src/compat/index.js';
import { type Route, RouteClient, routeError } from '../../src/routes/index.js';
import { fileDescriptor, type XpcDictionary } from '../../src/xpc/index.js';
import { type HelperLink, openHelper } from './helper-link.js';

const SERVICE = 'com.apple.container.apiserver';
const { routes } = containerProtocol;

const web: ContainerConfiguration = containerConfiguration.parse({
  id: 'web-1',
  image: { reference: 'alpine', descriptor: { mediaType: 'm', digest: 'sha256:0', size: 1 } },
  initProcess: {
    executable: '/bin/sh',
    arguments: [],
    environment: [],
    workingDirectory: '/',
    terminal: false,
    user: { id: { uid: 0, gid: 0 } },
    supplementalGroups: [],
    rlimits: [],
  },
});

const stopped: ContainerSnapshot = { configuration: web, status: 'stopped', networks: [] };

const linux: Kernel = {
  path: '/k/vmlinux',
  platform: { os: 'linux', architecture: 'amd64' },
  commandLine: { kernelArgs: [], initArgs: [] },
};

function open(): HelperLink & {
  readonly calls: unknown[];
  readonly raw: RouteClient;
  readonly containers: ContainersClient;
  readonly networks: NetworksClient;
} {
  const link = openHelper(SERVICE);
  const { transport, bootstrap, timeout } = link.options;
  const raw = RouteClient.connect(transport, SERVICE, { connect: { bootstrap }, timeout });
  const calls: unknown[] = [];
  return Object.assign(link, {
    calls,
    raw,
    containers: new ContainersClient(raw),
    networks: new NetworksClient(raw),
  });
}

describe('containers', () => {
  it('are created, and a configuration arrives as it was sent', async () => {
    await using link = open();
    link.server.handle(routes.containerCreate, (request) => void link.calls.push(request));
    await link.containers.create(web, { runtimeData: new Uint8Array([1]) });
    expect(link.calls).toEqual([
      { containerConfig: web, containerOptions: { autoRemove: false }, runtimeData: new Uint8Array([1]) },
    ]);
  });

  it('get the default kernel of a server that wants one, as upstream’s does', async () => {
    await using link = open();
    link.server.handle(routes.containerCreate, ({ kernel }) => {
      if (kernel === undefined) throw routeError('invalidArgument', 'kernel cannot be empty');
      link.calls.push(kernel);
    });
    link.server.handle(routes.getDefaultKernel, ({ systemPlatform }) => {
      link.calls.push(systemPlatform);
      return { kernel: linux };
    });
    await link.containers.create({ ...web, platform: { os: 'linux', architecture: 'amd64' } });
    expect(link.calls).toEqual([{ os: 'linux', architecture: 'amd64' }, linux]);
  });

  it('are listed by filters, and one that is not there is not found', async () => {
    await using link = open();
    link.server.handle(routes.containerList, ({ listFilters }) => {
      link.calls.push(listFilters);
      const isWanted = listFilters?.ids.length === 0 || listFilters?.ids.includes('web-1');
      return { containers: isWanted ? [stopped] : [] };
    });
    await expect(link.containers.list({ status: 'running' })).resolves.toHaveLength(1);
    await expect(link.containers.get('web-1')).resolves.toMatchObject({ configuration: web });
    await expect(link.containers.get('web-2')).rejects.toMatchObject({
      code: 'ERR_REMOTE',
      details: { code: 'notFound' },
    });
    expect(link.calls[0]).toEqual({ ids: [], labels: {}, status: 'running' });
  });

  it('get every other call with upstream’s keys', async () => {
    await using link = open();
    const { containers, calls, server } = link;
    for (const name of [
      'containerBootstrap',
      'containerCreateProcess',
      'containerStartProcess',
      'containerDelete',
      'containerStop',
      'containerResize',
      'containerKill',
      'containerCopyIn',
      'containerCopyOut',
      'containerExport',
    ] as const) {
      server.handle(
        routes[name] as Route,
        (request: object) => void calls.push([name, Object.keys(request).sort()]),
      );
    }
    await containers.bootstrap('web-1', { stdio: { stdout: link.file('out') } });
    await containers.createProcess('web-1', 'exec-1', web.initProcess, { stdin: link.file('in') });
    await containers.startProcess('web-1');
    await containers.delete('web-1', true);
    await containers.stop('web-1', { timeoutInSeconds: 1, signal: 'SIGINT' });
    await containers.resize('web-1', { width: 80, height: 24 });
    await containers.kill('web-1', 'SIGKILL');
    await containers.copyIn('web-1', '/a', '/b', { mode: 0o600 });
    await containers.copyOut('web-1', '/a', '/b');
    await containers.export('web-1', '/a.tar');
    expect(calls).toEqual([
      ['containerBootstrap', ['dynamicEnv', 'id', 'stdout']],
      ['containerCreateProcess', ['id', 'processConfig', 'processIdentifier', 'stdin']],
      ['containerStartProcess', ['id', 'processIdentifier']],
      ['containerDelete', ['forceDelete', 'id']],
      ['containerStop', ['id', 'stopOptions']],
      ['containerResize', ['height', 'id', 'processIdentifier', 'width']],
      ['containerKill', ['id', 'processIdentifier', 'signal']],
      ['containerCopyIn', ['createParents', 'destinationPath', 'fileMode', 'id', 'sourcePath']],
      ['containerCopyOut', ['createParents', 'destinationPath', 'id', 'sourcePath']],
      ['containerExport', ['archive', 'id']],
    ]);
  });

  it('answer with statistics, sizes, exits, connections and processes', async () => {
    await using link = open();
    const { containers, server, world } = link;
    const file = (label: string) => fileDescriptor(world.createDescriptor(label, process.pid));
    server.handle(routes.containerStats, () => ({ statistics: { id: 'web-1', numProcesses: 1 } }));
    server.handle(routes.containerDiskUsage, () => ({ containerSize: 2n ** 63n }));
    server.handle(routes.containerDial, () => ({ fd: file('port') }));
    server.handle(routes.containerWait, ({ processIdentifier }) => ({
      exitCode: processIdentifier === 'web-1' ? 130 : 0,
    }));
    server.serve(containerProcessProtocol, {
      processes: () => ({ processes: [{ pid: 1, hostPid: 9, command: 'sh', cpuUsec: 0, memoryBytes: 0 }] }),
    });
    await expect(containers.stats('web-1')).resolves.toEqual({ id: 'web-1', numProcesses: 1 });
    await expect(containers.diskUsage('web-1')).resolves.toBe(2n ** 63n);
    await expect(containers.wait('web-1')).resolves.toMatchObject({ exitCode: 130 });
    await expect(containers.processes('web-1')).resolves.toMatchObject([{ hostPid: 9 }]);
    using port = await containers.dial('web-1', 80);
    expect(world.descriptorLabel(port.fd)).toBe('port');
  });

  it('send their two log files, and any other number of them is closed', async () => {
    await using link = open();
    const { containers, server, world } = link;
    let labels = ['stdio', 'boot'];
    server.handle(routes.containerLogs, () => ({
      logs: labels.map((label) => fileDescriptor(world.createDescriptor(label, process.pid))),
    }));
    const logs = await containers.logs('web-1');
    expect([logs.stdio, logs.boot].map((file) => world.descriptorLabel(file.fd))).toEqual(labels);
    logs.stdio.close();
    logs.boot.close();
    const held = world.openDescriptors(4711);
    labels = ['stdio'];
    await expect(containers.logs('web-1')).rejects.toMatchObject({ code: 'ERR_ROUTE_REPLY' });
    expect(world.openDescriptors(4711)).toBe(held);
  });

  it('are understood when upstream’s client sends less or other types', async () => {
    await using link = open();
    link.server.handle(routes.containerKill, ({ signal }) => void link.calls.push(signal));
    link.server.handle(routes.containerList, ({ listFilters }) => {
      link.calls.push(listFilters);
      return { containers: [] };
    });
    link.server.handle(routes.containerDelete, ({ forceDelete }) => void link.calls.push(forceDelete));
    const body: XpcDictionary = { id: 'a1', processIdentifier: 'a1', signal: 9n };
    await link.raw.callRaw('containerKill', body);
    await link.raw.callRaw('containerList');
    await link.raw.callRaw('containerDelete', { id: 'a1' });
    expect(link.calls).toEqual(['9', undefined, undefined]);
  });
});

describe('networks', () => {
  const backend = networkConfiguration.parse({ name: 'backend', mode: 'nat', options: { bridge: 'br7' } });
  const status = { ipv4Subnet: '10.0.0.0/24', ipv4Gateway: '10.0.0.1' };

  it('are created, listed and deleted', async () => {
    await using link = open();
    link.server.serve(networksProtocol, {
      networkCreate: ({ networkId, networkConfig }) => {
        link.calls.push(networkId);
        return { networkResource: { id: networkConfig.name, configuration: networkConfig, status } };
      },
      networkList: () => ({ networkResources: [{ id: 'backend', configuration: backend, status }] }),
      networkDelete: ({ networkId }) => void link.calls.push(networkId),
    });
    await expect(link.networks.create(backend)).resolves.toEqual({
      id: 'backend',
      configuration: backend,
      status,
    });
    await expect(link.networks.get('backend')).resolves.toMatchObject({ configuration: backend });
    await expect(link.networks.get('other')).rejects.toMatchObject({ details: { code: 'notFound' } });
    await link.networks.delete('backend');
    expect(link.calls).toEqual(['backend', 'backend']);
  });
});
