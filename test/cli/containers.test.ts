/** Commands about containers that are there: what is asked of the server, and what the user sees. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { run } from '../../src/cli/run.js';
import { createMockWorld } from '../../src/native/mock/index.js';
import { routeError } from '../../src/routes/index.js';
import { XpcTransport } from '../../src/xpc/index.js';
import { ContainerWorld } from '../helpers/container-world.js';

let root: string;
let server: ContainerWorld;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lp-containers-'));
  server = new ContainerWorld(root);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await server[Symbol.asyncDispose]();
  rmSync(root, { recursive: true, force: true });
});

async function launchport(...args: readonly string[]) {
  const context = server.context({ HOME: root });
  const code = await run(args, context);
  return { code, out: context.output(), err: context.errors() };
}

describe('ps', () => {
  it('shows running containers as a table, all of them with -a, and names with -q', async () => {
    server.add('web');
    server.add('done', 'stopped');
    const { code, out } = await launchport('ps');
    expect(code).toBe(0);
    expect(out).toMatch(/^ID +IMAGE +OS +ARCH +STATE +ADDR +PORTS +CPUS +MEMORY +STARTED +COMMAND\n/);
    expect(out).toMatch(
      /^web +docker\.io\/library\/busybox:latest +linux +amd64 +running +- +- +2 +64\.00 MiB +- +\/bin\/sh -c 'echo "hi"'$/m,
    );
    expect(out).not.toContain('done');
    expect((await launchport('list', '-a', '-q')).out).toBe('done\nweb\n');
  });

  it.each(['--json', '--format=json'])('writes what upstream writes with %s', async (flag) => {
    server.add('web');
    const { out } = await launchport('ls', flag);
    expect(JSON.parse(out)).toMatchObject([
      {
        id: 'web',
        configuration: { runtimeHandler: 'sandboxd', creationDate: '1970-01-01T00:00:00.000Z' },
        status: { state: 'running', networks: [] },
      },
    ]);
  });

  it('says how to start the server when there is none', async () => {
    const empty = createMockWorld();
    vi.mocked(XpcTransport.default).mockImplementation(() => new XpcTransport(empty.binding()));
    const { code, err } = await launchport('ps');
    empty.close();
    expect(code).toBe(3);
    expect(err).toContain('ERR_SERVER_NOT_RUNNING');
    expect(err).toContain('launchport system start');
  });
});

describe('stop, kill and rm', () => {
  it('stops with the time and the signal that are given', async () => {
    server.add('web');
    expect(await launchport('stop', '-t', '9', '-s', 'int', 'web')).toMatchObject({ code: 0, out: 'web\n' });
    expect(server.asked('containerStop')).toMatchObject([
      { id: 'web', stopOptions: { timeoutInSeconds: 9, signal: 'SIGINT' } },
    ]);
  });

  it("leaves the signal to the container, and gives it upstream's five seconds", async () => {
    server.add('web');
    await launchport('stop', 'web');
    expect(server.asked('containerStop')).toEqual([{ id: 'web', stopOptions: { timeoutInSeconds: 5 } }]);
  });

  it('tries all names, writes those that are done, and tells all failures at the end', async () => {
    server.add('a1');
    server.add('c1');
    const { code, out, err } = await launchport('stop', 'a1', 'b1', 'c1', 'd1');
    expect(code).toBe(4);
    expect(out.split('\n').sort()).toEqual(['', 'a1', 'c1']);
    expect(err).toContain('container with ID b1 not found');
    expect(err).toContain('container with ID d1 not found');
    expect(err).toContain('launchport ps -a');
  });

  it('tells the same to programs', async () => {
    server.add('a1');
    const { code, out, err } = await launchport('rm', '-f', 'a1', 'b1', 'c1', '--json');
    expect(code).toBe(4);
    expect(JSON.parse(out)).toEqual([{ id: 'a1', result: 'removed' }]);
    expect(JSON.parse(err)).toMatchObject({
      error: {
        code: 'ERR_CONTAINER_NOT_FOUND',
        details: { failures: [{ code: 'ERR_CONTAINER_NOT_FOUND' }, { code: 'ERR_CONTAINER_NOT_FOUND' }] },
      },
    });
  });

  it('kills with SIGKILL unless another signal is named, in any spelling', async () => {
    server.add('web');
    await launchport('kill', 'web');
    await launchport('kill', '-s', '15', 'web');
    await launchport('kill', '--signal', 'hup', 'web');
    expect(server.asked('containerKill').map(({ signal }) => signal)).toEqual([
      'SIGKILL',
      'SIGTERM',
      'SIGHUP',
    ]);
  });

  it('takes all running ones with --all, and removes only those that have stopped', async () => {
    server.add('on');
    server.add('off', 'stopped');
    await launchport('kill', '--all');
    expect(server.asked('containerKill').map(({ id }) => id)).toEqual(['on']);
    expect((await launchport('rm', '-a')).out).toBe('off\n');
    expect((await launchport('rm', '-a', '-f')).out).toBe('on\n');
  });

  it('says that a running container is not removed', async () => {
    server.add('web');
    const { code, err } = await launchport('rm', 'web');
    expect(code).toBe(1);
    expect(err).toContain('container web is running and can not be deleted [ERR_CONTAINER_STATE]');
  });

  it.each([
    ['stop'],
    ['stop', '--all', 'web'],
    ['kill', '-s', 'NOSUCH', 'web'],
    ['rm', '../web'],
    ['stop', 'a'],
    ['inspect', '-x'],
  ])('refuses %j with exit status 2, and sends nothing', async (...args) => {
    const { code } = await launchport(...args);
    expect(code).toBe(2);
    expect(server.calls).toEqual([]);
  });
});

describe('inspect', () => {
  it('writes those that are there, and fails for those that are not', async () => {
    server.add('web');
    const { code, out, err } = await launchport('inspect', 'web', 'nope');
    expect(code).toBe(4);
    expect(JSON.parse(out)).toMatchObject([{ id: 'web', status: { state: 'running' } }]);
    expect(err).toContain('no such container: nope');
  });
});

describe('stats and top', () => {
  it('measures over the interval, and shows what the runtime cannot tell as a dash', async () => {
    server.add('web');
    let usec = 0;
    server.handlers.set('containerStats', ({ id }: { id: string }) => {
      usec += 1_000_000_000;
      return {
        statistics: {
          id,
          cpuUsageUsec: usec,
          memoryUsageBytes: 1024 ** 2,
          memoryLimitBytes: Number.POSITIVE_INFINITY,
        },
      };
    });
    const { code, out } = await launchport('stats', '--no-stream', '--interval', '0.01');
    expect(code).toBe(0);
    expect(out).toMatch(/^ID +CPU % +MEMORY USAGE +NET RX\/TX +BLOCK I\/O +PIDS\n/);
    expect(out).toMatch(/^web +\d+\.\d\d% +1\.00 MiB \/ no limit +- \/ - +- \/ - +-$/m);
    const json = await launchport('stats', '--no-stream', '--interval', '0.01', '--json');
    expect(JSON.parse(json.out)).toMatchObject([{ id: 'web', memoryUsageBytes: 1024 ** 2 }]);
  });

  it('goes on until interrupted, which is no failure', async () => {
    server.add('web');
    const context = server.context();
    let looks = 0;
    server.handlers.set('containerStats', ({ id }: { id: string }) => {
      looks += 1;
      if (looks === 4) context.abort();
      return { statistics: { id, numProcesses: looks } };
    });
    expect(await run(['stats', '--interval', '0.01', '--json'], context)).toBe(0);
    expect(context.output().split('\n').filter(Boolean).length).toBeGreaterThanOrEqual(2);
  });

  it('skips a container that ends meanwhile, and fails for a name that is none', async () => {
    server.add('web');
    server.handlers.set('containerStats', () => {
      throw routeError('invalidState', 'container is not running');
    });
    expect(
      JSON.parse((await launchport('stats', '--no-stream', '--interval', '0.01', '--json')).out),
    ).toEqual([]);
    expect((await launchport('stats', '--no-stream', '--interval', '0.01', 'nope')).code).toBe(4);
  });

  it('lists the processes of a container', async () => {
    server.handlers.set('com.launchport.container/processes', () => ({
      processes: [
        {
          pid: 1,
          hostPid: 4711,
          user: 'root',
          command: 'sh -c "x\u001b[2J"',
          cpuUsec: 1_500_000,
          memoryBytes: 2048,
        },
      ],
    }));
    const { out } = await launchport('top', 'web');
    expect(out).toMatch(/^PID +HOST PID +USER +STARTED +CPU +MEMORY +COMMAND\n/);
    expect(out).toContain('1.50s  2.00 KiB  sh -c "x\\u001b[2J"');
  });

  it("is not asked of apple/container's server, which would never answer", async () => {
    server.appName = 'container-apiserver';
    const { code, err } = await launchport('top', 'web');
    expect(code).toBe(8);
    expect(err).toContain('cannot tell of processes');
    expect(server.calls.map(({ route }) => route)).toEqual(['ping']);
  });
});
