/** `run` and `create`: what is made, how they end, and that nothing is left of what fails. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { run } from '../../src/cli/run.js';
import type { ContainerConfiguration } from '../../src/compat/index.js';
import { routeError } from '../../src/routes/index.js';
import type { CapturedContext } from '../helpers/cli-context.js';
import { ContainerWorld, exampleNetwork } from '../helpers/container-world.js';

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

describe('run', () => {
  it('makes, prepares and starts a container with the streams of the command, and ends with its exit code', async () => {
    server.exitCode = 42;
    expect(await launchport('run', '--name', 'web', image, '/bin/sh', '-c', 'exit 42')).toEqual({
      code: 42,
      out: '',
      err: '',
    });
    const routes = server.calls.map(({ route }) => route).filter((route) => route.startsWith('container'));
    expect(routes).toEqual([
      'containerCreate',
      'containerBootstrap',
      'containerStartProcess',
      'containerWait',
    ]);
    expect(server.asked('containerBootstrap')).toMatchObject([
      { id: 'web', stdout: 'stdout', stderr: 'stderr' },
    ]);
    expect(server.asked('containerBootstrap')[0]).not.toHaveProperty('stdin');
    expect(created().runtimeHandler).toBe('sandboxd');
    expect(created().image.reference).toBe(image);
  });

  it('leaves everything behind the image to the command', async () => {
    await launchport('run', image, 'ls', '--json', '-it', '--', '--name', 'x');
    expect(created().initProcess).toMatchObject({
      executable: 'ls',
      arguments: ['--json', '-it', '--', '--name', 'x'],
      terminal: false,
    });
  });

  it('connects stdin with -i', async () => {
    await launchport('run', '-i', image, 'cat');
    expect(server.asked('containerBootstrap')[0]).toMatchObject({ stdin: 'stdin', stdout: 'stdout' });
  });

  it('prints the name of a detached container, with nothing connected', async () => {
    const { code, out } = await launchport('run', '-d', '--rm', '--name', 'web', image, 'sleep', '9');
    expect({ code, out }).toEqual({ code: 0, out: 'web\n' });
    expect(server.asked('containerBootstrap')).toEqual([{ id: 'web', dynamicEnv: {} }]);
    expect(server.asked('containerCreate')[0]?.containerOptions).toEqual({ autoRemove: true });
    expect(server.asked('containerWait')).toEqual([]);
  });

  it('makes up a name, and tells it to programs', async () => {
    const { out } = await launchport('create', '--json', image, 'true');
    expect(JSON.parse(out)).toEqual({ id: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  });

  it('attaches to the default network when there is one, and to none with --network none', async () => {
    server.networks.set('default', exampleNetwork('default'));
    await launchport('create', '--name', 'aa', image, 'true');
    expect(created().networks).toEqual([{ network: 'default', options: { hostname: 'aa' } }]);
    server.calls.length = 0;
    await launchport('create', '--name', 'bb', '--network', 'none', image, 'true');
    expect(created().networks).toEqual([]);
  });

  it('says how to import an image that is not there, and makes nothing', async () => {
    const { code, err } = await launchport('run', 'alpine:latest', 'true');
    expect(code).toBe(4);
    expect(err).toContain('ERR_IMAGE_NOT_FOUND');
    expect(err).toContain('launchport image import');
    expect(server.asked('containerCreate')).toEqual([]);
  });

  it("does not look for images of apple/container's server", async () => {
    server.appName = 'container-apiserver';
    const { code, err } = await launchport('run', image, 'true');
    expect(code).toBe(8);
    expect(err).toContain('container run');
  });

  it('fails with 127, says why, and removes what it made when the command cannot be started', async () => {
    server.handlers.set('containerStartProcess', () => {
      throw routeError('notFound', 'container web: nosuch: no such file or directory');
    });
    const { code, err } = await launchport('run', '--name', 'web', image, 'nosuch');
    expect(code).toBe(127);
    expect(err).toContain('nosuch: no such file or directory');
    expect(server.containers.has('web')).toBe(false);
  });

  it('does the same when the sandbox cannot be prepared, detached too', async () => {
    server.handlers.set('containerBootstrap', () => {
      throw routeError('unsupported', 'bubblewrap is not installed', { hint: 'apt-get install bubblewrap' });
    });
    const { code, err } = await launchport(
      'run',
      '-d',
      '--name',
      'web',
      '--cidfile',
      join(root, 'cid'),
      image,
      'true',
    );
    expect(code).not.toBe(0);
    expect(err).toContain('apt-get install bubblewrap');
    expect(server.containers.has('web')).toBe(false);
    expect(existsSync(join(root, 'cid'))).toBe(false);
  });

  it('leaves a container alone that has the wanted name already', async () => {
    server.add('web');
    const { code, err } = await launchport('run', '--name', 'web', image, 'true');
    expect(code).toBe(1);
    expect(err).toContain('ERR_CONTAINER_EXISTS');
    expect(server.containers.get('web')?.status).toBe('running');
  });

  it('removes what was made when the user interrupts while it is being made', async () => {
    const context = server.context({ HOME: root });
    server.handlers.set('containerCreate', (request: { containerConfig: ContainerConfiguration }) => {
      server.containers.set('web', {
        configuration: request.containerConfig,
        status: 'stopped',
        networks: [],
      });
      context.raise('SIGINT');
      return new Promise(() => {});
    });
    const { code } = await ended(context, ['run', '--name', 'web', image, 'true']);
    expect(code).toBe(130);
    expect(server.containers.has('web')).toBe(false);
  });

  it('an interrupt does not remove a container of that name that another made', async () => {
    const context = server.context({ HOME: root });
    server.handlers.set('containerCreate', () => {
      server.add('web');
      context.raise('SIGINT');
      return new Promise(() => {});
    });
    expect((await ended(context, ['run', '--name', 'web', image, 'true'])).code).toBe(130);
    expect(server.containers.has('web')).toBe(true);
  });

  it('writes the name to a new file, and never over one', async () => {
    const file = join(root, 'cid');
    await launchport('create', '--name', 'web', '--cidfile', file, image, 'true');
    expect(readFileSync(file, 'utf8')).toBe('web');
    writeFileSync(file, 'precious');
    expect((await launchport('create', '--name', 'other', '--cidfile', file, image, 'true')).code).toBe(2);
    expect(readFileSync(file, 'utf8')).toBe('precious');
    expect(server.containers.has('other')).toBe(false);
  });

  it('tells steps with --progress plain', async () => {
    server.handlers.set('containerCreate', (_request: never, { progress }) => {
      progress.update({ description: 'Unpacking image' });
    });
    const { err } = await launchport('create', '--progress', 'plain', image, 'true');
    expect(err).toBe('Unpacking image\n');
  });

  it.each([
    ['run', 'image', '-it'],
    ['run', '-it', '.'],
    ['run', '--name', 'a/b', '.', 'true'],
    ['run', '--memory', 'lots', '.', 'true'],
    ['create', '--network', 'A', '.', 'true'],
    ['exec', 'web'],
  ])('refuses %j before anything is made', async (...args) => {
    const { code } = await launchport(...args.map((word) => (word === '.' ? image : word)));
    expect(code).not.toBe(0);
    expect(server.asked('containerCreate')).toEqual([]);
  });
});
