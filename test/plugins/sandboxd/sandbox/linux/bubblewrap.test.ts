/** A specification in bubblewrap's words, on roots of all kinds. */
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SandboxSpec } from '../../../../../src/plugins/sandboxd/sandbox/index.js';
import { bubblewrapArguments } from '../../../../../src/plugins/sandboxd/sandbox/linux/bubblewrap.js';
import { findPrograms } from '../../../../../src/plugins/sandboxd/sandbox/linux/programs.js';
import { resolveInRoot } from '../../../../../src/plugins/sandboxd/sandbox/linux/root-path.js';

let directory: string;
let root: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'launchport-bubblewrap-'));
  root = join(directory, 'root');
  await mkdir(root);
});
afterEach(() => rm(directory, { recursive: true }));

const make = async (...names: string[]) => {
  for (const name of names) await mkdir(join(root, name), { recursive: true });
};

function specOf(changes: Partial<SandboxSpec> = {}): SandboxSpec {
  return {
    ...{
      id: 'c1',
      root,
      isReadOnly: true,
      hostname: 'box',
      mounts: [],
      tmpfs: [],
      network: 'none',
      files: {},
    },
    ...{ resources: {}, capabilities: { add: [], drop: [] }, sysctls: {}, stateDirectory: directory },
    ...{ maskedPaths: [], readonlyPaths: [] },
    ...changes,
  };
}

async function argumentsOf(changes: Partial<SandboxSpec> = {}, hasUserNamespace = false, files = new Map()) {
  const context = { helper: '/helper', files, hasUserNamespace, hasCgroupNamespace: true };
  return (await bubblewrapArguments(specOf(changes), context)).join(' ');
}

