import { existsSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseJobPlist } from '../../src/launchd/index.js';
import {
  type Plugin,
  PluginRegistrar,
  type RegisterOptions,
  type RegistrarOptions,
  type Registration,
  type Roots,
  resolveRoots,
} from '../../src/plugin/index.js';
import { FakeControl } from '../helpers/fake-control.js';
import { makeBundle, pluginOf, snapshot, useDirectory } from './bundles.js';

const P = 'com.apple.container.';
const directory = useDirectory();
let roots: Roots;
let control: FakeControl;

beforeEach(() => {
  roots = resolveRoots({ app: join(directory(), 'AR'), install: '/IR' }, {});
  control = new FakeControl();
});

const registrar = (options: Partial<RegistrarOptions> = {}) =>
  new PluginRegistrar({ control, roots, environment: {}, ...options });

/** A plugin whose executable exists. */
function realPlugin(
  name: string,
  ...rest: [types?: Parameters<typeof pluginOf>[1], more?: Parameters<typeof pluginOf>[2]]
): Plugin {
  const bundlePath = join(directory(), 'plugins', name);
  if (!existsSync(bundlePath)) makeBundle(join(directory(), 'plugins'), name);
  return pluginOf(name, rest[0] ?? ['core'], {
    bundlePath,
    binaryPath: join(bundlePath, 'bin', name),
    ...rest[1],
  });
}

async function register(plugin: Plugin, options?: RegisterOptions, by = registrar()): Promise<Registration> {
  const registration = await by.register(plugin, options);
  if (registration === undefined) throw new Error('not registered');
  return registration;
}

describe('register', () => {
  it('writes the plist, loads it, and records where', async () => {
    const foo = realPlugin('foo', ['core', 'auxiliary']);
    const registration = await register(foo);
    const stateRoot = join(roots.app, 'plugin-state/foo');
    expect(registration).toEqual({
      plugin: foo,
      kind: 'singleton',
      owner: 'plugin foo',
      label: `${P}foo`,
      domain: 'user/501',
      target: `user/501/${P}foo`,
      services: [`${P}core.foo`, `${P}auxiliary.foo`],
      stateRoot,
      plistPath: join(stateRoot, 'service.plist'),
      plist: readFileSync(join(stateRoot, 'service.plist'), 'utf8'),
      outcome: 'loaded',
    });
    expect(control.calls).toEqual([`bootstrap user/501 ${registration.plistPath}`]);
    expect(parseJobPlist(registration.plist).definition.ProgramArguments).toEqual([foo.binaryPath, 'start']);
    expect(await registrar().records()).toMatchObject([
      {
        label: `${P}foo`,
        target: registration.target,
        domain: 'user/501',
        plistPath: registration.plistPath,
      },
    ]);
  });

  it('keeps state and plist to the user: they may hold credentials', async () => {
    const { stateRoot, plistPath, plist } = await register(
      realPlugin('foo'),
      {},
      registrar({ environment: { https_proxy: 'http://user:secret@proxy' } }),
    );
    const mode = (path: string) => statSync(path).mode & 0o777;
    expect([roots.app, stateRoot, roots.registrations].map(mode)).toEqual([0o700, 0o700, 0o700]);
    expect(mode(plistPath)).toBe(0o600);
    expect(plist).toContain('secret');
    expect(readFileSync(join(roots.registrations, `${P}foo.json`), 'utf8')).not.toContain('secret');
  });

  it('plugin-system case 29: a CLI plugin is not registered, and launchd not asked', async () => {
    const cli = pluginOf('cli', undefined);
    expect(await registrar().register(cli)).toBeUndefined();
    expect(await registrar().deregister(cli)).toBe(false);
    expect(control.calls).toEqual([]);
    expect(existsSync(roots.app)).toBe(false);
  });

  it('plugin-system case 42: instances have a job each, in the state of their container or network', async () => {
    const hydra = realPlugin('hydra', ['runtime', 'network']);
    const container = await register(hydra, { instance: 'web-1', kind: 'container' });
    const network = await register(hydra, {
      instance: 'net',
      kind: 'network',
      network: { mode: 'hostOnly' },
    });
    expect(container.plistPath).toBe(join(roots.app, 'containers/web-1/service.plist'));
    expect(network.plistPath).toBe(join(roots.app, 'networks/net/service.plist'));
    expect(
      [...control.jobs.values()].map((job) => job.definition.ProgramArguments?.slice(1).join(' ')),
    ).toEqual([
      `start --root ${join(roots.app, 'containers/web-1')} --uuid web-1`,
      `start --id net --service-identifier ${P}network.hydra.net --mode hostOnly`,
    ]);
    expect(container.services).toEqual([`${P}runtime.hydra.web-1`, `${P}network.hydra.web-1`]);
  });

  it('plugin-system case 43: loads into the domain of the session, or the one that is named', async () => {
    control.domain = 'gui/501';
    for (const domain of ['gui/501', 'user/501', 'system'] as const) control.domains.add(domain);
    expect(await register(realPlugin('foo'))).toMatchObject({ target: `gui/501/${P}foo` });
    expect(await register(realPlugin('bar'), {}, registrar({ domain: 'system' }))).toMatchObject({
      target: `system/${P}bar`,
    });
  });

  it('puts plists into the plist root', async () => {
    roots = resolveRoots({ app: roots.app, install: '/IR', plist: join(directory(), 'boot/plists') }, {});
    const { plistPath } = await register(realPlugin('foo'));
    expect(plistPath).toBe(join(directory(), `boot/plists/${P}foo.plist`));
    expect(control.jobs.get(`user/501/${P}foo`)?.path).toBe(plistPath);
  });
});

