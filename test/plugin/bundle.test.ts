import { chmodSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Logger, silentLogger } from '../../src/base/index.js';
import { PluginCatalog } from '../../src/plugin/index.js';
import { CLI_TOML, FIXTURES, makeBundle, useDirectory } from './bundles.js';

const root = useDirectory();
let user = '';
let log: string[] = [];
const logger: Logger = {
  ...silentLogger,
  warn: (m) => log.push(`warn ${m}`),
  error: (m) => log.push(`error ${m}`),
};

beforeEach(() => {
  user = join(root(), 'user');
  log = [];
});

const catalog = (...directories: string[]) => new PluginCatalog({ directories, logger });
const scan = (...directories: string[]) => catalog(...directories).scan();

/** Severity, code and file name of each remark. */
const brief = (diagnostics: readonly { severity: string; code: string; path: string }[]) =>
  diagnostics.map(({ severity, code, path }) => `${severity} ${code} ${basename(path)}`);

describe('the example plugins', () => {
  it('are all found, sorted by name', async () => {
    const { plugins, diagnostics } = await scan(join(FIXTURES, 'valid'));
    expect(plugins.map((plugin) => plugin.name)).toEqual([
      'Capsule',
      'both-formats',
      'echo',
      'empty-services',
      'greet',
      'hydra',
      'legacy',
    ]);
    expect(brief(diagnostics)).toEqual([
      'debug unknown-key config.json',
      'warning legacy-config config.json',
    ]);
  });

  it('a key that plugin.json does not have is a warning: it is most likely misspelt', async () => {
    makeBundle(user, 'slip', { files: { 'plugin.json': '{"type": "core", "shouldboot": true}' } });
    const { diagnostics } = await scan(user);
    expect(brief(diagnostics)).toEqual(['warning unknown-key plugin.json']);
    expect(diagnostics[0]?.message).toContain('shouldboot');
  });

  it('have all their parts', async () => {
    const valid = join(FIXTURES, 'valid');
    expect(await catalog(valid).find('hydra')).toEqual({
      name: 'hydra',
      config: {
        abstract: '',
        servicesConfig: {
          loadAtBoot: true,
          runAtLoad: false,
          defaultArguments: ['start', 'with', 'params'],
          services: [{ type: 'runtime' }, { type: 'network' }],
        },
      },
      format: 'plugin.json',
      layout: 'directory',
      bundlePath: join(valid, 'hydra'),
      configPath: join(valid, 'hydra/plugin.json'),
      binaryPath: join(valid, 'hydra/bin/hydra'),
    });
    expect(await catalog(valid).find('greet')).toMatchObject({
      resourcesPath: join(valid, 'greet/resources'),
    });
    expect(await catalog(valid).find('Capsule')).toMatchObject({
      layout: 'app',
      binaryPath: join(valid, 'Capsule.app/Contents/MacOS/Capsule'),
      resourcesPath: join(valid, 'Capsule.app/Contents/Resources/resources'),
    });
  });

  it('that are broken are each reported, with the reason', async () => {
    const { plugins, diagnostics } = await scan(join(FIXTURES, 'broken'));
    expect(plugins).toEqual([]);
    expect(brief(diagnostics)).toEqual([
      'error ERR_PLUGIN_CONFIG app-without-suffix',
      'error ERR_PLUGIN_CONFIG bad-type',
      'error ERR_PLUGIN_CONFIG no-abstract',
      'error ERR_PLUGIN_BINARY no-binary',
      'error ERR_PLUGIN_CONFIG no-default-arguments',
      'error ERR_PLUGIN_CONFIG no-fallback',
      'error ERR_PLUGIN_CONFIG not-a-table',
      'error ERR_PLUGIN_BINARY not-executable',
      'error ERR_PLUGIN_CONFIG trailing-comma',
      'error ERR_PLUGIN_CONFIG unclosed-string',
      'error ERR_PLUGIN_CONFIG wrong-values',
      'warning no-config yaml-only',
    ]);
    expect(log).toHaveLength(diagnostics.length);
    const trailing = diagnostics.find((each) => each.path.endsWith('trailing-comma'));
    expect(trailing?.message).toContain('plugin.json:3:29: not JSON: found "]", expected a value');
  });
});

describe('formats and remarks', () => {
  it('plugin-system case 10: config.toml is used, without a remark about config.json', async () => {
    makeBundle(user, 'foo', { files: { 'config.toml': CLI_TOML, 'config.json': '{' } });
    const { plugins, diagnostics } = await scan(user);
    expect(plugins[0]?.format).toBe('config.toml');
    expect(diagnostics).toEqual([]);
  });

  it('plugin-system case 11: config.json alone is used, with one warning', async () => {
    makeBundle(user, 'foo', { files: { 'config.json': '{"abstract": ""}' } });
    const { plugins, diagnostics } = await scan(user);
    expect(plugins[0]?.format).toBe('config.json');
    expect(brief(diagnostics)).toEqual(['warning legacy-config config.json']);
    expect(log).toHaveLength(1);
  });

  it('plugin.json is no legacy, but a name in it must be right', async () => {
    makeBundle(user, 'a', { files: { 'plugin.json': '{"type": "core", "name": "a"}' } });
    makeBundle(user, 'b', { files: { 'plugin.json': '{"type": "core", "name": "a"}' } });
    const { plugins, diagnostics } = await scan(user);
    expect(plugins.map((plugin) => plugin.name)).toEqual(['a', 'b']);
    expect(diagnostics).toMatchObject([{ severity: 'warning', code: 'name-mismatch', name: 'b' }]);
  });

  it('an executable that everybody may write is remarked on', async () => {
    chmodSync(join(makeBundle(user, 'foo'), 'bin/foo'), 0o757);
    expect(brief((await scan(user)).diagnostics)).toEqual(['warning insecure foo']);
  });
});

describe('executables', () => {
  it('plugin-system case 13: a missing one is reported, with where it belongs', async () => {
    const path = makeBundle(user, 'foo', { binary: false });
    const { plugins, diagnostics } = await scan(user);
    expect(plugins).toEqual([]);
    expect(diagnostics).toMatchObject([
      {
        code: 'ERR_PLUGIN_BINARY',
        name: 'foo',
        message: `${path}/bin/foo: no such executable`,
        hint: "Put the plugin's executable there; it must be named foo.",
      },
    ]);
    await expect(catalog(user).find('foo')).rejects.toMatchObject({ code: 'ERR_PLUGIN_BINARY' });
  });

  it('one that is not executable is reported with the remedy', async () => {
    const path = makeBundle(user, "it's", { mode: 0o644 });
    await expect(catalog(user).find("it's")).rejects.toMatchObject({
      code: 'ERR_PLUGIN_BINARY',
      message: `${path}/bin/it's: not executable`,
      hint: `Run: chmod +x '${user}/it'\\''s/bin/it'\\''s'`,
    });
  });

  it('one that is a directory is refused', async () => {
    const path = makeBundle(user, 'foo', { binary: false });
    mkdirSync(join(path, 'bin/foo'), { recursive: true });
    await expect(catalog(user).find('foo')).rejects.toThrow('bin/foo: not a regular file');
  });
});
