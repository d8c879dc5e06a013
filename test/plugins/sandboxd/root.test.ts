/** Paths, users and copies inside a root whose links try to lead out of it. */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { copyIn, copyOut } from '../../../src/plugins/sandboxd/copies.js';
import { readInside } from '../../../src/plugins/sandboxd/root/read-inside.js';
import { findUser } from '../../../src/plugins/sandboxd/root/users.js';

describe('inside a root', () => {
  let base: string;
  let root: string;

  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'lp-root-'));
    root = join(base, 'root');
    mkdirSync(join(root, 'etc'), { recursive: true });
    writeFileSync(join(base, 'secret'), 'secret');
  });

  afterEach(() => rmSync(base, { recursive: true, force: true }));

  const failure = (code: string) => expect.objectContaining({ details: expect.objectContaining({ code }) });

  it('links that are absolute or lead up stay inside', async () => {
    writeFileSync(join(root, 'secret'), 'its own');
    symlinkSync('../../../../secret', join(root, 'up'));
    symlinkSync('/secret', join(root, 'absolute'));
    symlinkSync('/', join(root, 'etc/top'));
    for (const path of ['/up', 'absolute', '/etc/top/absolute', '/etc/../../../secret']) {
      expect(await readInside(root, path), path).toBe('its own');
    }
  });

  it('what leads outside is simply not there', async () => {
    symlinkSync(join(base, 'secret'), join(root, 'out'));
    symlinkSync(base, join(root, 'dir'));
    expect(await readInside(root, '/out')).toBeUndefined();
    expect(await readInside(root, '/dir/secret')).toBeUndefined();
    symlinkSync('round', join(root, 'round'));
    await expect(readInside(root, '/round')).rejects.toThrow(/ELOOP/);
  });

  it('copies neither read nor write through links to the outside', async () => {
    symlinkSync(join(base, 'secret'), join(root, 'out'));
    symlinkSync(base, join(root, 'dir'));
    const source = join(base, 'source');
    writeFileSync(source, 'new');
    await expect(copyOut(root, { sourcePath: '/out', destinationPath: join(base, 'got') })).rejects.toEqual(
      failure('notFound'),
    );
    await copyIn(root, { sourcePath: source, destinationPath: '/dir/secret', createParents: true }).catch(
      () => {},
    );
    await copyIn(root, { sourcePath: source, destinationPath: '/out', createParents: true }).catch(() => {});
    expect(readFileSync(join(base, 'secret'), 'utf8')).toBe('secret');
    expect(existsSync(join(base, 'got'))).toBe(false);
  });

  it('a tree comes out with its links as links, and never through a link that an earlier copy left', async () => {
    mkdirSync(join(root, 'tree'));
    symlinkSync(base, join(root, 'tree/entry'));
    writeFileSync(join(root, 'tree/file'), 'text', { mode: 0o640 });
    const to = join(base, 'copy');
    const copy = { sourcePath: '/tree', destinationPath: to };
    await copyOut(root, copy);
    expect(readlinkSync(join(to, 'entry'))).toBe(base);
    expect(lstatSync(join(to, 'file')).mode & 0o777).toBe(0o640);
    rmSync(join(root, 'tree/entry'));
    mkdirSync(join(root, 'tree/entry'));
    writeFileSync(join(root, 'tree/entry/secret'), 'overwritten');
    await expect(copyOut(root, copy)).rejects.toEqual(failure('invalidArgument'));
    expect(readFileSync(join(base, 'secret'), 'utf8')).toBe('secret');
  });

  it('copies keep permissions, and none of the bits that make a program another user', async () => {
    mkdirSync(join(root, 'tree'));
    writeFileSync(join(root, 'tree/program'), '');
    chmodSync(join(root, 'tree/program'), 0o6755);
    chmodSync(join(root, 'tree'), 0o3750);
    const to = join(base, 'copy');
    await copyOut(root, { sourcePath: '/tree', destinationPath: to });
    await copyIn(root, { sourcePath: join(root, 'tree/program'), destinationPath: '/back' });
    const modes = [to, join(to, 'program'), join(root, 'back')].map((path) => lstatSync(path).mode & 0o7777);
    expect(modes).toEqual([0o750, 0o755, 0o755]);
  });

  it('a tree that goes deeper than any real one is refused', async () => {
    mkdirSync(join(root, 'tree', ...new Array(128).fill('d')), { recursive: true });
    const copy = { sourcePath: '/tree', destinationPath: join(base, 'copy') };
    await expect(copyOut(root, copy)).rejects.toEqual(failure('invalidArgument'));
    rmSync(join(root, 'tree', ...new Array(128).fill('d')), { recursive: true });
    await copyOut(root, copy);
    expect(existsSync(join(base, 'copy', ...new Array(127).fill('d')))).toBe(true);
  });

  it('puts a file into a directory under its own name', async () => {
    writeFileSync(join(base, 'source'), 'text');
    await copyIn(root, { sourcePath: join(base, 'source'), destinationPath: '/etc' });
    expect(readFileSync(join(root, 'etc/source'), 'utf8')).toBe('text');
    await expect(
      copyIn(root, { sourcePath: join(base, 'source'), destinationPath: '/missing/file' }),
    ).rejects.toEqual(failure('notFound'));
  });

  it('finds users and groups by name and number, and says which it does not know', async () => {
    writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\nweb:x:33:34::/srv:/bin/sh\nbroken\n');
    writeFileSync(join(root, 'etc/group'), 'root:x:0:\nwww:x:34:\nlog:x:77:web,other\n');
    expect(await findUser(root, '')).toEqual({ uid: 0, gid: 0, groups: [], home: '/root' });
    expect(await findUser(root, 'web')).toEqual({ uid: 33, gid: 34, groups: [77], home: '/srv' });
    expect(await findUser(root, '33')).toEqual({ uid: 33, gid: 34, groups: [77], home: '/srv' });
    expect(await findUser(root, 'web:log')).toEqual({ uid: 33, gid: 77, groups: [], home: '/srv' });
    expect(await findUser(root, '5000:6000')).toEqual({ uid: 5000, gid: 6000, groups: [] });
    expect(await findUser(root, '5000')).toEqual({ uid: 5000, gid: 0, groups: [] });
    for (const text of ['nobody', 'web:nobody', '4294967295', '-1']) {
      await expect(findUser(root, text), text).rejects.toEqual(failure('invalidArgument'));
    }
  });
});