describe('registering again', () => {
  it('plugin-system case 54: the same thing is a success without an effect', async () => {
    const first = await register(realPlugin('foo'));
    const files = snapshot(roots.app);
    const second = await register(realPlugin('foo'));
    expect(second).toEqual({ ...first, outcome: 'unchanged' });
    expect(control.calls).toHaveLength(1);
    expect(snapshot(roots.app)).toEqual(files);
  });

  it('other arguments replace the job: the old one is unloaded first', async () => {
    await register(realPlugin('foo'));
    const second = await register(realPlugin('foo'), { args: ['start', '--new'] });
    expect(second.outcome).toBe('replaced');
    expect(control.calls.slice(1)).toEqual([
      `bootout user/501/${P}foo`,
      `bootstrap user/501 ${second.plistPath}`,
    ]);
    expect(control.jobs.get(second.target)?.definition.ProgramArguments).toContain('--new');
    expect((await register(realPlugin('foo'), { args: ['start', '--new'] })).outcome).toBe('unchanged');
  });

  it('a new executable at the same path replaces the job', async () => {
    const foo = realPlugin('foo');
    await register(foo);
    utimesSync(foo.binaryPath, 1, 1);
    expect((await register(foo)).outcome).toBe('replaced');
  });

  it('a plist that was changed on disk does not hide that another one is loaded', async () => {
    const { plistPath } = await register(realPlugin('foo'));
    const wanted = await register(realPlugin('foo'), { args: ['x'] });
    await register(realPlugin('foo'));
    writeFileSync(plistPath, wanted.plist);
    expect((await register(realPlugin('foo'), { args: ['x'] })).outcome).toBe('replaced');
  });

  it('a job that was unloaded behind our back is loaded again', async () => {
    const { target } = await register(realPlugin('foo'));
    control.jobs.delete(target);
    expect((await register(realPlugin('foo'))).outcome).toBe('loaded');
    expect(control.jobs.has(target)).toBe(true);
  });

  it('a job without a record is replaced, for nobody knows what was loaded', async () => {
    await register(realPlugin('foo'));
    writeFileSync(join(roots.registrations, `${P}foo.json`), '{');
    expect((await register(realPlugin('foo'))).outcome).toBe('replaced');
    expect((await register(realPlugin('foo'))).outcome).toBe('unchanged');
  });

  it('a job of the other domain of the user is found, kept, and replaced where it is', async () => {
    control = new FakeControl({ kind: 'launchctl', domain: 'gui/501', domains: ['gui/501', 'user/501'] });
    await register(realPlugin('foo'));
    control.domain = 'user/501';
    expect(await register(realPlugin('foo'))).toMatchObject({ domain: 'gui/501', outcome: 'unchanged' });
    expect(await register(realPlugin('foo'), { args: [] })).toMatchObject({
      domain: 'gui/501',
      outcome: 'replaced',
    });
    expect([...control.jobs.keys()]).toEqual([`gui/501/${P}foo`]);
  });

  it('a moved plist root leaves no plist behind', async () => {
    const { plistPath: before } = await register(realPlugin('foo'));
    roots = resolveRoots({ app: roots.app, install: '/IR', plist: join(directory(), 'boot') }, {});
    expect((await register(realPlugin('foo'))).outcome).toBe('replaced');
    expect(existsSync(before)).toBe(false);
  });

  it('at the same time from one process happens once, in turn', async () => {
    const one = registrar();
    const outcomes = await Promise.all([1, 2, 3].map(() => register(realPlugin('foo'), {}, one)));
    expect(outcomes.map((each) => each.outcome)).toEqual(['loaded', 'unchanged', 'unchanged']);
    expect(control.busiest).toBe(1);
  });

  it('another process that was faster is replaced, not kept in silence', async () => {
    const foo = realPlugin('foo');
    control.before = async (verb) => {
      if (verb !== 'bootstrap') return;
      control.before = undefined;
      await control.bootstrap('user/501', join(roots.app, 'plugin-state/foo/service.plist'));
    };
    await register(foo);
    expect(control.calls.filter((call) => call.startsWith('bootout'))).toHaveLength(1);
    expect(control.jobs.size).toBe(1);
  });
});

