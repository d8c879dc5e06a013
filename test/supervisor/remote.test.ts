/** A supervisor controlled from another process, in the mock world. */
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LaunchportError } from '../../src/base/index.js';
import { RouteClient, RouteServer } from '../../src/routes/index.js';
import { SUPERVISOR_SERVICE, SupervisorClient, SupervisorServer } from '../../src/supervisor/index.js';
import { fromErrorJson, toErrorJson } from '../../src/supervisor/remote/error-json.js';
import { supervisorProtocol } from '../../src/supervisor/remote/protocol.js';
import { XpcTransport } from '../../src/xpc/index.js';
import { rejectionOf } from '../helpers/thrown.js';
import { deferred } from '../helpers/xpc-pair.js';
import { Bench, DOMAIN, LABEL } from './bench.js';

const TARGET = `${DOMAIN}/${LABEL}` as const;
const CLIENT_PID = 700_001;

/** A bench whose supervisor is served, and a client in a process of its own. */
class RemoteBench implements AsyncDisposable {
  readonly bench: Bench;
  readonly shutdowns: { readonly timeout?: number }[] = [];
  server: SupervisorServer;
  readonly transport: XpcTransport;
  readonly client: SupervisorClient;
  #serverTransport!: XpcTransport;

  constructor(bench: Bench) {
    this.bench = bench;
    this.server = this.serve();
    this.transport = new XpcTransport(bench.world.binding(CLIENT_PID), { logger: bench.log });
    this.client = new SupervisorClient({
      transport: this.transport,
      bootstrap: bench.supervisor.bootstrapDirectory,
    });
  }

  static async start(): Promise<RemoteBench> {
    return new RemoteBench(await Bench.start());
  }

  serve(): SupervisorServer {
    this.#serverTransport = new XpcTransport(this.bench.world.binding(), { logger: this.bench.log });
    return new SupervisorServer({
      supervisor: this.bench.supervisor,
      version: '1.2.3',
      transport: this.#serverTransport,
      logger: this.bench.log,
      onShutdown: (options) => this.shutdowns.push(options),
    });
  }

  /** Ends the server as the end of its process does, and the supervisor with it. */
  async crash(): Promise<void> {
    await this.#serverTransport.close();
    await this.bench.supervisor.stop();
  }

  /** The next daemon on the directory. */
  async restart(): Promise<void> {
    this.bench.supervisor = await this.bench.supervise();
    this.server = this.serve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    await this.transport.close();
    await this.server.stop({ timeout: 1000 }).catch(() => {});
    await this.#serverTransport.close();
    await this.bench[Symbol.asyncDispose]();
  }
}

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

describe('bounds', () => {
  it('the deadline is the supervisor’s too: its own error arrives', async () => {
    await using remote = await RemoteBench.start();
    const { bench, client } = remote;
    bench.runs((job) => job.ignore?.('SIGTERM'));
    await bench.load({ RunAtLoad: true, ExitTimeOut: 0 });
    const error = await rejectionOf(client.bootout(TARGET, { timeout: 50 }));
    expect(error.code).toBe('ERR_LAUNCHD_UNKNOWN_OUTCOME');
    await bench.end('SIGKILL');
  });

  it('an aborted call ends here and there', async () => {
    await using remote = await RemoteBench.start();
    const { bench, client } = remote;
    const seen = deferred<AbortSignal>();
    bench.supervisor.list = ({ signal } = {}) => {
      seen.resolve(signal as AbortSignal);
      return new Promise(() => {});
    };
    const controller = new AbortController();
    const call = rejectionOf(client.list({ signal: controller.signal }));
    const signal = await seen.promise;
    expect(signal.aborted).toBe(false);
    controller.abort();
    expect((await call).code).toBe('ERR_ABORTED');
    await bench.settled();
    expect(signal.aborted).toBe(true);
  });

  it('a call ends there when its client goes', async () => {
    await using remote = await RemoteBench.start();
    const seen = deferred<AbortSignal>();
    remote.bench.supervisor.list = ({ signal } = {}) => {
      seen.resolve(signal as AbortSignal);
      return new Promise(() => {});
    };
    const call = remote.client.list().catch(() => {});
    const signal = await seen.promise;
    await remote.client.close();
    await call;
    await remote.bench.settled();
    expect(signal.aborted).toBe(true);
  });
});

