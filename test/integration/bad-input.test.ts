/** Bad input, end to end on the real addon: a coded error that names the thing and the remedy, and nothing changed. */
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ErrorCode, isLaunchportError, type LaunchportError } from '../../src/base/index.js';
import { PluginHost } from '../../src/harness/index.js';
import { Supervisor } from '../../src/supervisor/index.js';
import { CLI_TOML, DAEMON_TOML, makeBundle, useDirectory } from '../plugin/bundles.js';

const directory = useDirectory();
let host: PluginHost;
let plugins: string;

beforeEach(async () => {
  plugins = join(directory(), 'plugins');
  mkdirSync(plugins);
  host = await PluginHost.start({
    pluginDirectories: [plugins],
    directory: join(directory(), 'run'),
    roots: { app: join(directory(), 'app'), install: join(directory(), 'install') },
    environment: { PATH: process.env.PATH, HOME: directory() },
  });
});
afterEach(() => host.stop());

/** Every file below the test's directory with a digest of its content, and every job. */
async function snapshot(): Promise<unknown> {
  const entries = readdirSync(directory(), { recursive: true, withFileTypes: true });
  const files = entries.map((entry) => {
    const path = join(entry.parentPath, entry.name);
    const content = entry.isFile()
      ? createHash('sha256').update(readFileSync(path)).digest('hex')
      : entry.isSocket();
    return [relative(directory(), path), content];
  });
  return { files: files.sort(), jobs: await host.control.list() };
}

/** Runs `action`, which must fail with `code`, name `name`, say what to do, and leave everything as it was. */
async function expectRefused(
  code: ErrorCode,
  name: string,
  action: () => Promise<unknown>,
): Promise<LaunchportError> {
  const before = await snapshot();
  const error: unknown = await action().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isLaunchportError(error)) throw new Error(`expected ${code}, got ${String(error)}`);
  expect(error.code).toBe(code);
  expect(error.message).toContain(name);
  expect(error.hint ?? '').not.toBe('');
  expect(await snapshot()).toEqual(before);
  return error;
}

const bundle = (name: string, files: Record<string, string>) => makeBundle(plugins, name, { files });
const load = (name: string) => () => host.harness.load(name);

describe('a configuration that is', () => {
  it.each([
    ['config.toml', 'abstract = "x\n', /config\.toml:1:\d+/],
    ['config.json', '{"abstract": "x",\n  "servicesConfig": }', /config\.json:2:\d+/],
    ['plugin.json', '{"type": "core"', /plugin\.json:1:\d+/],
  ])('malformed %s is refused with its line', async (file, text, place) => {
    bundle('broken', { [file]: text });
    const error = await expectRefused('ERR_PLUGIN_CONFIG', 'broken', load('broken'));
    expect(error.message).toMatch(place);
  });

  it('of an unknown type is refused with the path of the key and the types there are', async () => {
    bundle('odd', { 'config.toml': DAEMON_TOML.replace('"core"', '"storage"') });
    const error = await expectRefused('ERR_PLUGIN_CONFIG', 'servicesConfig.services[0].type', load('odd'));
    expect(`${error.message} ${error.hint}`).toMatch(/runtime.*network.*core.*auxiliary/s);
  });
});

describe('a bundle whose executable', () => {
  it('is missing is refused with the path it should have', async () => {
    makeBundle(plugins, 'bare', { files: { 'config.toml': DAEMON_TOML }, binary: false });
    await expectRefused('ERR_PLUGIN_BINARY', join('bare', 'bin', 'bare'), load('bare'));
  });

  it('is not executable is refused', async () => {
    makeBundle(plugins, 'plain', { files: { 'config.toml': DAEMON_TOML }, mode: 0o644 });
    await expectRefused('ERR_PLUGIN_BINARY', join('plain', 'bin', 'plain'), load('plain'));
  });
});

