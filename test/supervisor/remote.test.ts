/** A supervisor controlled from another process, in the mock world. */
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LaunchportError } from '../../src/base/index.js';
import { RouteClient, RouteServer } from '../../src/routes/index.js';
import { SUPERVISOR_SERVICE, SupervisorClient } from '../../src/supervisor/index.js';
import { fromErrorJson, toErrorJson } from '../../src/supervisor/remote/error-json.js';
import { supervisorProtocol } from '../../src/supervisor/remote/protocol.js';
import { XpcTransport } from '../../src/xpc/index.js';
import { rejectionOf } from '../helpers/thrown.js';
import { Bench, DOMAIN, LABEL } from './bench.js';
import { RemoteBench, TARGET } from './remote-bench.js';

describe('the verbs', () => {
  it('do at a distance what they do here', async () => {
    await using remote = await RemoteBench.start();
    const { bench, client } = remote;
    expect(await client.managerName()).toBe(await bench.supervisor.managerName());
    expect(await client.defaultDomain()).toBe(await bench.supervisor.defaultDomain());
    expect(await client.print(TARGET)).toBeUndefined();
    expect(await client.bootstrap(DOMAIN, await bench.plist())).toBe(TARGET);
    const pid = await client.kickstart(TARGET);
    await bench.settled();
    expect(pid).toBe(bench.started[0]?.pid);
    expect(await client.print(TARGET)).toEqual(await bench.supervisor.print(TARGET));
    expect(await client.list()).toEqual([expect.objectContaining({ label: LABEL, pid })]);
    await client.kill(TARGET, 'SIGKILL');
    await bench.settled();
    expect((await client.print(TARGET))?.pid).toBeUndefined();
    await client.disable(TARGET);
    expect(await client.overrides(DOMAIN)).toEqual(new Map([[LABEL, true]]));
    await client.enable(TARGET);
    expect((await client.overrides(DOMAIN)).get(LABEL)).not.toBe(true);
    await client.bootout(TARGET);
    expect(await client.list()).toEqual([]);
  });

  it('tell what runs, and ask it to end', async () => {
    await using remote = await RemoteBench.start();
    await remote.bench.load();
    const info = await remote.client.info();
    expect(info).toMatchObject({ version: '1.2.3', protocol: 1, pid: process.pid, jobs: 1 });
    expect(info.directory).toBe(remote.bench.directory);
    expect(info.startedAt).toBeInstanceOf(Date);
    expect(await remote.client.shutdown({ jobTimeout: 5 })).toBe(process.pid);
    await remote.client.shutdown();
    await remote.bench.settled();
    expect(remote.shutdowns).toEqual([{ timeout: 5 }]);
  });
});

describe('errors', () => {
  it('cross whole: code, message, hint and details', async () => {
    await using remote = await RemoteBench.start();
    const { bench, client } = remote;
    const here = await rejectionOf(bench.supervisor.bootout(TARGET));
    const there = await rejectionOf(client.bootout(TARGET));
    expect(there.toJSON()).toEqual(here.toJSON());
    expect(there.code).toBe('ERR_LAUNCHD_NOT_LOADED');
    await expect(client.kill(TARGET, 'SIGNOPE' as NodeJS.Signals)).rejects.toThrow(TypeError);
    writeFileSync(`${bench.root}/broken.plist`, 'nothing');
    const broken = await rejectionOf(client.bootstrap(DOMAIN, `${bench.root}/broken.plist`));
    expect(broken.code).toBe('ERR_LAUNCHD_PLIST');
  });

  it('of a code that this version does not know are kept', () => {
    const error = fromErrorJson({ code: 'ERR_FROM_LATER', message: 'm', details: { a: 1 } });
    expect(error).toMatchObject({
      code: 'ERR_REMOTE',
      message: 'm',
      details: { a: 1, remoteCode: 'ERR_FROM_LATER' },
    });
  });

  it('lose nothing to JSON but what it cannot say', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    expect(toErrorJson(new LaunchportError('ERR_TIMEOUT', 'm', { details: cycle })).details).toEqual({});
    const details = { n: 1n, cause: new Error('inner'), absent: undefined };
    const json = toErrorJson(new LaunchportError('ERR_TIMEOUT', 'm', { details, cause: new Error('below') }));
    expect(json).toEqual({
      code: 'ERR_TIMEOUT',
      message: 'm',
      details: { n: '1', cause: 'inner' },
      cause: 'below',
    });
    expect(fromErrorJson(json).cause).toEqual(new Error('below'));
    expect(toErrorJson('text')).toEqual({ code: 'ERR_INTERNAL', message: 'text', details: {} });
  });
});

describe('versions', () => {
  it('a client of another protocol is told which side to update, and can still ask and end', async () => {
    await using remote = await RemoteBench.start();
    const { routes } = supervisorProtocol;
    const client = RouteClient.connect(remote.transport, SUPERVISOR_SERVICE, {
      transport: remote.transport,
      connect: { bootstrap: remote.bench.supervisor.bootstrapDirectory },
    });
    for (const [protocol, update] of [
      [2, 'daemon'],
      [0, 'client'],
    ] as const) {
      const { error } = await client.call(routes.list, { protocol, call: 1 });
      expect(error).toMatchObject({
        code: 'ERR_SUPERVISOR_PROTOCOL',
        details: { client: protocol, daemon: 1, update },
      });
    }
    expect((await client.call(routes.info)).protocol).toBe(1);
    await client.close();
  });

  it('a daemon that does not know a route, and is of another protocol, is named', async () => {
    await using bench = await Bench.start();
    await using transport = new XpcTransport(bench.world.binding());
    const old = new RouteServer({ transport }).handle(supervisorProtocol.routes.info, () => ({
      protocol: 0,
      version: '0.0.1',
      pid: 1,
      directory: '/',
      startedAt: new Date(0),
      jobs: 0,
    }));
    transport.listen(SUPERVISOR_SERVICE, old.accept, {
      descriptor: bench.supervisor.checkIn(SUPERVISOR_SERVICE),
    });
    await using client = new SupervisorClient({ transport, bootstrap: bench.supervisor.bootstrapDirectory });
    const error = await rejectionOf(client.list());
    expect(error.code).toBe('ERR_SUPERVISOR_PROTOCOL');
    expect(error.details).toEqual({ client: 1, daemon: 0, update: 'daemon' });
    expect(error.hint).toContain('daemon is older');
    expect((await client.info()).version).toBe('0.0.1');
  });
});
