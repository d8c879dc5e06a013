/** `[plugin.NAME]`: which file wins, what is refused, and what a job gets. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseJobPlist } from '../../src/launchd/index.js';
import { jobEnvironment, withConfiguration } from '../../src/plugin/environment.js';
import { PluginRegistrar, type Registration, resolveRoots } from '../../src/plugin/index.js';
import {
  forwardedConfiguration,
  MAX_CONFIGURATION_BYTES,
  pluginSettingsFiles,
  readPluginSettings,
} from '../../src/plugin/plugin-settings.js';
import { FakeControl } from '../helpers/fake-control.js';
import { rejectionOf } from '../helpers/thrown.js';
import { makeBundle, pluginOf, useDirectory } from './bundles.js';

const directory = useDirectory();
const roots = () => ({ app: join(directory(), 'app'), install: join(directory(), 'install') });

/** Writes the user's file and that of the installation. */
function write(user: string, installation = ''): void {
  for (const [index, text] of [user, installation].entries()) {
    const path = pluginSettingsFiles(roots())[index] as string;
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
  }
}

describe('settings of a plugin', () => {
  it('are in the environment of its job, and what is wrong with them does not keep it from being loaded', async () => {
    const control = new FakeControl();
    const bundlePath = makeBundle(join(directory(), 'plugins'), 'web');
    const plugin = pluginOf('web', ['core'], { bundlePath, binaryPath: join(bundlePath, 'bin/web') });
    const all = resolveRoots(roots(), {});
    const registrar = new PluginRegistrar({ control, roots: all, environment: {} });
    const environmentOf = async () => {
      const { plist } = (await registrar.register(plugin)) as Registration;
      return parseJobPlist(plist, 'web').definition.EnvironmentVariables;
    };
    write('[plugin.web]\nport = 8080\n');
    expect(await environmentOf()).toMatchObject({ CONTAINER_PLUGIN_CONFIGURATION: '{"port":8080}' });
    write('[plugin.web\n');
    expect(await environmentOf()).not.toHaveProperty('CONTAINER_PLUGIN_CONFIGURATION');
  });

  it('are none without files, and without a section', async () => {
    expect(await readPluginSettings('web', roots())).toBeUndefined();
    write('[plugin.other]\na = 1\n');
    expect(await readPluginSettings('web', roots())).toBeUndefined();
  });

  it('come key by key from the first file that has the key, and arrays whole', async () => {
    write(
      '[plugin.web]\nport = 8080\nnames = ["a"]\n[plugin.web.tls]\ncert = "mine"\n',
      '[plugin.web]\nport = 80\nnames = ["b", "c"]\nhost = "all"\n[plugin.web.tls]\nkey = "theirs"\n',
    );
    const [user, installation] = pluginSettingsFiles(roots());
    const settings = await readPluginSettings('web', roots());
    expect(settings?.values).toEqual({
      port: 8080,
      names: ['a'],
      host: 'all',
      tls: { cert: 'mine', key: 'theirs' },
    });
    expect(Object.fromEntries(settings?.origins ?? [])).toEqual({
      port: user,
      names: user,
      host: installation,
      'tls.cert': user,
      'tls.key': installation,
    });
  });

  it('are found under a name with dots, quoted or not', async () => {
    write('[plugin.a.b]\nx = 1\n', '[plugin."c.d"]\ny = 2\n');
    expect((await readPluginSettings('a.b', roots()))?.values).toEqual({ x: 1 });
    expect((await readPluginSettings('c.d', roots()))?.values).toEqual({ y: 2 });
  });

  it('reach nothing but the section, whatever the plugin is called', async () => {
    write('[plugin.x]\na = 1\n');
    for (const name of ['__proto__', 'constructor', 'toString'])
      expect(await readPluginSettings(name, roots())).toBeUndefined();
  });

  it('are JSON: dates are text, and what JSON cannot hold is refused by file and key', async () => {
    write('[plugin.web]\nsince = 2020-01-02T03:04:05Z\n');
    expect((await readPluginSettings('web', roots()))?.values).toEqual({ since: '2020-01-02T03:04:05.000Z' });
    const [file] = pluginSettingsFiles(roots());
    for (const [value, reason] of [
      ['9223372036854775807', 'exactly'],
      ['inf', 'finite'],
    ]) {
      write(`[plugin.web]\ndeep = [{ n = ${value} }]\n`);
      const error = await rejectionOf(readPluginSettings('web', roots()));
      expect(error).toMatchObject({ code: 'ERR_PLUGIN_CONFIG' });
      expect(String(error)).toContain(`${file}: plugin.web.deep.n`);
      expect(String(error)).toContain(reason);
    }
  });

  it.each([
    ['no TOML', '[plugin.web\n', /config\.toml:1:/],
    ['a section that is no table', 'plugin.web = 3\n', /plugin\.web: not a table/],
  ])('are refused with the file named: %s', async (_what, text, message) => {
    write(text);
    await expect(readPluginSettings('web', roots())).rejects.toThrow(message);
  });

  it('are forwarded within bounds', async () => {
    write(`[plugin.web]\ntext = "${'x'.repeat(MAX_CONFIGURATION_BYTES)}"\n`);
    const settings = await readPluginSettings('web', roots());
    expect(() => forwardedConfiguration('web', settings)).toThrow(/more than 65536 bytes/);
    expect(forwardedConfiguration('web', undefined)).toBeUndefined();
  });

  it('of the host itself never reach a plugin of its own', () => {
    const own = { CONTAINER_PLUGIN_CONFIGURATION: '{"secret":1}' };
    const environment = jobEnvironment(own, roots());
    expect(withConfiguration(environment, undefined)).not.toHaveProperty('CONTAINER_PLUGIN_CONFIGURATION');
    expect(withConfiguration(environment, '{}')).toMatchObject({ CONTAINER_PLUGIN_CONFIGURATION: '{}' });
  });
});
