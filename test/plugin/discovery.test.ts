import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Logger, silentLogger } from '../../src/base/index.js';
import { PluginCatalog } from '../../src/plugin/index.js';
import { DAEMON_TOML, makeApp, makeBundle, useDirectory } from './bundles.js';

const root = useDirectory();
let user = '';
let install = '';
let log: string[] = [];
const logger: Logger = {
  ...silentLogger,
  warn: (m) => log.push(`warn ${m}`),
  error: (m) => log.push(`error ${m}`),
};

beforeEach(() => {
  user = join(root(), 'user');
  install = join(root(), 'install');
  log = [];
});

const catalog = (...directories: string[]) => new PluginCatalog({ directories, logger });
const scan = (...directories: string[]) => catalog(...directories).scan();

/** Severity, code and file name of each remark. */
const brief = (diagnostics: readonly { severity: string; code: string; path: string }[]) =>
  diagnostics.map(({ severity, code, path }) => `${severity} ${code} ${basename(path)}`);

describe('layouts', () => {
  it('plugin-system case 14: a complete foo.app is found by the name foo', async () => {
    makeApp(user, 'foo.app', 'foo', { resources: true });
    const { plugins } = await scan(user);
    expect(plugins).toMatchObject([{ name: 'foo', layout: 'app' }]);
    expect(await catalog(user).find('foo')).toEqual(plugins[0]);
  });

  it('plugin-system case 15: the layout of an application in a directory without .app is none', async () => {
    makeApp(user, 'foo', 'foo');
    const { plugins, diagnostics } = await scan(user);
    expect(plugins).toEqual([]);
    expect(diagnostics).toMatchObject([{ severity: 'error', hint: 'Rename it to foo.app.' }]);
    await expect(catalog(user).find('foo')).rejects.toMatchObject({ code: 'ERR_PLUGIN_NOT_FOUND' });
  });

  it('a directory x.app in the Unix-like layout is the plugin x.app', async () => {
    makeBundle(user, 'x.app');
    expect((await scan(user)).plugins).toMatchObject([{ name: 'x.app', layout: 'directory' }]);
    expect(await catalog(user).find('x.app')).toMatchObject({ name: 'x.app' });
    await expect(catalog(user).find('x')).rejects.toMatchObject({ code: 'ERR_PLUGIN_NOT_FOUND' });
  });

  it('foo/ wins over foo.app/ in one directory, in scan and lookup', async () => {
    makeApp(user, 'foo.app', 'foo');
    makeBundle(user, 'foo');
    const { plugins, diagnostics } = await scan(user);
    expect(plugins).toMatchObject([{ name: 'foo', layout: 'directory' }]);
    expect(brief(diagnostics)).toEqual(['warning shadowed foo.app']);
    expect(await catalog(user).find('foo')).toMatchObject({ layout: 'directory' });
  });

  it('a good plugin is not lost to an error of the other layout', async () => {
    const path = makeBundle(user, 'foo');
    mkdirSync(join(path, 'Contents/Resources'), { recursive: true });
    writeFileSync(join(path, 'Contents/Resources/config.toml'), 'abstract = ');
    const first = await scan(user);
    expect(first.plugins).toMatchObject([{ name: 'foo' }]);
    expect(first.diagnostics).toEqual([]);
    writeFileSync(join(makeApp(user, 'bar.app', 'bar'), 'config.toml'), 'abstract = ');
    const second = await scan(user);
    expect(second.plugins.map((plugin) => plugin.name)).toEqual(['bar', 'foo']);
    expect(brief(second.diagnostics)).toEqual(['error ERR_PLUGIN_CONFIG bar.app']);
  });
});