describe('events', () => {
  it('arrive in order, from the first on', async () => {
    await using remote = await RemoteBench.start();
    const { bench, client } = remote;
    const controller = new AbortController();
    const kinds: string[] = [];
    const reading = (async () => {
      for await (const event of client.events({ signal: controller.signal })) {
        kinds.push(event.kind);
        if (event.kind === 'removed') controller.abort();
      }
    })();
    await bench.settled();
    await bench.load();
    await client.kickstart(TARGET);
    await client.bootout(TARGET);
    await reading;
    expect(kinds).toEqual(bench.kinds);
    expect(kinds.at(0)).toBe('loaded');
  });

  it('end in good order when the daemon is stopped', async () => {
    await using remote = await RemoteBench.start();
    const events = remote.client.events();
    const next = events.next();
    await remote.bench.settled();
    await remote.server.stop();
    expect((await next).done).toBe(true);
  });
});

describe('reconnection', () => {
  it('says at once that there is no daemon when there never was one', async () => {
    await using bench = await Bench.start();
    await using transport = new XpcTransport(bench.world.binding());
    await using client = new SupervisorClient({ transport, bootstrap: bench.supervisor.bootstrapDirectory });
    const error = await rejectionOf(client.list());
    expect(error.code).toBe('ERR_SERVER_NOT_RUNNING');
    expect(error.hint).toContain('system start');
  });

  it('goes on at the next daemon', async () => {
    await using remote = await RemoteBench.start();
    expect(await remote.client.list()).toEqual([]);
    await remote.crash();
    const list = remote.client.list();
    await remote.restart();
    expect(await list).toEqual([]);
  });

  it('gives up on a daemon that does not come back', async () => {
    await using remote = await RemoteBench.start();
    await using client = new SupervisorClient({
      transport: remote.transport,
      bootstrap: remote.bench.supervisor.bootstrapDirectory,
      reconnectTimeout: 100,
    });
    await client.list();
    await remote.crash();
    expect((await rejectionOf(client.list())).code).toBe('ERR_SERVER_NOT_RUNNING');
    await remote.restart();
  });

  it.each([
    ['kill', (client: SupervisorClient) => client.kill(TARGET, 'SIGTERM')],
    ['kickstart', (client: SupervisorClient) => client.kickstart(TARGET, { kill: true })],
  ] as const)('does not do %s twice', async (verb, act) => {
    await using remote = await RemoteBench.start();
    const asked = deferred<void>();
    remote.bench.supervisor[verb] = () => {
      asked.resolve();
      return new Promise<never>(() => {});
    };
    const call = rejectionOf(act(remote.client));
    await asked.promise;
    await remote.crash();
    expect((await call).code).toBe('ERR_LAUNCHD_UNKNOWN_OUTCOME');
    await remote.restart();
  });

  it('looks what became of a bootstrap and of a bootout before it repeats them', async () => {
    await using remote = await RemoteBench.start();
    const { bench, client } = remote;
    const path = await bench.plist();
    for (const verb of ['bootstrap', 'bootout'] as const) {
      const asked = deferred<void>();
      bench.supervisor[verb] = () => {
        asked.resolve();
        return new Promise<never>(() => {});
      };
      const call: Promise<unknown> =
        verb === 'bootstrap' ? client.bootstrap(DOMAIN, path) : client.bootout(TARGET);
      await asked.promise;
      await remote.crash();
      await remote.restart();
      // A daemon that kept the job, as one that adopts does: only bootstrap finds it loaded.
      if (verb === 'bootstrap') await bench.supervisor.bootstrap(DOMAIN, path);
      expect(await call).toBe(verb === 'bootstrap' ? TARGET : undefined);
    }
  });
});
