import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { delay, LaunchportError } from '../../src/base/index.js';
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

const failed = () =>
  new LaunchportError('ERR_LAUNCHD_COMMAND', 'launchctl bootstrap failed: 5', {
    hint: 'Look at the log.',
    details: { exitStatus: 5, stderr: 'Bootstrap failed: 5: Input/output error' },
  });
const unknown = () => new LaunchportError('ERR_LAUNCHD_UNKNOWN_OUTCOME', 'launchctl did not end in time');

describe('a first registration that fails', () => {
  it('plugin-system case 45: fails with the error of launchd, and leaves nothing behind', async () => {
    control.failNext('bootstrap', failed());
    const error = await registrar.register(foo).catch((each: unknown) => each);
    expect(error).toMatchObject({
      code: 'ERR_LAUNCHD_COMMAND',
      details: { exitStatus: 5, stderr: 'Bootstrap failed: 5: Input/output error' },
    });
    expect(existsSync(roots.app)).toBe(false);
    expect((await registrar.register(foo))?.outcome).toBe('loaded');
  });

  it('keeps directories that were there, and what others put into new ones', async () => {
    mkdirSync(join(roots.app, 'plugin-state'), { recursive: true });
    control.before = (verb) => {
      if (verb !== 'bootstrap') return;
      writeFileSync(join(roots.app, 'plugin-state/foo/data'), 'kept');
      throw failed();
    };
    await expect(registrar.register(foo)).rejects.toMatchObject({ code: 'ERR_LAUNCHD_COMMAND' });
    expect(snapshot(roots.app)).toEqual({
      [join(roots.app, 'plugin-state')]: 'directory',
      [join(roots.app, 'plugin-state/foo')]: 'directory',
      [join(roots.app, 'plugin-state/foo/data')]: 'kept',
    });
  });

  it.each([
    ['an argument that XML cannot carry', { args: ['\u0001'] }, 'ERR_LAUNCHD_PLIST'],
    ['an instance that is none', { instance: '../x', kind: 'container' }, 'ERR_PLUGIN_INSTANCE'],
    ['an instance of a singleton', { instance: 'x', kind: 'singleton' }, 'ERR_PLUGIN_INSTANCE'],
  ] as const)('bad input changes nothing: %s', async (_what, options, code) => {
    const plugin = { ...foo, config: pluginOf('foo', ['runtime']).config };
    await expect(registrar.register(plugin, options)).rejects.toMatchObject({ code });
    expect(control.calls).toEqual([]);
    expect(existsSync(roots.app)).toBe(false);
  });

  it('an executable that is gone is told before anything is written', async () => {
    rmSync(foo.binaryPath);
    await expect(registrar.register(foo)).rejects.toMatchObject({ code: 'ERR_PLUGIN_BINARY' });
    expect(existsSync(roots.app)).toBe(false);
  });

  it('a state directory that cannot be made is told by its path', async () => {
    mkdirSync(roots.app);
    writeFileSync(join(roots.app, 'plugin-state'), 'a file');
    await expect(registrar.register(foo)).rejects.toMatchObject({
      code: 'ERR_PLUGIN_DIRECTORY',
      message: expect.stringContaining(`cannot make the directory ${join(roots.app, 'plugin-state/foo')}: E`),
    });
  });

  it('a record that cannot be written undoes the job', async () => {
    mkdirSync(roots.app);
    writeFileSync(roots.registrations, 'a file');
    await expect(registrar.register(foo)).rejects.toMatchObject({ code: 'ERR_PLUGIN_DIRECTORY' });
    expect(control.jobs.size).toBe(0);
    expect(snapshot(roots.app)).toEqual({ [roots.registrations]: 'a file' });
  });
});

