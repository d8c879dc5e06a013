import { execFileSync } from 'node:child_process';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LaunchportError } from '../../src/base/index.js';
import {
  type ConfigFormat,
  hasService,
  MAX_CONFIG_BYTES,
  parseConfig,
  readConfigFile,
} from '../../src/plugin/index.js';
import { DAEMON_TOML, FIXTURES, pluginOf, useDirectory } from './bundles.js';

const toml = (text: string) => parseConfig(text, 'config.toml', '/p/config.toml');
const json = (value: unknown, format: ConfigFormat = 'config.json') =>
  parseConfig(typeof value === 'string' ? value : JSON.stringify(value), format, `/p/${format}`);

function failure(task: () => unknown): LaunchportError {
  try {
    task();
  } catch (error) {
    if (error instanceof LaunchportError) return error;
    throw error;
  }
  throw new Error('did not fail');
}

describe('config.toml', () => {
  it('plugin-system case 1: only abstract and author make a CLI plugin', () => {
    const { config } = toml('abstract = "A"\nauthor = "B"\n');
    expect(config).toEqual({ abstract: 'A', author: 'B' });
    expect(config).not.toHaveProperty('servicesConfig');
  });

  it('plugin-system case 2: abstract alone is valid, and the author absent', () => {
    const { config } = toml('abstract = ""\n');
    expect(config).toEqual({ abstract: '' });
    expect(Object.keys(config)).toEqual(['abstract']);
  });

  it('plugin-system case 3: without abstract it is refused', () => {
    const error = failure(() => toml('author = "B"\n'));
    expect(error).toMatchObject({
      code: 'ERR_PLUGIN_CONFIG',
      message: '/p/config.toml: abstract: missing, allowed: a string',
      details: { path: '/p/config.toml' },
    });
  });

  it('plugin-system case 3: an unclosed string is refused with its line and column', () => {
    const error = failure(() => toml('author = "B"\nabstract = "open\n'));
    expect(error.code).toBe('ERR_PLUGIN_CONFIG');
    expect(error.message).toMatch(/^\/p\/config\.toml:2:\d+: not TOML: /);
    expect(error.message).not.toContain('\n');
    expect(error.details).toMatchObject({ line: 2 });
  });

  it('plugin-system case 5: servicesConfig without defaultArguments is refused', () => {
    const text = 'abstract = ""\n[servicesConfig]\nloadAtBoot = true\nrunAtLoad = false\nservices = []\n';
    expect(failure(() => toml(text)).message).toBe(
      '/p/config.toml: servicesConfig.defaultArguments: missing, allowed: an array',
    );
  });

  it('plugin-system case 6: no services at all is a daemon without Mach services', () => {
    const { config } = toml(DAEMON_TOML.replace('[{ type = "core" }]', '[]'));
    expect(config.servicesConfig).toEqual({
      loadAtBoot: true,
      runAtLoad: false,
      defaultArguments: [],
      services: [],
    });
  });

  it('plugin-system case 7: a type that does not exist is refused, named by its key path', () => {
    const text = DAEMON_TOML.replace('{ type = "core" }', '{ type = "core" }, { type = "storage" }');
    expect(failure(() => toml(text)).message).toBe(
      '/p/config.toml: servicesConfig.services[1].type: found "storage", ' +
        'allowed: "runtime", "network", "core", "auxiliary"',
    );
  });

  it('names every problem, up to five', () => {
    const error = failure(() => toml('abstract = 1\nauthor = 2026-01-01\nservicesConfig = []\n'));
    expect(error.message).toBe(
      '/p/config.toml: abstract: found 1, allowed: a string; author: found a date, allowed: a string; ' +
        'servicesConfig: found an array, allowed: a table',
    );
    const many = failure(() =>
      toml(DAEMON_TOML.replace('defaultArguments = []', 'defaultArguments = [1, 2, 3, 4, 5, 6, 7]')),
    );
    expect(many.message).toMatch(/defaultArguments\[4\]: found 5, allowed: a string; and 2 more$/);
    expect(many.details.problems).toHaveLength(7);
  });

  it('ignores unknown keys at every level, and says which', () => {
    const text = `version = 0.1\nbig = 9223372036854775807\n${DAEMON_TOML.replace('runAtLoad', 'timeout = 1\nrunAtLoad')}`;
    const { config, unknownKeys } = toml(text.replace('type = "core"', 'type = "core", port = 1'));
    expect(config.abstract).toBe('a daemon');
    expect(unknownKeys).toEqual([
      'version',
      'big',
      'servicesConfig.timeout',
      'servicesConfig.services[0].port',
    ]);
  });

  it('refuses an argument with a NUL character, which no process can be given', () => {
    const text = DAEMON_TOML.replace('defaultArguments = []', 'defaultArguments = ["a\\u0000b"]');
    expect(failure(() => toml(text)).message).toBe(
      '/p/config.toml: servicesConfig.defaultArguments[0]: must not contain a NUL character',
    );
  });
});