describe('entries', () => {
  it('plugin-system case 19: a hidden plugin is not in a scan, but has a name; a link is a plugin', async () => {
    makeBundle(user, '.hidden');
    makeBundle(join(root(), 'elsewhere'), 'cli');
    symlinkSync(join(root(), 'elsewhere/cli'), join(user, 'cli'));
    const { plugins, diagnostics } = await scan(user);
    expect(plugins).toMatchObject([{ name: 'cli', bundlePath: join(user, 'cli') }]);
    expect(diagnostics).toEqual([]);
    expect(await catalog(user).find('.hidden')).toMatchObject({ name: '.hidden' });
    expect(await catalog(user).find('cli')).toEqual(plugins[0]);
  });

  it('files, dangling links and links to files are passed over in silence', async () => {
    makeBundle(user, 'foo');
    writeFileSync(join(user, 'README'), '');
    symlinkSync('nowhere', join(user, 'dangling'));
    symlinkSync('README', join(user, 'link'));
    const { plugins, diagnostics } = await scan(user);
    expect(plugins).toHaveLength(1);
    expect(diagnostics).toEqual([]);
    await expect(catalog(user).find('README')).rejects.toMatchObject({ code: 'ERR_PLUGIN_NOT_FOUND' });
  });

  it('a directory without a config is remarked on', async () => {
    mkdirSync(join(user, 'stuff'), { recursive: true });
    expect(brief((await scan(user)).diagnostics)).toEqual(['warning no-config stuff']);
  });

  it('a missing plugin directory is no matter', async () => {
    expect(await scan(user, install)).toEqual({ plugins: [], diagnostics: [] });
  });

  it('a plugin directory that cannot be read is reported by name', async () => {
    writeFileSync(user, 'a file');
    makeBundle(install, 'foo');
    const { plugins, diagnostics } = await scan(user, install);
    expect(plugins).toHaveLength(1);
    expect(diagnostics).toMatchObject([{ severity: 'error', code: 'ERR_PLUGIN_DIRECTORY', path: user }]);
    expect(diagnostics[0]?.message).toContain(`cannot read the plugin directory ${user}: ENOTDIR`);
  });

  it.skipIf(process.getuid?.() === 0)('a closed plugin directory is reported by a lookup, too', async () => {
    makeBundle(user, 'foo');
    chmodSync(user, 0);
    await expect(catalog(user).find('foo')).rejects.toMatchObject({
      code: 'ERR_PLUGIN_DIRECTORY',
      details: { directory: user },
    });
    chmodSync(user, 0o700);
  });
});

describe('several directories', () => {
  it('plugin-system case 21: the first one wins, with one warning', async () => {
    const first = makeBundle(user, 'foo');
    const second = makeBundle(install, 'foo');
    const { plugins, diagnostics } = await scan(user, install);
    expect(plugins).toMatchObject([{ bundlePath: first }]);
    expect(diagnostics).toMatchObject([
      {
        code: 'shadowed',
        path: second,
        name: 'foo',
        message: expect.stringContaining(`shadowed by ${first}`),
      },
    ]);
    expect(await catalog(user, install).find('foo')).toEqual(plugins[0]);
  });

  it('plugin-system case 22: a broken first one gives way to a good second one in a scan', async () => {
    makeBundle(user, 'foo', { files: { 'config.toml': 'abstract = ' } });
    const good = makeBundle(install, 'foo');
    const { plugins, diagnostics } = await scan(user, install);
    expect(plugins).toMatchObject([{ bundlePath: good }]);
    expect(brief(diagnostics)).toEqual(['error ERR_PLUGIN_CONFIG foo']);
  });

  it('plugin-system case 23: and in a lookup, which says so', async () => {
    const broken = makeBundle(user, 'foo', { files: { 'config.toml': 'abstract = ' } });
    const good = makeBundle(install, 'foo');
    const result = await catalog(user, install).lookup('foo');
    expect(result.plugin).toMatchObject({ bundlePath: good });
    expect(result.diagnostics).toMatchObject([{ code: 'ERR_PLUGIN_CONFIG', path: broken, name: 'foo' }]);
    expect(log).toEqual([]);
    expect(await catalog(user, install).find('foo')).toMatchObject({ bundlePath: good });
    expect(log).toEqual([expect.stringContaining(`error ${broken}/config.toml:1:`)]);
  });

  it('the same bundle reached twice is one plugin, and no shadow', async () => {
    makeBundle(user, 'foo');
    symlinkSync(user, install);
    const { plugins, diagnostics } = await scan(user, install, user);
    expect(plugins).toMatchObject([{ bundlePath: join(user, 'foo') }]);
    expect(diagnostics).toEqual([]);
  });
});