describe('a replacement that fails', () => {
  beforeEach(async () => {
    await registrar.register(foo);
  });

  it('brings back the job and the plist that were there', async () => {
    const files = snapshot(roots.app);
    control.failNext('bootstrap', failed());
    await expect(registrar.register(foo, { args: ['new'] })).rejects.toMatchObject({
      code: 'ERR_LAUNCHD_COMMAND',
      message: 'launchctl bootstrap failed: 5; the job that was loaded before is back',
      hint: 'Look at the log.',
      details: { exitStatus: 5, isRestored: true },
    });
    expect(control.jobs.get(TARGET)?.definition.ProgramArguments).toEqual([foo.binaryPath, 'start']);
    expect(snapshot(roots.app)).toEqual(files);
    expect((await registrar.register(foo))?.outcome).toBe('unchanged');
  });

  it('says so when the old job does not come back', async () => {
    control.before = (verb) => {
      if (verb === 'bootstrap') throw failed();
    };
    await expect(registrar.register(foo, { args: ['new'] })).rejects.toMatchObject({
      message: 'launchctl bootstrap failed: 5; the job before it could not be restored',
      details: { isRestored: false },
    });
  });

  it('brings the old job back when nobody waited for its end', async () => {
    const controller = new AbortController();
    control.after = (verb) => {
      if (verb !== 'bootout') return;
      control.after = undefined;
      controller.abort();
      throw new LaunchportError('ERR_ABORTED', 'bootout was aborted');
    };
    const { signal } = controller;
    await expect(registrar.register(foo, { args: ['new'], signal })).rejects.toMatchObject({
      code: 'ERR_ABORTED',
      details: { isRestored: true },
    });
    expect(control.jobs.get(TARGET)?.definition.ProgramArguments).toEqual([foo.binaryPath, 'start']);
  });

  it('keeps the old job when it cannot be unloaded', async () => {
    const files = snapshot(roots.app);
    control.failNext('bootout', new LaunchportError('ERR_LAUNCHD_PERMISSION', 'not permitted'));
    await expect(registrar.register(foo, { args: ['new'] })).rejects.toMatchObject({
      code: 'ERR_LAUNCHD_PERMISSION',
    });
    expect(control.jobs.get(TARGET)?.definition.ProgramArguments).not.toContain('new');
    expect(control.calls.filter((call) => call.startsWith('bootout'))).toHaveLength(1);
    expect(snapshot(roots.app)).toEqual(files);
  });
});

describe('an outcome that is not known', () => {
  it('is a success when the job turns out to be loaded', async () => {
    control.after = (verb) => {
      if (verb === 'bootstrap') throw unknown();
    };
    expect((await registrar.register(foo))?.outcome).toBe('loaded');
    expect((await registrar.register(foo))?.outcome).toBe('unchanged');
  });

  it('is a failure when it is not', async () => {
    control.failNext('bootstrap', unknown());
    await expect(registrar.register(foo)).rejects.toMatchObject({ code: 'ERR_LAUNCHD_UNKNOWN_OUTCOME' });
    expect(existsSync(roots.app)).toBe(false);
  });
});

describe('giving up', () => {
  it('a registration that is aborted leaves no job and no files', async () => {
    const controller = new AbortController();
    control.after = (verb) => {
      if (verb !== 'bootstrap') return;
      controller.abort();
      throw new LaunchportError('ERR_ABORTED', 'bootstrap was aborted');
    };
    await expect(registrar.register(foo, { signal: controller.signal })).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
    expect(control.jobs.size).toBe(0);
    expect(existsSync(roots.app)).toBe(false);
  });

  it('no time is a timeout, without an effect', async () => {
    await expect(registrar.register(foo, { timeout: 0 })).rejects.toMatchObject({
      code: 'ERR_TIMEOUT',
      message: `register ${P}foo took longer than 0 ms`,
    });
    expect(control.calls).toEqual([]);
  });

  it('all steps share one deadline', async () => {
    const timeouts: number[] = [];
    control.before = async (_verb, _subject, options) => {
      timeouts.push(options.timeout ?? Number.NaN);
      await delay(5);
    };
    await registrar.register(foo, { timeout: 10_000 });
    expect(timeouts.length).toBeGreaterThan(2);
    expect(timeouts).toEqual([...timeouts].sort((a, b) => b - a));
    expect(timeouts.at(-1)).toBeLessThan(timeouts[0] ?? 0);
    expect(timeouts.every((timeout) => timeout > 0 && timeout <= 10_000)).toBe(true);
  });

  it('waiting for an earlier operation has an end, and keeps the order', async () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    control.before = (verb) => (verb === 'bootstrap' ? gate : undefined);
    const first = registrar.register(foo);
    await expect(registrar.register(foo, { timeout: 10 })).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    const third = registrar.register(foo);
    release();
    expect((await first)?.outcome).toBe('loaded');
    expect((await third)?.outcome).toBe('unchanged');
  });
});

it.skipIf(process.getuid?.() === 0)('an application root that is closed is told by its path', async () => {
  mkdirSync(roots.app);
  chmodSync(roots.app, 0o500);
  await expect(registrar.register(foo)).rejects.toMatchObject({ code: 'ERR_PLUGIN_DIRECTORY' });
});
