/** Both sides of a runtime helper: its endpoint, its routes, and what upstream's clients send. */
import { describe, expect, it } from 'vitest';
import {
  createEndpoint,
  type ProcessConfiguration,
  processProtocol,
  RuntimeHelperClient,
  runtimeProtocol,
  runtimeServiceName,
} from '../../src/compat/index.js';
import { type ProtocolHandlers, RouteClient, RouteServer, routeError } from '../../src/routes/index.js';
import { fileDescriptor, uint64 } from '../../src/xpc/index.js';
import { deferred } from '../helpers/xpc-pair.js';
import { type HelperLink, openHelper } from './helper-link.js';

const SERVICE = runtimeServiceName('sandboxd', 'web-1');

const shell: ProcessConfiguration = {
  executable: '/bin/sh',
  arguments: [],
  environment: [],
  workingDirectory: '/',
  terminal: false,
  user: { id: { uid: 0, gid: 0 } },
  supplementalGroups: [],
  rlimits: [],
};

interface Runtime extends HelperLink {
  /** What the helper was asked, in order. */
  readonly calls: unknown[];
  readonly exit: ReturnType<typeof deferred<number>>;
  /** A raw client of the anonymous listener. */
  raw(): RouteClient;
}

/** A helper whose Mach service knows only createEndpoint; the rest is behind the endpoint. */
function openRuntime(): Runtime {
  const link = openHelper(SERVICE);
  const calls: unknown[] = [];
  const exit = deferred<number>();
  const note = (name: string) => (request: object) => {
    calls.push([name, request]);
  };
  const handlers: ProtocolHandlers<typeof runtimeProtocol.routes> = {
    bootstrap: ({ stdin, stdout, stderr, ...rest }) => {
      const labels = [stdin, stdout, stderr].map((file) => file && link.world.descriptorLabel(file.fd));
      calls.push(['bootstrap', labels, rest]);
    },
    start: note('start'),
    createProcess: note('createProcess'),
    wait: async ({ id }) => {
      if (id !== 'web-1') return { exitCode: -1, exitedAt: new Date(0) };
      return { exitCode: await exit.promise, exitedAt: new Date('2026-11-24T16:00:00.123Z') };
    },
    kill: note('kill'),
    resize: note('resize'),
    state: () => ({ snapshot: { status: 'running', networks: [], containers: [] } }),
    stop: note('stop'),
    shutdown: () => {
      throw routeError('invalidState', 'still running');
    },
    statistics: () => ({ statistics: { id: 'web-1', numProcesses: 2 } }),
    dial: ({ port }) => ({ fd: fileDescriptor(link.world.createDescriptor(`port ${port}`, process.pid)) }),
    copyIn: note('copyIn'),
    copyOut: note('copyOut'),
    snapshotDisk: note('snapshotDisk'),
  };
  const inner = new RouteServer({ transport: link.transport });
  inner.serve(runtimeProtocol, handlers);
  inner.serve(processProtocol, {
    processes: () => ({ processes: [{ pid: 1, hostPid: 77, command: 'sh', cpuUsec: 5, memoryBytes: 6 }] }),
  });
  const listener = link.transport.listenAnonymous(inner.accept, inner.listenOptions);
  link.server.handle(createEndpoint, () => ({ runtimeServiceEndpoint: listener.endpoint() }));
  const raw = () =>
    RouteClient.connect(link.options.transport, SERVICE, {
      connect: { bootstrap: link.options.bootstrap },
      timeout: 60_000,
    });
  return Object.assign(link, { calls, exit, raw });
}