describe('lookup', () => {
  it('plugin-system case 17: a name that is none is refused before the disk is looked at', async () => {
    makeBundle(root(), 'outside');
    mkdirSync(user);
    for (const name of ['', '.', '..', 'a/b', '/a', 'a/', '../outside', 'evil\0/../../etc']) {
      await expect(catalog(user).find(name)).rejects.toMatchObject({ code: 'ERR_PLUGIN_NAME' });
    }
  });

  it('a plugin that is nowhere is told by all the paths searched', async () => {
    await expect(catalog(user, install).find('foo')).rejects.toMatchObject({
      code: 'ERR_PLUGIN_NOT_FOUND',
      message: 'plugin not found: foo',
      details: {
        name: 'foo',
        searched: [user, user, install, install].map(
          (each, index) => `${each}/foo${index % 2 === 1 ? '.app' : ''}`,
        ),
      },
    });
    await expect(catalog().find('foo')).rejects.toMatchObject({ hint: 'No plugin directory is set.' });
  });

  it('a plugin that is only broken is told by what is wrong with it, not as missing', async () => {
    makeBundle(user, 'foo', { binary: false });
    makeBundle(install, 'foo', { files: { 'config.toml': '' } });
    await expect(catalog(user, install).find('foo')).rejects.toMatchObject({ code: 'ERR_PLUGIN_BINARY' });
  });

  it('plugin-system case 25: an executable is matched by its real path, and a missing one by none', async () => {
    const path = makeBundle(user, 'foo', { files: { 'config.toml': DAEMON_TOML } });
    makeBundle(user, 'bar');
    const link = join(root(), 'link');
    symlinkSync(join(path, 'bin/foo'), link);
    expect(await catalog(user).findForExecutable(link)).toMatchObject({ name: 'foo' });
    expect(await catalog(user).findForExecutable(join(root(), 'missing'))).toBeUndefined();
    expect(await catalog(user).findForExecutable('/bin/sh')).toBeUndefined();
  });
});

describe('many bundles', () => {
  it('1000 are read while the event loop keeps turning, with few files open at once', async () => {
    for (let index = 0; index < 1000; index += 1) {
      makeBundle(user, `p${index}`, { files: { 'config.toml': DAEMON_TOML } });
    }
    let isDone = false;
    let turns = 0;
    const count = () => {
      turns += 1;
      if (!isDone) setTimeout(count, 0);
    };
    count();
    const { plugins } = await new PluginCatalog({ directories: [user], concurrency: 8 }).scan();
    isDone = true;
    expect(plugins).toHaveLength(1000);
    // Read in one go, the timer would have fired once or twice.
    expect(turns).toBeGreaterThan(20);
  });

  it('a scan can be given up', async () => {
    makeBundle(user, 'foo');
    const signal = AbortSignal.abort();
    await expect(catalog(user).scan({ signal })).rejects.toMatchObject({ code: 'ERR_ABORTED' });
  });

  it('the bound must be a positive integer', () => {
    expect(() => new PluginCatalog({ directories: [], concurrency: 0 })).toThrow(RangeError);
  });

  it('each call looks again', async () => {
    const path = makeBundle(user, 'foo');
    const same = catalog(user);
    expect((await same.scan()).plugins).toHaveLength(1);
    rmSync(path, { recursive: true });
    expect((await same.scan()).plugins).toEqual([]);
  });
});

it.runIf(process.platform === 'linux')(
  'a config whose bytes cannot be read hides no other plugin',
  async () => {
    makeBundle(user, 'good');
    const bad = makeBundle(user, 'bad');
    rmSync(join(bad, 'config.toml'));
    // Looks like a regular file; every read at its start fails with EIO (proc_pid_mem(5)).
    symlinkSync('/proc/self/mem', join(bad, 'config.toml'));
    const { plugins, diagnostics } = await scan(user);
    expect(plugins).toMatchObject([{ name: 'good' }]);
    expect(brief(diagnostics)).toEqual(['error ERR_PLUGIN_CONFIG bad']);
    await expect(catalog(user).find('bad')).rejects.toMatchObject({ code: 'ERR_PLUGIN_CONFIG' });
  },
);