describe('a label of another', () => {
  it('plugin a.bb cannot take the place of container bb of plugin a', async () => {
    await register(realPlugin('a', ['runtime']), { instance: 'bb' });
    const files = snapshot(roots.app);
    await expect(register(realPlugin('a.bb'))).rejects.toMatchObject({
      code: 'ERR_PLUGIN_CONFLICT',
      message: `plugin a.bb: label ${P}a.bb already belongs to plugin a, container bb`,
    });
    await expect(registrar().deregister(realPlugin('a.bb'))).rejects.toMatchObject({
      code: 'ERR_PLUGIN_CONFLICT',
    });
    expect(control.calls).toHaveLength(1);
    expect(snapshot(roots.app)).toEqual(files);
  });

  it('nor a network that of the container of the same name and plugin', async () => {
    const hydra = realPlugin('hydra', ['runtime', 'network']);
    await register(hydra, { instance: 'xx', kind: 'container' });
    await expect(register(hydra, { instance: 'xx', kind: 'network' })).rejects.toThrow(
      'already belongs to plugin hydra, container xx',
    );
  });

  it('is free again when that job is gone', async () => {
    const first = await register(realPlugin('a', ['runtime']), { instance: 'bb' });
    control.jobs.delete(first.target);
    expect((await register(realPlugin('a.bb'))).outcome).toBe('loaded');
  });

  it('a job loaded from elsewhere is not ours', async () => {
    const { target, plistPath } = await register(realPlugin('foo'));
    const foreign = join(directory(), 'foreign.plist');
    writeFileSync(foreign, readFileSync(plistPath));
    await control.bootout(target);
    await control.bootstrap('user/501', foreign);
    await expect(register(realPlugin('foo'))).rejects.toMatchObject({
      code: 'ERR_PLUGIN_CONFLICT',
      message: `plugin foo: label ${P}foo already belongs to the job of ${foreign}`,
      hint: `If that job is not wanted, unload it: launchctl bootout ${target}`,
    });
  });

  it('the API server keeps its name', async () => {
    await expect(register(realPlugin('apiserver'))).rejects.toMatchObject({ code: 'ERR_PLUGIN_CONFLICT' });
    expect(existsSync(roots.app)).toBe(false);
  });
});
