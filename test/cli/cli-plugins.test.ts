/** Plugins as commands: what a word on the command line means, and how help and completion tell of plugins. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { splitCommandLine } from '../../src/cli/cli-plugins/command-line.js';
import { helpLine } from '../../src/cli/cli-plugins/help.js';
import { suggest } from '../../src/cli/cli-plugins/suggest.js';
import { run } from '../../src/cli/run.js';
import { captureContext } from '../helpers/cli-context.js';
import { DAEMON_TOML, makeBundle, pluginOf, useDirectory } from '../plugin/bundles.js';

const directory = useDirectory();

/** Runs a command line for a user who has no plugins but those of `plugins`. */
async function launchport(...args: readonly string[]) {
  const home = directory();
  const context = captureContext({ HOME: home, CONTAINER_INSTALL_ROOT: home }, home);
  const code = await run(args, context);
  return { code, output: context.output(), errors: context.errors() };
}
const plugins = () => join(directory(), 'plugins');
const named = (name: string, abstract: string) =>
  makeBundle(plugins(), name, { files: { 'config.toml': `abstract = "${abstract}"\n` } });

describe('a word that is no command of launchport', () => {
  it('is wrong usage when nothing has the name, with the paths where a plugin would be', async () => {
    const { code, errors } = await launchport('--plugin-dir', 'plugins', 'plugn');
    expect(code).toBe(2);
    expect(errors).toContain('Did you mean plugin?');
    expect(errors).toContain(join(plugins(), 'plugn'));
  });

  it('is told from a broken plugin, whose problem is shown', async () => {
    makeBundle(plugins(), 'torn', { files: { 'config.toml': 'abstract = "x\n' } });
    expect(await launchport('--plugin-dir', 'plugins', 'torn')).toMatchObject({
      code: 6,
      errors: expect.stringMatching(/torn\/config\.toml:1:.*not TOML.*ERR_PLUGIN_CONFIG/s),
    });
  });

  it('is told from a directory without a config file', async () => {
    mkdirSync(join(plugins(), 'hollow'), { recursive: true });
    expect(await launchport('--plugin-dir', 'plugins', 'hollow')).toMatchObject({
      code: 6,
      errors: expect.stringMatching(/hollow has no config file.*ERR_PLUGIN_CONFIG/s),
    });
  });

  it('is told from a plugin that cannot be executed', async () => {
    makeBundle(plugins(), 'limp', { mode: 0o644 });
    expect(await launchport('--plugin-dir', 'plugins', 'limp')).toMatchObject({
      code: 6,
      errors: expect.stringMatching(/not executable.*ERR_PLUGIN_BINARY.*chmod \+x/s),
    });
  });

  it('is told from a daemon plugin, with how to load that', async () => {
    makeBundle(plugins(), 'deep', { files: { 'config.toml': DAEMON_TOML } });
    expect(await launchport('--plugin-dir', 'plugins', 'deep', '--json')).toMatchObject({ code: 8 });
    expect((await launchport('--plugin-dir', 'plugins', 'deep')).errors).toMatch(
      /deep is a daemon \(core\).*launchport plugin load deep/s,
    );
  });

  it.each(['a/b', '..', ''])('is wrong usage when no plugin can be called so: %j', async (word) => {
    expect(await launchport(word)).toMatchObject({ code: 2, output: '' });
  });
});

describe('a plugin that a command of launchport hides', () => {
  it('plugin case 65: is named in a warning, and the command runs', async () => {
    named('completion', 'mine');
    mkdirSync(join(directory(), '.local/libexec/container'), { recursive: true });
    makeBundle(join(directory(), '.local/libexec/container/plugin'), 'completion');
    const { code, output, errors } = await launchport('completion', 'bash');
    expect(code).toBe(0);
    expect(output).toContain('_launchport');
    expect(errors).toMatch(
      /^warning: completion is a command of launchport, which hides the plugin completion; run .*\/bin\/completion /,
    );
  });

  it('is no matter when it is a daemon, which is called otherwise', async () => {
    const files = { 'config.toml': DAEMON_TOML };
    makeBundle(join(directory(), '.local/libexec/container/plugin'), 'completion', { files });
    expect(await launchport('completion', 'bash')).toMatchObject({ code: 0, errors: '' });
  });
});