describe('names', () => {
  it.each([['../x'], ['a/b'], ['..'], ['a\0b']])('like %j find nothing', async (name) => {
    await expectRefused('ERR_PLUGIN_NOT_FOUND', name, load(name));
  });

  it('that make a label too long are refused', async () => {
    const name = 'n'.repeat(250);
    bundle(name, { 'config.toml': DAEMON_TOML });
    const error = await expectRefused('ERR_LAUNCHD_LABEL', name, load(name));
    expect(error.hint).toMatch(/\d+/);
  });

  it('that make a Mach service name too long are refused', async () => {
    const name = 'n'.repeat(120);
    bundle(name, { 'config.toml': DAEMON_TOML });
    await expectRefused('ERR_XPC_NAME', name, load(name));
  });

  it('of a service that is taken are refused, with the owner', async () => {
    bundle('first', { 'config.toml': DAEMON_TOML });
    await host.harness.load('first');
    const plist = join(directory(), 'thief.plist');
    writeFileSync(
      plist,
      readFileSync(
        host.registrar === undefined ? '' : ((await host.control.print(await target('first')))?.path ?? ''),
      )
        .toString()
        .replaceAll('com.apple.container.first', 'org.example.thief'),
      { mode: 0o600 },
    );
    const domain = await host.control.defaultDomain();
    const error = await expectRefused('ERR_LAUNCHD_SERVICE_TAKEN', 'com.apple.container.core.first', () =>
      host.control.bootstrap(domain, plist),
    );
    expect(error.message).toContain('com.apple.container.first');
  });
});

async function target(name: string) {
  return `${await host.control.defaultDomain()}/com.apple.container.${name}` as const;
}

describe('directories', () => {
  it('too long for a socket are refused before anything is made', async () => {
    const deep = join(directory(), 'd'.repeat(90));
    await expectRefused('ERR_LAUNCHD_SOCKET_PATH', deep, () => Supervisor.start({ directory: deep }));
  });

  it.skipIf(process.getuid?.() === 0)('that cannot be read are reported by name', async () => {
    await expectRefused('ERR_PLUGIN_DIRECTORY', plugins, async () => {
      // Only now: whoever compares what is on disk before and after must be able to read it.
      chmodSync(plugins, 0);
      await host.harness.load('any').finally(() => chmodSync(plugins, 0o700));
    });
  });

  it('open to others are refused as a runtime directory', async () => {
    const open = join(directory(), 'open');
    mkdirSync(open);
    chmodSync(open, 0o777);
    await expectRefused('ERR_LAUNCHD_PERMISSION', open, () => Supervisor.start({ directory: open }));
  });

  it('with a supervisor already are refused to a second', async () => {
    const run = join(directory(), 'run');
    await expectRefused('ERR_SUPERVISOR_RUNNING', run, () => Supervisor.start({ directory: run }));
  });
});

describe('a plugin that', () => {
  it('exits before it checks in fails the call with its exit status', async () => {
    const path = bundle('quitter', { 'config.toml': DAEMON_TOML });
    writeFileSync(join(path, 'bin', 'quitter'), '#!/bin/sh\nexit 3\n', { mode: 0o755 });
    await host.harness.load('quitter');
    const client = host.harness.connect('quitter', { timeout: 60_000 });
    await expect(client.callRaw('any', {})).rejects.toMatchObject({
      code: 'ERR_PLUGIN_EXITED',
      message: expect.stringMatching(/quitter.*3/),
    });
    await client.close();
  });

  it('never answers fails the call at its deadline', async () => {
    const path = bundle('mute', { 'config.toml': DAEMON_TOML });
    writeFileSync(join(path, 'bin', 'mute'), '#!/bin/sh\nexec sleep 600\n', { mode: 0o755 });
    await host.harness.load('mute');
    const client = host.harness.connect('mute', { timeout: 300 });
    await expect(client.callRaw('any', {})).rejects.toMatchObject({ code: 'ERR_XPC_TIMEOUT' });
    await client.close();
    await host.harness.unload('mute');
    expect(await host.control.print(await target('mute'))).toBeUndefined();
  });

  it('is a command, not a daemon, has nothing to connect to', async () => {
    bundle('tool', { 'config.toml': CLI_TOML });
    await host.harness.load('tool');
    expect(() => host.harness.connect('tool')).toThrowError(
      expect.objectContaining({ code: expect.stringMatching(/^ERR_/) }),
    );
  });
});