describe('config.json', () => {
  it('takes null for an optional value as absent', () => {
    expect(json({ abstract: 'A', author: null, servicesConfig: null }).config).toEqual({ abstract: 'A' });
    expect(failure(() => json({ abstract: null })).message).toBe(
      '/p/config.json: abstract: found null, allowed: a string',
    );
  });

  it.each([
    ['{"abstract": x}', '1:14', 'found "x", expected a value'],
    ['{\n  "abstract": "a",\n}', '3:1', 'found "}", expected a key in double quotes'],
    ['{"abstract": "a"', '1:17', 'found the end of the file, expected "," or "}"'],
    [
      '{"abstract": "a\nb"}',
      '1:16',
      'found "\\n", expected a closing quote, or the control character escaped',
    ],
    ['{"abstract": "a"} 1', '1:19', 'found "1", expected the end of the file'],
    ["{'abstract': 1}", '1:2', 'found "\'", expected a key or "}"'],
    ['', '1:1', 'found the end of the file, expected a value'],
  ])('names the place of the error in %j', (text, place, reason) => {
    expect(failure(() => json(text)).message).toBe(`/p/config.json:${place}: not JSON: ${reason}`);
  });

  it('refuses a text that holds no table', () => {
    expect(failure(() => json('["abstract"]')).message).toBe(
      '/p/config.json: found an array, allowed: a table',
    );
    expect(failure(() => json('null')).message).toBe('/p/config.json: found null, allowed: a table');
  });

  it('is not confused by keys of the object prototype', () => {
    const { config, unknownKeys } = json(
      '{"abstract": "a", "__proto__": {"author": "evil"}, "constructor": 1}',
    );
    expect(config).toEqual({ abstract: 'a' });
    expect(unknownKeys).toEqual(['__proto__', 'constructor']);
  });
});