describe('a runtime helper', () => {
  it('is reached by createEndpoint at its Mach service, then over the endpoint', async () => {
    await using link = openRuntime();
    expect(SERVICE).toBe('com.apple.container.runtime.sandboxd.web-1');
    await using runtime = await RuntimeHelperClient.connect('sandboxd', 'web-1', link.options);
    await expect(runtime.state()).resolves.toEqual({ status: 'running', networks: [], containers: [] });
    await using mach = link.raw();
    await expect(mach.callRaw('com.apple.container.runtime/state')).rejects.toMatchObject({
      code: 'ERR_REMOTE',
      details: { code: 'unsupported' },
    });
  });

  it('gets the streams, the environment and the networks of a container', async () => {
    await using link = openRuntime();
    await using runtime = await RuntimeHelperClient.connect('sandboxd', 'web-1', link.options);
    await runtime.bootstrap({
      stdio: { stdin: link.file('in'), stderr: fileDescriptor(link.file('err')) },
      networkBootstrapInfos: [{ plugin: 'bridge' }],
      dynamicEnv: { A: 'b' },
    });
    expect(link.calls).toEqual([
      [
        'bootstrap',
        ['in', undefined, 'err'],
        { dynamicEnv: { A: 'b' }, networkBootstrapInfos: [{ plugin: 'bridge' }] },
      ],
    ]);
  });

  it('gets every other call with upstream’s keys', async () => {
    await using link = openRuntime();
    await using runtime = await RuntimeHelperClient.connect('sandboxd', 'web-1', link.options);
    await runtime.start('web-1');
    await runtime.createProcess('exec-1', shell);
    await runtime.kill('exec-1', 'SIGTERM');
    await runtime.resize('exec-1', 80, 24);
    await runtime.stop();
    await runtime.copyIn('/a', '/b');
    await runtime.copyOut('/a', '/b', { createParents: false });
    await runtime.snapshotDisk('/a.ext4', '/b.ext4');
    expect(link.calls).toEqual([
      ['start', { id: 'web-1' }],
      ['createProcess', { id: 'exec-1', processConfig: shell }],
      ['kill', { id: 'exec-1', signal: 'SIGTERM' }],
      ['resize', { id: 'exec-1', width: 80, height: 24 }],
      ['stop', { stopOptions: { timeoutInSeconds: 5 } }],
      ['copyIn', { sourcePath: '/a', destinationPath: '/b', fileMode: 0o644, createParents: true }],
      ['copyOut', { sourcePath: '/a', destinationPath: '/b', createParents: false }],
      ['snapshotDisk', { imagePath: '/a.ext4', destinationPath: '/b.ext4' }],
    ]);
    await expect(runtime.statistics()).resolves.toEqual({ id: 'web-1', numProcesses: 2 });
    await expect(runtime.processes()).resolves.toMatchObject([{ pid: 1, hostPid: 77, command: 'sh' }]);
    using port = await runtime.dial(80);
    expect(link.world.descriptorLabel(port.fd)).toBe('port 80');
    await expect(runtime.shutdown()).rejects.toMatchObject({ details: { code: 'invalidState' } });
  });

  it('plugin case 61: wait stays pending until the exit, and an unknown process has -1 at once', async () => {
    await using link = openRuntime();
    await using runtime = await RuntimeHelperClient.connect('sandboxd', 'web-1', link.options);
    let isOver = false;
    const waiting = runtime.wait('web-1').finally(() => {
      isOver = true;
    });
    await expect(runtime.wait('nobody')).resolves.toMatchObject({ exitCode: -1 });
    expect(isOver).toBe(false);
    link.exit.resolve(137);
    await expect(waiting).resolves.toEqual({
      exitCode: 137,
      exitedAt: new Date('2026-11-24T16:00:00.123Z'),
    });
  });

  it('a wait ends with the signal of whoever waits', async () => {
    await using link = openRuntime();
    await using runtime = await RuntimeHelperClient.connect('sandboxd', 'web-1', link.options);
    const abort = new AbortController();
    const waiting = runtime.wait('web-1', { signal: abort.signal });
    await runtime.state();
    abort.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    link.exit.resolve(0);
  });

  it('the end of the helper is the end of its endpoint', async () => {
    await using link = openRuntime();
    await using runtime = await RuntimeHelperClient.connect('sandboxd', 'web-1', link.options);
    const lost = deferred();
    runtime.onDisconnect(() => lost.resolve());
    const waiting = runtime.wait('web-1');
    await runtime.state();
    link.world.kill(process.pid);
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_XPC_INVALID' });
    await lost.promise;
  });
});

describe('what upstream’s clients send', () => {
  /** Keys as RuntimeClient.swift sets them, without any schema of ours. */
  async function rawEndpoint(link: Runtime): Promise<RouteClient> {
    await using mach = link.raw();
    const reply = await mach.callRaw('com.apple.container.runtime/createEndpoint');
    return RouteClient.connect(link.options.transport, reply.runtimeServiceEndpoint as never, {
      timeout: 60_000,
    });
  }
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value).replaceAll('/', '\\/'));
  const route = (name: string) => `com.apple.container.runtime/${name}`;

  it('is understood key by key', async () => {
    await using link = openRuntime();
    await using raw = await rawEndpoint(link);
    await raw.callRaw(route('bootstrap'), { dynamicEnv: json({}), networkBootstrapInfos: json([]) });
    await raw.callRaw(route('resize'), { id: 'x', width: uint64(80n), height: uint64(24n) });
    await raw.callRaw(route('kill'), { id: 'x', signal: 15n });
    await raw.callRaw(route('createProcess'), { id: 'x', processConfig: json(shell) });
    await raw.callRaw(route('copyOut'), { sourcePath: '/a', destinationPath: '/b', createParents: true });
    expect(link.calls.slice(1)).toEqual([
      ['resize', { id: 'x', width: 80, height: 24 }],
      ['kill', { id: 'x', signal: '15' }],
      ['createProcess', { id: 'x', processConfig: shell }],
      ['copyOut', { sourcePath: '/a', destinationPath: '/b', createParents: true }],
    ]);
    await expect(raw.callRaw(route('wait'), { id: 'nobody' })).resolves.toMatchObject({ exitCode: -1n });
  });

  it.each([
    ['bootstrap without networks', 'bootstrap', {}],
    ['a process without a configuration', 'createProcess', { id: 'x' }],
    ['a configuration that is no JSON', 'createProcess', { id: 'x', processConfig: new Uint8Array([0]) }],
    ['a signal that is no text', 'kill', { id: 'x', signal: true }],
    ['a stop without options', 'stop', {}],
    ['an id of another type', 'start', { id: 1n }],
  ])('%s is an invalid argument', async (_what, name, body) => {
    await using link = openRuntime();
    await using raw = await rawEndpoint(link);
    await expect(raw.callRaw(route(name), body)).rejects.toMatchObject({
      code: 'ERR_REMOTE',
      details: { code: 'invalidArgument' },
    });
    expect(link.calls).toEqual([]);
  });
});