describe('help', () => {
  it('plugin case 66: has two spaces, the name padded to 20, and the abstract', () => {
    const plugin = pluginOf('container-foo', undefined);
    expect(helpLine({ ...plugin, config: { abstract: 'abstract' } }, 20)).toBe(
      '  container-foo       abstract',
    );
  });

  it('plugin case 66: is unchanged without CLI plugins', async () => {
    makeBundle(plugins(), 'deep', { files: { 'config.toml': DAEMON_TOML } });
    const { output } = await launchport('--plugin-dir', 'plugins', '--help');
    expect(output).toBe((await launchport('--help')).output);
    expect(output).not.toContain('Plugins');
  });

  it.each([['--help'], ['-h'], ['help']])('lists commands that are plugins: %s', async (word) => {
    const long = 'a-name-that-is-longer-than-any-column-has-room-for';
    for (const name of ['zebra', long, 'apple']) named(name, `about ${name}`);
    makeBundle(plugins(), 'daemon', { files: { 'config.toml': DAEMON_TOML } });
    const { code, output } = await launchport('--plugin-dir', 'plugins', word);
    expect(code).toBe(0);
    const section = output.slice(output.indexOf('\nPlugins'), output.indexOf('\nExit codes')).trim();
    expect(section.split('\n').slice(1)).toEqual([
      `  ${long}  about ${long}`,
      `  ${'apple'.padEnd(long.length)}  about apple`,
      `  ${'zebra'.padEnd(long.length)}  about zebra`,
    ]);
  });

  it('marks a plugin that a command hides', async () => {
    named('doctor', 'heals');
    const { output } = await launchport('--plugin-dir', 'plugins', '--help');
    expect(output).toMatch(/^ {2}doctor +heals \(hidden by the command of that name\)$/m);
  });

  it('for a daemon plugin says what it is', async () => {
    makeBundle(plugins(), 'deep', { files: { 'config.toml': DAEMON_TOML } });
    const { code, output } = await launchport('help', '--plugin-dir', 'plugins', 'deep');
    expect(code).toBe(0);
    expect(output).toMatch(/^deep is a daemon plugin \(core\): a daemon\n.*launchport plugin load deep\n/s);
  });

  it('for what is neither command nor plugin is wrong usage', async () => {
    expect(await launchport('help', 'nothing')).toMatchObject({ code: 2, output: '' });
  });
});

describe('completion', () => {
  const complete = async (...words: string[]) =>
    (await launchport('complete', '--', ...words)).output.split('\n').filter(Boolean);

  it('offers plugins as commands, and nothing behind them', async () => {
    named('greet', 'greets');
    expect(await complete('--plugin-dir', 'plugins', 'gr')).toEqual(['greet']);
    expect(await complete('--plugin-dir=plugins', 'help', 'gr')).toEqual(['greet']);
    expect(await complete('--plugin-dir', 'plugins', 'greet', '')).toEqual([]);
    expect(await complete('gr')).toEqual([]);
  });
});

describe('--plugin-dir', () => {
  it('before the command is taken off, and what follows the command is left alone', () => {
    expect(splitCommandLine(['--plugin-dir', 'a', '--plugin-dir=b', 'x', '--plugin-dir', 'c'])).toEqual({
      pluginDir: ['a', 'b'],
      rest: ['x', '--plugin-dir', 'c'],
    });
    expect(splitCommandLine(['--plugin-dir'])).toEqual({ pluginDir: [], rest: ['--plugin-dir'] });
  });

  it('before a command of launchport is wrong usage that says where it belongs', async () => {
    const { code, errors } = await launchport('--plugin-dir', 'plugins', 'plugin', 'list');
    expect(code).toBe(2);
    expect(errors).toContain('Put --plugin-dir behind the command');
  });
});

it('suggests what is near, and nothing for what is not', () => {
  expect(suggest('plugn', ['plist', 'plugin'])).toBe('plugin');
  expect(suggest('systme', ['system', 'stem'])).toBe('system');
  expect(suggest('xy', ['plugin', 'job'])).toBeUndefined();
  expect(suggest('', ['a', 'ab'])).toBeUndefined();
});

it('inspect tells which settings a plugin has and where they are, but no values', async () => {
  makeBundle(plugins(), 'web');
  const app = join(directory(), 'app');
  mkdirSync(join(app, 'config'), { recursive: true });
  writeFileSync(join(app, 'config/config.toml'), '[plugin.web]\ntoken = "hunter2"\n');
  const context = captureContext({ HOME: directory(), CONTAINER_APP_ROOT: app }, directory());
  const args = ['plugin', 'inspect', 'web', '--json', '--plugin-dir', 'plugins'];
  expect(await run(args, context)).toBe(0);
  expect(JSON.parse(context.output())).toMatchObject([
    { settings: { token: join(app, 'config/config.toml') } },
  ]);
  expect(context.output()).not.toContain('hunter2');
});