describe('plugin.json', () => {
  const short = (value: unknown) => json(value, 'plugin.json');

  it('reads the founding example', () => {
    const { config, unknownKeys } = short({
      type: ['runtime', 'network'],
      defaultArguments: ['start', 'with', 'params'],
      shouldBoot: true,
    });
    expect(unknownKeys).toEqual([]);
    expect(config).toEqual({
      abstract: '',
      servicesConfig: {
        loadAtBoot: true,
        runAtLoad: false,
        defaultArguments: ['start', 'with', 'params'],
        services: [{ type: 'runtime' }, { type: 'network' }],
      },
    });
  });

  it('takes one type as a string, and has defaults for the rest', () => {
    expect(short({ type: 'network' }).config).toEqual({
      abstract: '',
      servicesConfig: {
        loadAtBoot: false,
        runAtLoad: false,
        defaultArguments: [],
        services: [{ type: 'network' }],
      },
    });
  });

  it('keeps the declared order of types', () => {
    const services = short({ type: ['network', 'core', 'runtime'] }).config.servicesConfig?.services;
    expect(services?.map((service) => service.type)).toEqual(['network', 'core', 'runtime']);
  });

  it('reads the optional keys', () => {
    const { config, statedName } = short({
      type: 'core',
      abstract: 'A',
      author: 'B',
      name: 'other',
      runAtLoad: true,
    });
    expect(config).toMatchObject({ abstract: 'A', author: 'B', servicesConfig: { runAtLoad: true } });
    expect(statedName).toBe('other');
    expect(short({ type: 'core', description: 'D' }).config.abstract).toBe('D');
  });

  it('says what is wrong, with the key path', () => {
    expect(failure(() => short({ type: 'disk' })).message).toBe(
      '/p/plugin.json: type: found "disk", allowed: "runtime", "network", "core", "auxiliary"',
    );
    expect(failure(() => short({ type: ['runtime', 'disk'], shouldBoot: 'yes' })).message).toBe(
      '/p/plugin.json: shouldBoot: found "yes", allowed: true or false; ' +
        'type[1]: found "disk", allowed: "runtime", "network", "core", "auxiliary"',
    );
    expect(failure(() => short({ shouldBoot: true })).message).toBe(
      '/p/plugin.json: type: missing, allowed: "runtime", "network", "core", "auxiliary"',
    );
    expect(failure(() => short(null)).message).toBe('/p/plugin.json: found null, allowed: a table');
  });

  it('reports keys that nothing reads', () => {
    expect(short({ type: 'core', shouldboot: true }).unknownKeys).toEqual(['shouldboot']);
  });
});

describe('the config file of a directory', () => {
  const directory = useDirectory();
  const write = (name: string, content: string | Uint8Array) =>
    writeFileSync(join(directory(), name), content);

  it('plugin-system case 9: config.yaml alone is no plugin', async () => {
    expect(await readConfigFile(join(FIXTURES, 'broken/yaml-only'))).toBeUndefined();
  });

  it('plugin-system case 10: config.toml wins over config.json, and that over plugin.json', async () => {
    expect(await readConfigFile(join(FIXTURES, 'valid/both-formats'))).toMatchObject({
      format: 'config.toml',
      config: { abstract: 'from config.toml' },
    });
    write('config.json', '{"abstract": "json"}');
    write('plugin.json', '{"type": "core"}');
    expect(await readConfigFile(directory())).toMatchObject({ format: 'config.json' });
  });

  it('a broken winner does not fall back to a good file', async () => {
    await expect(readConfigFile(join(FIXTURES, 'broken/no-fallback'))).rejects.toMatchObject({
      code: 'ERR_PLUGIN_CONFIG',
      details: { path: join(FIXTURES, 'broken/no-fallback/config.toml') },
    });
  });

  it('is read up to its size limit, and not beyond', async () => {
    const text = 'abstract = "a"\n#';
    write('config.toml', text + ' '.repeat(MAX_CONFIG_BYTES - text.length));
    expect(await readConfigFile(directory())).toMatchObject({ config: { abstract: 'a' } });
    truncateSync(join(directory(), 'config.toml'), MAX_CONFIG_BYTES + 1);
    await expect(readConfigFile(directory())).rejects.toThrow('larger than 1048576 bytes');
  });

  it('must be UTF-8', async () => {
    write('config.toml', new Uint8Array([0x61, 0xff]));
    await expect(readConfigFile(directory())).rejects.toThrow('config.toml: not UTF-8 text');
  });

  it('may start with a byte order mark', async () => {
    write('config.json', '\uFEFF{"abstract": "a"}');
    expect(await readConfigFile(directory())).toMatchObject({ config: { abstract: 'a' } });
  });

  it('must be a regular file; a FIFO without a writer does not hold the reader', async () => {
    execFileSync('mkfifo', [join(directory(), 'config.toml')]);
    await expect(readConfigFile(directory())).rejects.toThrow('config.toml: not a regular file');
  });
});

it('a plugin has the services it declares', () => {
  const plugin = pluginOf('p', ['runtime', 'core']);
  expect(hasService(plugin, 'runtime')).toBe(true);
  expect(hasService(plugin, 'network')).toBe(false);
  expect(hasService(pluginOf('p', undefined), 'core')).toBe(false);
});
