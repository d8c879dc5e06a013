import { isAbsolute, normalize, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultInstallRoot, pluginDirectories, resolvePath, resolveRoots } from '../../src/plugin/index.js';

const cwd = '/current/dir';

describe('resolvePath', () => {
  it.each([
    [undefined, undefined],
    ['', undefined],
    ['/a/../b', '/b'],
    ['x', '/current/dir/x'],
    ['../s', '/current/s'],
    ['./d', '/current/dir/d'],
    ['/a/', '/a'],
  ])('plugin-system case 46: %j resolves to %j', (path, expected) => {
    expect(resolvePath(path, cwd)).toBe(expected);
  });

  it('property: the result is absolute and normalised, and resolving again changes nothing', () => {
    const part = fc.constantFrom('.', '..', '', 'a', 'b c', 'ä', '...');
    fc.assert(
      fc.property(fc.array(part, { minLength: 2 }), (parts) => {
        const resolved = resolvePath(parts.join('/'), cwd);
        expect(isAbsolute(resolved as string)).toBe(true);
        expect(normalize(resolved as string)).toBe(resolved);
        expect(resolvePath(resolved, '/elsewhere')).toBe(resolved);
      }),
    );
  });
});

describe('resolveRoots', () => {
  const defaults = { cwd, executable: '/usr/local/bin/launchport', platform: 'linux' } as const;

  it('plugin-system case 47: the install root is the parent of the directory of the executable', () => {
    expect(defaultInstallRoot('/usr/local/bin/container')).toBe('/usr/local');
    expect(resolveRoots(defaults, {}).install).toBe('/usr/local');
  });

  it('takes options before the environment, and that before defaults', () => {
    const environment = {
      HOME: '/home/u',
      CONTAINER_APP_ROOT: 'data',
      CONTAINER_INSTALL_ROOT: '/opt/../opt/c',
      CONTAINER_LOG_ROOT: '',
      LAUNCHPORT_PLIST_ROOT: '/var/plists',
    };
    expect(resolveRoots(defaults, environment)).toMatchObject({
      app: '/current/dir/data',
      install: '/opt/c',
      plist: '/var/plists',
      registrations: '/current/dir/data/registrations',
    });
    expect(resolveRoots(defaults, environment)).not.toHaveProperty('log');
    expect(resolveRoots({ ...defaults, app: '/x', log: 'l', plist: '' }, environment)).toMatchObject({
      app: '/x',
      log: '/current/dir/l',
      plist: '/var/plists',
    });
  });

  it('has the default application root of the platform', () => {
    const app = (platform: NodeJS.Platform, environment: NodeJS.ProcessEnv) =>
      resolveRoots({ ...defaults, platform }, { HOME: '/home/u', ...environment }).app;
    expect(app('darwin', { XDG_DATA_HOME: '/xdg' })).toBe(
      '/home/u/Library/Application Support/com.apple.container',
    );
    expect(app('linux', {})).toBe('/home/u/.local/share/launchport');
    expect(app('linux', { XDG_DATA_HOME: '/xdg' })).toBe('/xdg/launchport');
    expect(app('linux', { XDG_DATA_HOME: 'relative' })).toBe('/home/u/.local/share/launchport');
  });

  it('plugin-system case 42: state is kept by kind', () => {
    const roots = resolveRoots({ ...defaults, app: '/ar' }, {});
    expect(roots.pluginState('n')).toBe('/ar/plugin-state/n');
    expect(roots.container('id')).toBe('/ar/containers/id');
    expect(roots.network('id')).toBe('/ar/networks/id');
  });

  it('no name leads out of the application root', () => {
    const roots = resolveRoots({ ...defaults, app: '/ar' }, {});
    expect(() => roots.pluginState('../n')).toThrow(expect.objectContaining({ code: 'ERR_PLUGIN_NAME' }));
    expect(() => roots.container('../n')).toThrow(expect.objectContaining({ code: 'ERR_PLUGIN_INSTANCE' }));
    expect(() => roots.network('..')).toThrow(expect.objectContaining({ code: 'ERR_PLUGIN_INSTANCE' }));
  });
});

describe('pluginDirectories', () => {
  const environment = { HOME: '/home/u' };
  const own = resolve(import.meta.dirname, '../../src/plugins');

  it('lists named ones, the user, the machine, then the install root', () => {
    expect(pluginDirectories({ install: '/opt/c' }, { extra: ['p', '/q/'], cwd }, environment)).toEqual([
      '/current/dir/p',
      '/q',
      '/home/u/.local/libexec/container/plugin',
      '/usr/local/libexec/container/plugin',
      '/opt/c/libexec/container-plugins',
      '/opt/c/libexec/container/plugins',
      own,
    ]);
  });

  it('lists each once, where it comes first', () => {
    const extra = ['/usr/local/libexec/container/plugin', ''];
    expect(pluginDirectories({ install: '/usr/local' }, { extra, cwd }, environment)).toEqual([
      '/usr/local/libexec/container/plugin',
      '/home/u/.local/libexec/container/plugin',
      '/usr/local/libexec/container-plugins',
      '/usr/local/libexec/container/plugins',
      own,
    ]);
  });
});
