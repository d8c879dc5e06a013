/** Processes with the terminal and the signals of the command: `run`, `start -a` and `exec`. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { run } from '../../src/cli/run.js';
import type { ContainerConfiguration } from '../../src/compat/index.js';
import { routeError } from '../../src/routes/index.js';
import type { CapturedContext } from '../helpers/cli-context.js';
import { ContainerWorld } from '../helpers/container-world.js';

let root: string;
let image: string;
let server: ContainerWorld;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lp-run-'));
  image = join(root, 'image');
  mkdirSync(join(image, 'bin'), { recursive: true });
  server = new ContainerWorld(root);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await server[Symbol.asyncDispose]();
  rmSync(root, { recursive: true, force: true });
});

async function launchport(...args: readonly string[]) {
  const context = server.context({ HOME: root });
  return ended(context, args);
}

async function ended(context: CapturedContext, args: readonly string[]) {
  const code = await run(args, context);
  return { code, out: context.output(), err: context.errors() };
}

const created = () => server.asked('containerCreate')[0]?.containerConfig as ContainerConfiguration;

describe('signals and terminals', () => {
  /** A process that runs until it is told to end. */
  function longProcess() {
    let end: (code: number) => void = () => {};
    const over = new Promise<number>((resolve) => {
      end = resolve;
    });
    const isWaited = new Promise<void>((resolve) => {
      server.handlers.set('containerWait', async () => {
        resolve();
        return { exitCode: await over };
      });
    });
    return { end, isWaited };
  }

  it('sends signals on to the process, in order, and none to the command itself', async () => {
    const process = longProcess();
    const context = server.context({ HOME: root });
    server.handlers.set('containerKill', ({ signal }: { signal: string }) => {
      if (signal === 'SIGTERM') process.end(143);
    });
    const result = ended(context, ['run', '--name', 'web', image, 'sleep', '9']);
    await process.isWaited;
    for (const name of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) context.raise(name);
    expect((await result).code).toBe(143);
    expect(server.asked('containerKill').map(({ signal }) => signal)).toEqual([
      'SIGHUP',
      'SIGINT',
      'SIGTERM',
    ]);
    expect(context.taken()).toEqual([]);
  });

  it('leaves at the third SIGINT or SIGTERM, and the container runs on', async () => {
    const process = longProcess();
    const context = server.context({ HOME: root });
    const result = ended(context, ['run', '--name', 'web', image, 'sleep', '9']);
    await process.isWaited;
    for (const name of ['SIGINT', 'SIGTERM', 'SIGINT'] as const) context.raise(name);
    expect((await result).code).toBe(130);
    expect(server.containers.has('web')).toBe(true);
    process.end(0);
  });

  it('with -it the terminal is raw while the process runs, and its size is told at first and when it changes', async () => {
    const process = longProcess();
    const modes: string[] = [];
    let size = { columns: 80, rows: 24 };
    const context = server.context(
      { HOME: root },
      {
        terminal: () => ({
          size: () => size,
          raw: () => {
            modes.push('raw');
            return { [Symbol.dispose]: () => modes.push('cooked') };
          },
        }),
      },
    );
    let resized: () => void = () => {};
    server.handlers.set('containerResize', () => resized());
    const result = ended(context, ['run', '-it', '--name', 'web', image, 'sh']);
    await process.isWaited;
    expect(modes).toEqual(['raw']);
    const told = new Promise<void>((resolve) => {
      resized = resolve;
    });
    size = { columns: 100, rows: 30 };
    context.raise('SIGWINCH');
    await told;
    process.end(3);
    expect((await result).code).toBe(3);
    expect(modes).toEqual(['raw', 'cooked']);
    expect(server.asked('containerResize').at(-1)).toMatchObject({ id: 'web', width: 100, height: 30 });
    expect(server.asked('containerBootstrap')[0]).toMatchObject({ stdin: 'stdin', stdout: 'stdout' });
    expect(server.asked('containerBootstrap')[0]).not.toHaveProperty('stderr');
    expect(created().initProcess).toMatchObject({ terminal: true });
    expect(created().initProcess.environment).toContain('TERM=xterm');
  });

  it('gives the terminal back when a signal ends the command, and when the process cannot be started', async () => {
    const process = longProcess();
    const modes: string[] = [];
    const terminal = () => ({
      size: () => undefined,
      raw: () => {
        modes.push('raw');
        return { [Symbol.dispose]: () => modes.push('cooked') };
      },
    });
    const context = server.context({ HOME: root }, { terminal });
    const result = ended(context, ['run', '-it', '--name', 'web', image, 'sh']);
    await process.isWaited;
    context.raise('SIGTERM');
    expect((await result).code).toBe(143);
    expect(server.asked('containerKill')).toEqual([]);
    server.handlers.set('containerStartProcess', () => {
      throw routeError('internalError', 'no');
    });
    expect(
      (await ended(server.context({ HOME: root }, { terminal }), ['run', '-it', image, 'sh'])).code,
    ).toBe(127);
    expect(modes).toEqual(['raw', 'cooked', 'raw', 'cooked']);
    process.end(0);
  });

  it('refuses -it without a terminal, and says what to do', async () => {
    const { code, err } = await launchport('run', '-it', image, 'sh');
    expect(code).toBe(2);
    expect(err).toContain('Leave out -t');
  });
});