describe('the arguments', () => {
  it('are these for a root that has all mount points', async () => {
    await make('proc', 'dev', 'tmp', 'run');
    expect(await argumentsOf()).toBe(
      [
        '--unshare-pid --unshare-ipc --unshare-uts --unshare-net --unshare-cgroup --hostname box',
        '--as-pid-1 --die-with-parent --new-session --clearenv --cap-drop ALL',
        `--ro-bind ${root} /`,
        '--perms 1777 --tmpfs /tmp --perms 0755 --tmpfs /run',
        '--proc /proc --dev /dev --perms 1777 --size 67108864 --tmpfs /dev/shm',
        '--ro-bind /helper /dev/.launchport --chdir /',
      ].join(' '),
    );
  });

  it('have a user namespace for ordinary users, and none for the network of the host', async () => {
    await make('proc', 'dev', 'tmp', 'run');
    const text = await argumentsOf({ network: 'host', shmSize: 1n, hostname: '' }, true);
    expect(text).toContain('--unshare-user --uid 0 --gid 0');
    expect(text).toContain('--size 1 --tmpfs /dev/shm');
    expect(text).not.toMatch(/--unshare-net|--hostname/);
  });

  it('make what is missing in a writable root, and have no memory over its directories', async () => {
    const file = join(directory, 'hosts');
    await writeFile(file, '');
    const mounts = [{ kind: 'bind', source: directory, destination: '/a/b', options: [] }] as const;
    const text = await argumentsOf({ isReadOnly: false, mounts }, false, new Map([['/etc/hosts', file]]));
    expect(text).toContain(`--bind ${root} / --proc /proc --dev /dev`);
    expect(text).toContain(`--bind ${directory} /a/b --bind ${file} /etc/hosts`);
    expect(text).not.toContain('--tmpfs /tmp');
    expect((await readdir(root, { recursive: true })).sort()).toEqual([
      'a',
      'a/b',
      'dev',
      'etc',
      'etc/hosts',
      'proc',
    ]);
  });

  it('rebuild the directories of a read-only root that lack mount points, and nothing else', async () => {
    await make('bin', 'etc/deep', 'tmp', 'dev', 'proc');
    await writeFile(join(root, 'etc/passwd'), '');
    await symlink('bin', join(root, 'sbin'));
    const file = join(directory, 'hosts');
    await writeFile(file, '');
    const text = await argumentsOf({}, false, new Map([['/etc/hosts', file]]));
    expect(text).toContain(
      [
        '--chmod 755 /',
        `--ro-bind ${root}/bin /bin --ro-bind ${root}/dev /dev --ro-bind ${root}/proc /proc`,
        `--symlink bin /sbin --ro-bind ${root}/tmp /tmp`,
        `--perms 755 --tmpfs /etc --ro-bind ${root}/etc/deep /etc/deep --ro-bind ${root}/etc/passwd /etc/passwd`,
      ].join(' '),
    );
    expect(text).toMatch(/--remount-ro \/ --remount-ro \/etc --chdir \/$/);
    expect((await readdir(root)).sort()).toEqual(['bin', 'dev', 'etc', 'proc', 'sbin', 'tmp']);
  });

  it('mount parents before children, and where links of the root lead', async () => {
    await make('proc', 'dev', 'tmp', 'run/lock', 'data');
    await symlink('/run/lock', join(root, 'data/lock'));
    const tmpfs = (destination: string) =>
      ({ kind: 'tmpfs', source: '', destination, options: ['ro', 'mode=700'] }) as const;
    const text = await argumentsOf({ mounts: [tmpfs('/data/lock/a'), tmpfs('/data')], tmpfs: ['/run'] });
    expect(text).toContain('--perms 700 --tmpfs /data --remount-ro /data');
    expect(text.indexOf('--tmpfs /data --')).toBeLessThan(text.indexOf('--tmpfs /data/lock/a'));
  });

  it('hide what is there to be hidden', async () => {
    await make('proc', 'dev', 'tmp', 'run', 'secrets', 'fixed');
    await writeFile(join(root, 'secret'), '');
    const maskedPaths = ['/secrets', '/secret', '/nowhere', '/proc/version'];
    const text = await argumentsOf({ maskedPaths, readonlyPaths: ['/fixed', '/none', '/proc/nothing'] });
    expect(text).toContain(
      [
        `--ro-bind ${root}/fixed /fixed --perms 0555 --tmpfs /secrets --remount-ro /secrets`,
        '--dev-bind /dev/null /secret --dev-bind /dev/null /proc/version',
      ].join(' '),
    );
    expect(text).not.toContain('nowhere');
  });

  it('are refused for what would not be a sandbox', async () => {
    await make('proc', 'tmp', 'run', 'directory');
    const bind = (source: string, destination: string) =>
      argumentsOf({ mounts: [{ kind: 'bind', source, destination, options: [] }] });
    await expect(bind('relative', '/x')).rejects.toThrow(RangeError);
    await expect(bind('/', '//')).rejects.toThrow(RangeError);
    await expect(bind('/nowhere/at/all', '/x')).rejects.toMatchObject({ code: 'ERR_SANDBOX' });
    await expect(bind('/proc/version', '/directory')).rejects.toThrow('is a directory');
    await expect(
      argumentsOf({ mounts: [{ kind: 'tmpfs', source: '', destination: '/x', options: ['size=big'] }] }),
    ).rejects.toThrow('big');
    await symlink('/tmp', join(root, 'dev'));
    await expect(argumentsOf()).rejects.toThrow('/dev of the root is a symbolic link');
  });

  it('refuse a link in a mounted directory that leads elsewhere', async () => {
    await make('proc', 'dev', 'tmp', 'run', 'data');
    const shared = join(directory, 'shared');
    await mkdir(shared);
    await symlink('/etc', join(shared, 'link'));
    const mounts = [
      { kind: 'bind', source: shared, destination: '/data', options: [] },
      { kind: 'bind', source: shared, destination: '/data/link', options: [] },
    ] as const;
    await expect(argumentsOf({ mounts })).rejects.toThrow('symbolic link');
  });
});

describe('a path in a root', () => {
  it('never leads out of it', async () => {
    await make('a/b');
    await symlink('../../../../../../etc', join(root, 'a/up'));
    await symlink('/a/b', join(root, 'absolute'));
    await symlink('loop', join(root, 'loop'));
    const of = async (path: string) => Object.values(await resolveInRoot(root, path));
    expect(await of('/a/up/x')).toEqual(['/etc/x', 'missing']);
    expect(await of('absolute/../b/.')).toEqual(['/a/b', 'directory']);
    expect(await of('/../../a')).toEqual(['/a', 'directory']);
    expect(await of('/')).toEqual(['/', 'directory']);
    await expect(of('/loop')).rejects.toThrow('too many');
  });
});

describe('a missing program', () => {
  it('is named, with what to install', () => {
    const environment = { PATH: '', LAUNCHPORT_ADDON: join(directory, 'launchport.node') };
    // One of the two is surely missing: the addon has no such program beside it.
    expect(() => findPrograms(environment)).toThrow(
      expect.objectContaining({ code: 'ERR_UNSUPPORTED', hint: expect.stringMatching(/install|rebuild/i) }),
    );
  });
});
