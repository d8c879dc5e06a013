/** Containers of the API server, over the mock world. */
import { access, readdir, readFile } from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import { fileDescriptor } from '../../src/xpc/index.js';
import { Rig } from './rig.js';

const code = (wire: string) => ({ code: 'ERR_REMOTE', details: { code: wire } });

describe('a container', () => {
  it('lives: created, bootstrapped, started, waited for, stopped and deleted', async () => {
    await using rig = await Rig.make();
    await rig.start();
    const { containers } = rig.client();
    await containers.create(rig.container('web-1', { stopSignal: 'SIGQUIT' }));
    expect(await containers.get('web-1')).toMatchObject({
      status: 'stopped',
      configuration: { id: 'web-1' },
    });
    expect(await rig.json('containers/web-1/runtime-configuration.json')).toMatchObject({
      path: expect.stringMatching(/^file:\/\/.*\/containers\/web-1$/),
      containerConfiguration: { id: 'web-1', runtimeHandler: 'rt' },
      containerRootFilesystem: { type: { virtiofs: {} }, source: rig.state('containers/web-1/rootfs') },
      options: { autoRemove: false },
    });
    expect(await readFile(rig.state('containers/web-1/rootfs/bin/sh'), 'utf8')).toBe('a shell');
    await containers.bootstrap('web-1', { dynamicEnv: { TERM: 'vt100' } });
    await containers.bootstrap('web-1');
    const runtime = rig.runtimes.get('web-1');
    expect(runtime?.calls).toEqual(['createEndpoint', 'bootstrap']);
    expect(runtime?.environment).toEqual({ TERM: 'vt100' });
    const waited = containers.wait('web-1');
    await containers.startProcess('web-1');
    await containers.startProcess('web-1');
    expect(await containers.get('web-1')).toMatchObject({ status: 'running', startedDate: expect.any(Date) });
    await containers.stop('web-1', { timeoutInSeconds: 3 });
    expect(runtime?.stopped).toEqual({ timeoutInSeconds: 3, signal: 'SIGQUIT' });
    expect(await waited).toMatchObject({ exitCode: 143, exitedAt: new Date(1_700_000_000_000) });
    expect(runtime?.calls.at(-1)).toBe('shutdown');
    expect((await containers.get('web-1')).status).toBe('stopped');
    expect(await containers.wait('web-1')).toMatchObject({ exitCode: 143 });
    await containers.stop('web-1');
    await containers.delete('web-1');
    expect(await containers.list()).toEqual([]);
    expect(await readdir(rig.state('containers'))).toEqual([]);
    await expect(containers.stop('web-1')).rejects.toMatchObject(code('notFound'));
  });

  it('plugin case 34: its runtime gets upstream’s command line', async () => {
    await using rig = await Rig.make();
    await rig.start({ debug: true });
    const runtime = await rig.run(rig.client(), 'c1');
    const root = rig.state('containers/c1');
    expect(runtime.process.argv.slice(1)).toEqual(['start', '--root', root, '--uuid', 'c1', '--debug']);
    expect(runtime.process.env.LISTEN_FDNAMES).toBe('com.apple.container.runtime.rt.c1');
  });

  it('plugin case 61: wait for an unknown process is -1 at once, and stop of a stopped one a success', async () => {
    await using rig = await Rig.make();
    await rig.start();
    const { containers } = rig.client();
    await rig.run(rig.client(), 'c1');
    expect(await containers.wait('c1', 'nobody')).toMatchObject({ exitCode: -1 });
    await containers.stop('c1');
    await containers.stop('c1');
  });

  it('plugin case 62: a runtime that says invalidState is quoted, and its job is gone after a failed bootstrap', async () => {
    await using rig = await Rig.make();
    await rig.start();
    const { containers } = rig.client();
    await containers.create(rig.container('c1'));
    rig.runtime.before = (route, runtime) => {
      if (route === 'bootstrap') runtime.status = 'booted';
    };
    const before = rig.world.alive().length;
    await expect(containers.bootstrap('c1')).rejects.toMatchObject({
      details: { code: 'invalidState', message: 'the sandbox is booted' },
    });
    expect(rig.world.alive()).toHaveLength(before);
    delete rig.runtime.before;
    await containers.bootstrap('c1');
    await containers.startProcess('c1');
    expect((await containers.get('c1')).status).toBe('running');
  });

  it('plugin case 63: ids are checked wherever they come in', async () => {
    await using rig = await Rig.make();
    await rig.start();
    const { containers } = rig.client();
    for (const id of ['a', 'a'.repeat(64), '../x', '-a', '']) {
      const invalid = code('invalidArgument');
      await expect(containers.create(rig.container(id))).rejects.toMatchObject(invalid);
      for (const call of [
        'bootstrap',
        'startProcess',
        'wait',
        'stop',
        'delete',
        'logs',
        'stats',
        'processes',
      ] as const)
        await expect(containers[call](id)).rejects.toMatchObject(invalid);
      await expect(containers.kill(id, 'SIGTERM')).rejects.toMatchObject(invalid);
      await expect(containers.copyIn(id, '/a', '/b')).rejects.toMatchObject(invalid);
      await expect(containers.diskUsage(id)).rejects.toMatchObject(invalid);
    }
    await containers.create(rig.container('a_b-1'));
    expect(await readdir(rig.state('containers'))).toEqual(['a_b-1']);
  });

  it('is refused when its id or hostname is taken, its runtime or network absent, or its memory too little', async () => {
    await using rig = await Rig.make();
    await rig.start();
    const client = rig.client();
    const { containers } = client;
    const on = (hostname: string) => ({ networks: [{ network: 'n1', options: { hostname } }] });
    await expect(containers.create(rig.container('c1', on('h1')))).rejects.toMatchObject(code('notFound'));
    await client.networks.create({
      name: 'n1',
      mode: 'nat',
      plugin: 'net',
      labels: {},
      options: {},
      creationDate: new Date(),
    });
    await containers.create(rig.container('c1', on('h1')));
    await expect(containers.create(rig.container('c1'))).rejects.toMatchObject(code('exists'));
    await expect(containers.create(rig.container('c2', on('h1')))).rejects.toMatchObject(code('exists'));
    await expect(containers.create(rig.container('c2', { runtimeHandler: 'none' }))).rejects.toMatchObject({
      details: { code: 'notFound', message: expect.stringContaining('unable to locate runtime plugin none') },
    });
    await expect(containers.create(rig.container('c2', { runtimeHandler: 'net' }))).rejects.toMatchObject(
      code('notFound'),
    );
    const little = { resources: { cpus: 1, memoryInBytes: 1024, cpuOverhead: 1 } };
    await expect(containers.create(rig.container('c2', little))).rejects.toMatchObject(
      code('invalidArgument'),
    );
    await expect(
      containers.create(
        rig.container('c2', { image: { ...rig.container('c2').image, reference: 'absent' } }),
      ),
    ).rejects.toMatchObject(code('notFound'));
    expect(await readdir(rig.state('containers'))).toEqual(['c1']);
    await containers.create(rig.container('c2', on('h2')));
  });

  it('shares the root of its image when it only reads it', async () => {
    await using rig = await Rig.make();
    await rig.start();
    await rig.client().containers.create(rig.container('c1', { readOnly: true }));
    expect(await rig.json('containers/c1/runtime-configuration.json')).toMatchObject({
      containerRootFilesystem: { source: `${rig.directory}/image`, options: ['ro'] },
    });
  });

  it('hands its streams to the runtime, and keeps none', async () => {
    await using rig = await Rig.make();
    await rig.start();
    const { containers } = rig.client();
    await containers.create(rig.container('c1'));
    const stdout = rig.world.createDescriptor('out', 4711);
    const before = rig.world.openDescriptors(process.pid);
    await containers.bootstrap('c1', { stdio: { stdout: fileDescriptor(stdout) } });
    const held = rig.runtimes.get('c1')?.stdio.stdout as number;
    expect(rig.world.isSameDescriptor(stdout, held)).toBe(true);
    await containers.startProcess('c1');
    await containers.kill('c1', 'SIGKILL');
    await vi.waitFor(() => expect(rig.world.openDescriptors(process.pid)).toBe(before));
  });

  it('removes itself when it was to, and still tells how it ended', async () => {
    await using rig = await Rig.make();
    await rig.start();
    const { containers } = rig.client();
    await containers.create(rig.container('c1'), { options: { autoRemove: true } });
    await containers.bootstrap('c1');
    const waited = containers.wait('c1');
    await containers.startProcess('c1');
    rig.runtimes.get('c1')?.exit(7);
    expect(await waited).toMatchObject({ exitCode: 7 });
    expect(await containers.wait('c1')).toMatchObject({ exitCode: 7 });
    expect(await containers.list()).toEqual([]);
    await expect(access(rig.state('containers/c1'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('has stopped when a SIGKILL is answered', async () => {
    await using rig = await Rig.make();
    await rig.start();
    const { containers } = rig.client();
    await rig.run(rig.client(), 'c1');
    await containers.kill('c1', 'SIGUSR1');
    expect((await containers.get('c1')).status).toBe('running');
    await containers.kill('c1', 'SIGKILL');
    expect((await containers.get('c1')).status).toBe('stopped');
    expect(await containers.wait('c1')).toMatchObject({ exitCode: 137 });
  });

  it('that runs is deleted only by force', async () => {
    await using rig = await Rig.make();
    await rig.start();
    const { containers } = rig.client();
    const runtime = await rig.run(rig.client(), 'c1');
    await expect(containers.delete('c1')).rejects.toMatchObject(code('invalidState'));
    await containers.delete('c1', true);
    expect(runtime.stopped).toEqual({ timeoutInSeconds: 5, signal: 'SIGKILL' });
    expect(await containers.list()).toEqual([]);
  });

  it('stops when its runtime crashes, with a problem; another start is as good as new', async () => {
    await using rig = await Rig.make();
    const server = await rig.start();
    const { containers } = rig.client();
    const runtime = await rig.run(rig.client(), 'c1');
    const waited = containers.wait('c1');
    runtime.crash();
    expect(await waited).toMatchObject({ exitCode: -1 });
    expect(server.containers.details()[0]).toMatchObject({
      status: 'stopped',
      problem: { code: 'ERR_PLUGIN_EXITED' },
    });
    // A job starts again only when its ThrottleInterval is over; a new registration is a new job.
    await containers.bootstrap('c1');
    await containers.startProcess('c1');
    expect(server.containers.details()[0]).not.toHaveProperty('problem');
  });

  it('passes the rest through: exec, resize, stats, processes, copies, and the log', async () => {
    await using rig = await Rig.make();
    await rig.start();
    const { containers } = rig.client();
    await expect(containers.stats('c1')).rejects.toMatchObject(code('notFound'));
    const runtime = await rig.run(rig.client(), 'c1');
    await containers.createProcess('c1', 'p1', rig.container('c1').initProcess);
    await containers.startProcess('c1', 'p1');
    expect(await containers.wait('c1', 'p1')).toMatchObject({ exitCode: 0 });
    await containers.resize('c1', { width: 80, height: 24 });
    await expect(containers.resize('c1', { width: 65_536, height: 1 })).rejects.toMatchObject(
      code('invalidArgument'),
    );
    expect(await containers.stats('c1')).toEqual({ id: 'c1', numProcesses: 1 });
    expect(await containers.processes('c1')).toMatchObject([{ pid: 1, command: 'init' }]);
    await containers.copyIn('c1', '/a', '/b');
    await containers.copyOut('c1', '/c', '/d');
    expect(await containers.diskUsage('c1')).toBeGreaterThan(0n);
    expect(runtime.calls).toEqual(
      expect.arrayContaining(['createProcess p1', 'start p1', 'resize c1 80x24', 'copyIn /a', 'copyOut /c']),
    );
    runtime.exit(0);
    await containers.wait('c1');
    await expect(containers.copyIn('c1', '/a', '/b')).rejects.toMatchObject(code('invalidState'));
    await expect(containers.stats('c1')).rejects.toMatchObject({
      details: { message: 'no runtime client exists: container is stopped' },
    });
  });

  it('is listed by id, status and label', async () => {
    await using rig = await Rig.make();
    await rig.start();
    const client = rig.client();
    await client.containers.create(rig.container('c2', { labels: { tier: 'back' } }));
    await rig.run(client, 'c1', { labels: { tier: 'front' } });
    const ids = async (filters: Parameters<typeof client.containers.list>[0]) =>
      (await client.containers.list(filters)).map(({ configuration }) => configuration.id);
    expect(await ids({})).toEqual(['c1', 'c2']);
    expect(await ids({ ids: ['c2', 'c3'] })).toEqual(['c2']);
    expect(await ids({ status: 'running' })).toEqual(['c1']);
    expect(await ids({ labels: { tier: '^b' } })).toEqual(['c2']);
    expect(await ids({ labels: { machine: '^(?!machine$)' } })).toEqual(['c1', 'c2']);
    await expect(ids({ labels: { tier: '(' } })).rejects.toMatchObject(code('invalidArgument'));
  });

  it('many live side by side, and a runtime that hangs holds up its own container only', async () => {
    await using rig = await Rig.make();
    await rig.start();
    const client = rig.client();
    const ids = Array.from({ length: 12 }, (_, index) => `c-${index}`);
    let isHanging = false;
    rig.runtime.before = (route, { id }) => {
      if (id !== 'c-3' || route !== 'bootstrap') return undefined;
      isHanging = true;
      return new Promise<void>(() => {});
    };
    const hung = rig.run(client, 'c-3');
    const failed = hung.then(
      () => 'started',
      () => 'failed',
    );
    await vi.waitFor(() => expect(isHanging).toBe(true), { timeout: 20_000 });
    await Promise.all(ids.filter((id) => id !== 'c-3').map((id) => rig.run(client, id)));
    expect((await client.containers.list({ status: 'running' })).length).toBe(11);
    rig.runtimes.get('c-3')?.crash();
    expect(await failed).toBe('failed');
    expect((await client.containers.get('c-3')).status).toBe('stopped');
  });
});
