import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { LaunchportError } from '../../src/base/index.js';
import { type Plugin, PluginRegistrar, type Roots, resolveRoots } from '../../src/plugin/index.js';
import { FakeControl } from '../helpers/fake-control.js';
import { makeBundle, pluginOf, snapshot, useDirectory } from './bundles.js';

const P = 'com.apple.container.';
const TARGET = `user/501/${P}foo` as const;
const directory = useDirectory();
let roots: Roots;
let control: FakeControl;
let registrar: PluginRegistrar;
let foo: Plugin;

beforeEach(() => {
  roots = resolveRoots({ app: join(directory(), 'AR'), install: '/IR' }, {});
  control = new FakeControl();
  registrar = new PluginRegistrar({ control, roots, environment: {} });
  const bundlePath = makeBundle(directory(), 'foo');
  foo = pluginOf('foo', ['core'], { bundlePath, binaryPath: join(bundlePath, 'bin/foo') });
});

describe('deregister', () => {
  it('unloads the job and removes plist and record, not the state', async () => {
    const registration = await registrar.register(foo);
    writeFileSync(join(roots.app, 'plugin-state/foo/data'), 'kept');
    expect(await registrar.deregister(registration ?? foo)).toBe(true);
    expect(control.jobs.size).toBe(0);
    expect(Object.keys(snapshot(roots.app))).toEqual([
      join(roots.app, 'plugin-state'),
      join(roots.app, 'plugin-state/foo'),
      join(roots.app, 'plugin-state/foo/data'),
      roots.registrations,
    ]);
    expect(await registrar.deregister(foo)).toBe(false);
  });

  it('a later process finds the job in the domain of its registration', async () => {
    control = new FakeControl({ domain: 'gui/501', domains: ['gui/501', 'user/501'] });
    await new PluginRegistrar({ control, roots, environment: {} }).register(foo);
    control.domain = 'user/501';
    const later = new PluginRegistrar({ control, roots, environment: {} });
    const [record] = await later.records();
    expect(record).toMatchObject({ domain: 'gui/501', plugin: 'foo', kind: 'singleton' });
    expect(await later.deregister(record ?? foo)).toBe(true);
    expect(control.calls.at(-1)).toBe(`bootout gui/501/${P}foo`);
    expect(await later.records()).toEqual([]);
  });

  it('without a record both domains of a Mac user are looked at', async () => {
    control = new FakeControl({ kind: 'launchctl', domain: 'gui/501', domains: ['gui/501', 'user/501'] });
    registrar = new PluginRegistrar({ control, roots, environment: {} });
    await registrar.register(foo);
    rmSync(roots.registrations, { recursive: true });
    control.domain = 'user/501';
    expect(await registrar.deregister(foo)).toBe(true);
    expect(control.jobs.size).toBe(0);
  });

  it('a domain that is gone holds no job', async () => {
    control = new FakeControl({ kind: 'launchctl', domain: 'gui/501', domains: ['gui/501'] });
    registrar = new PluginRegistrar({ control, roots, environment: {} });
    await registrar.register(foo);
    control.domains.clear();
    expect(await registrar.deregister(foo)).toBe(false);
    expect(await registrar.records()).toEqual([]);
  });

  it('a failure to unload keeps the record', async () => {
    await registrar.register(foo);
    control.failNext('bootout', new LaunchportError('ERR_LAUNCHD_BUSY', 'still stopping'));
    await expect(registrar.deregister(foo)).rejects.toMatchObject({ code: 'ERR_LAUNCHD_BUSY' });
    expect(await registrar.records()).toHaveLength(1);
    expect(existsSync(join(roots.app, 'plugin-state/foo/service.plist'))).toBe(true);
  });
});

describe('restart and status', () => {
  it('restart is one kickstart -k with the full target', async () => {
    const registration = await registrar.register(foo);
    const before = control.jobs.get(TARGET)?.pid;
    const pid = await registrar.restart(registration ?? foo);
    expect(pid).not.toBe(before);
    expect(control.calls.at(-1)).toBe(`kickstart -k ${TARGET}`);
  });

  it('restart of what is not loaded is refused', async () => {
    await expect(registrar.restart(foo)).rejects.toMatchObject({
      code: 'ERR_PLUGIN_NOT_LOADED',
      message: 'plugin foo: not loaded',
    });
    expect(control.calls).toEqual([]);
  });

  it('status is what launchd says', async () => {
    expect(await registrar.status(foo)).toBeUndefined();
    await registrar.register(foo);
    expect(await registrar.status(foo)).toMatchObject({ target: TARGET, state: 'running' });
  });
});
