/** The bounds of control calls to another process, its events, and what becomes of both when the daemon goes. */
import { describe, expect, it } from 'vitest';
import { SupervisorClient } from '../../src/supervisor/index.js';
import { XpcTransport } from '../../src/xpc/index.js';
import { rejectionOf } from '../helpers/thrown.js';
import { deferred } from '../helpers/xpc-pair.js';
import { Bench, DOMAIN } from './bench.js';
import { RemoteBench, TARGET } from './remote-bench.js';

describe('bounds', () => {
  it('the deadline is the supervisor’s too: its own error arrives', async () => {
    await using remote = await RemoteBench.start();
    const { bench, client } = remote;
    bench.runs((job) => {
      job.signals = () => {};
    });
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
