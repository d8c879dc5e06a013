/** The wire form of a plugin. */
import { describe, expect, it } from 'vitest';
import { fromPluginJson, pluginJson, toPluginJson } from '../../src/harness/index.js';
import type { Plugin } from '../../src/plugin/index.js';

const base = {
  format: 'config.toml',
  layout: 'directory',
  bundlePath: '/opt/my plugins/hydra',
  configPath: '/opt/my plugins/hydra/config.toml',
  binaryPath: '/opt/my plugins/hydra/bin/hydra',
} as const;

const hydra: Plugin = {
  ...base,
  name: 'hydra',
  resourcesPath: '/opt/my plugins/hydra/resources',
  config: {
    abstract: 'two heads',
    author: 'us',
    servicesConfig: {
      loadAtBoot: true,
      runAtLoad: false,
      defaultArguments: ['--x'],
      services: [{ type: 'runtime', description: 'first' }, { type: 'network' }],
    },
  },
};

describe('plugin JSON', () => {
  it('has file URLs, no name, and absent keys instead of null', () => {
    expect(toPluginJson(hydra)).toEqual({
      binaryURL: 'file:///opt/my%20plugins/hydra/bin/hydra',
      resourceURL: 'file:///opt/my%20plugins/hydra/resources',
      config: {
        abstract: 'two heads',
        author: 'us',
        servicesConfig: {
          loadAtBoot: true,
          runAtLoad: false,
          services: [{ type: 'runtime', description: 'first' }, { type: 'network' }],
          defaultArguments: ['--x'],
        },
      },
    });
    const cli = toPluginJson({ ...base, name: 'hydra', config: { abstract: '' } });
    expect(JSON.stringify(cli)).toBe(
      '{"binaryURL":"file:///opt/my%20plugins/hydra/bin/hydra","config":{"abstract":""}}',
    );
  });

  it('comes back as paths and a name', () => {
    expect(fromPluginJson(pluginJson.parse(toPluginJson(hydra)))).toEqual({
      name: 'hydra',
      binaryPath: hydra.binaryPath,
      resourcesPath: hydra.resourcesPath,
      config: hydra.config,
    });
  });

  it('ignores keys it does not know, and refuses what is no file of this host', () => {
    const json = { ...toPluginJson(hydra), version: 2 };
    expect(pluginJson.parse(json)).not.toHaveProperty('version');
    for (const binaryURL of ['', '/bin/x', 'http://h/x', 'file://other/x', 'file:///a%2fb']) {
      expect(pluginJson.safeParse({ ...json, binaryURL }).success).toBe(false);
    }
  });
});