describe('start and exec', () => {
  it.each([
    ['leaves a container alone that it could not prepare', 'containerBootstrap', 0],
    ['stops one that it has prepared and could not start', 'containerStartProcess', 1],
  ] as const)('start -a %s', async (_title, route, stops) => {
    server.add('web', 'stopped');
    server.handlers.set(route, () => {
      throw routeError('invalidState', 'container web is not to be had');
    });
    const { code, err } = await launchport('start', '-a', 'web');
    expect(code).toBe(127);
    expect(err).toContain('container web is not to be had');
    expect(server.asked('containerStop')).toHaveLength(stops);
  });

  it('starts several, and attaches to one with -a', async () => {
    server.add('a1', 'stopped');
    server.add('b1', 'stopped');
    expect((await launchport('start', 'a1', 'b1')).out.split('\n').sort()).toEqual(['', 'a1', 'b1']);
    server.add('c1', 'stopped');
    server.exitCode = 7;
    expect((await launchport('start', '-a', 'c1')).code).toBe(7);
    expect((await launchport('start', '-a', 'a1')).err).toContain('launchport logs -f a1');
    expect((await launchport('start', '-a', 'a1', 'b1')).code).toBe(2);
  });

  it('runs a further process with the environment, directory and user of the first', async () => {
    server.add('web');
    server.exitCode = 5;
    const { code } = await launchport('exec', '-e', 'A=1', '-w', '/tmp', '-u', 'nobody', 'web', 'id', '-u');
    expect(code).toBe(5);
    const [request] = server.asked('containerCreateProcess');
    expect(request).toMatchObject({
      id: 'web',
      stdout: 'stdout',
      processConfig: {
        executable: 'id',
        arguments: ['-u'],
        environment: ['PATH=/bin', 'HOME=/', 'A=1'],
        workingDirectory: '/tmp',
        user: { raw: { userString: 'nobody' } },
      },
    });
    expect(server.asked('containerWait')).toEqual([
      { id: 'web', processIdentifier: request?.processIdentifier },
    ]);
  });

  it('fails for a container that is not there or does not run', async () => {
    server.add('off', 'stopped');
    expect((await launchport('exec', 'nope', 'true')).code).toBe(4);
    expect((await launchport('exec', 'off', 'true')).err).toContain('launchport start off');
    expect(server.asked('containerCreateProcess')).toEqual([]);
  });

  it('ends with 127 when the command cannot be started, and prints the container with -d', async () => {
    server.add('web');
    expect(await launchport('exec', '-d', 'web', 'true')).toMatchObject({ code: 0, out: 'web\n' });
    server.handlers.set('containerStartProcess', () => {
      throw routeError('notFound', 'nosuch: no such file or directory');
    });
    expect((await launchport('exec', 'web', 'nosuch')).code).toBe(127);
  });
});
