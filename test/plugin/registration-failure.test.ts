import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { LaunchportError } from '../../src/base/index.js';
import { type Plugin, PluginRegistrar, type Roots, resolveRoots } from '../../src/plugin/index.js';
import { FakeControl } from '../helpers/fake-control.js';
import { makeBundle, pluginOf, useDirectory } from './bundles.js';

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

/** Every path below the application root, with the content of files. */
function snapshot(): Record<string, string> {
  if (!existsSync(roots.app)) return {};
  return Object.fromEntries(
    readdirSync(roots.app, { recursive: true, withFileTypes: true })
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((each) => [each, statSync(each).isDirectory() ? 'directory' : readFileSync(each, 'utf8')]),
  );
}

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
    expect(snapshot()).toEqual({
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
    expect(snapshot()).toEqual({ [roots.registrations]: 'a file' });
  });
});

describe('a replacement that fails', () => {
  beforeEach(async () => {
    await registrar.register(foo);
  });

  it('brings back the job and the plist that were there', async () => {
    const files = snapshot();
    control.failNext('bootstrap', failed());
    await expect(registrar.register(foo, { args: ['new'] })).rejects.toMatchObject({
      code: 'ERR_LAUNCHD_COMMAND',
      message: 'launchctl bootstrap failed: 5; the job that was loaded before is back',
      hint: 'Look at the log.',
      details: { exitStatus: 5, isRestored: true },
    });
    expect(control.jobs.get(TARGET)?.definition.ProgramArguments).toEqual([foo.binaryPath, 'start']);
    expect(snapshot()).toEqual(files);
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

  it('keeps the old job when it cannot be unloaded', async () => {
    const files = snapshot();
    control.failNext('bootout', new LaunchportError('ERR_LAUNCHD_PERMISSION', 'not permitted'));
    await expect(registrar.register(foo, { args: ['new'] })).rejects.toMatchObject({
      code: 'ERR_LAUNCHD_PERMISSION',
    });
    expect(control.jobs.get(TARGET)?.definition.ProgramArguments).not.toContain('new');
    expect(snapshot()).toEqual(files);
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
    control.before = (_verb, _subject, options) => {
      timeouts.push(options.timeout ?? Number.NaN);
    };
    await registrar.register(foo, { timeout: 10_000 });
    expect(timeouts.length).toBeGreaterThan(2);
    expect(timeouts).toEqual([...timeouts].sort((a, b) => b - a));
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

describe('deregister', () => {
  it('unloads the job and removes plist and record, not the state', async () => {
    const registration = await registrar.register(foo);
    writeFileSync(join(roots.app, 'plugin-state/foo/data'), 'kept');
    expect(await registrar.deregister(registration ?? foo)).toBe(true);
    expect(control.jobs.size).toBe(0);
    expect(Object.keys(snapshot())).toEqual([
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

it.skipIf(process.getuid?.() === 0)('an application root that is closed is told by its path', async () => {
  mkdirSync(roots.app);
  chmodSync(roots.app, 0o500);
  await expect(registrar.register(foo)).rejects.toMatchObject({ code: 'ERR_PLUGIN_DIRECTORY' });
});
