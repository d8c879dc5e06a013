/** The lifecycle of plugins, with a registrar and a catalog of our own making. */
import { describe, expect, it, vi } from 'vitest';
import { LaunchportError } from '../../src/base/index.js';
import { PluginHarness } from '../../src/harness/index.js';
import type { Plugin } from '../../src/plugin/index.js';
import type { XpcTransport } from '../../src/xpc/index.js';
import { fakeParts, fakePlugin } from './fakes.js';

describe('boot', () => {
  it('registers what asks for it, and one bad plugin does not hold up or end the others', async () => {
    const parts = fakeParts([
      fakePlugin('broken'),
      fakePlugin('good'),
      fakePlugin('hung'),
      fakePlugin('lazy', { loadAtBoot: false }),
      fakePlugin('tool', { isCli: true }),
      fakePlugin('wild'),
    ]);
    parts.registrar.register.mockImplementation(async (plugin: Plugin) => {
      if (plugin.name === 'hung') return new Promise(() => {});
      if (plugin.name === 'broken') throw new LaunchportError('ERR_LAUNCHD_COMMAND', 'launchctl said no');
      if (plugin.name === 'wild') throw new TypeError('unforeseen');
      return parts.registration(plugin);
    });
    const harness = new PluginHarness(parts);
    const report = await harness.boot({ timeout: 30 });
    expect(report.results.map(({ name, error }) => [name, error?.code])).toEqual([
      ['broken', 'ERR_LAUNCHD_COMMAND'],
      ['good', undefined],
      ['hung', 'ERR_TIMEOUT'],
      ['wild', 'ERR_INTERNAL'],
    ]);
    expect(harness.list().map(({ name }) => name)).toEqual(['good']);
  });

  it('starts many at a time, and each once', async () => {
    const parts = fakeParts(Array.from({ length: 30 }, (_, index) => fakePlugin(`p${index}`)));
    let running = 0;
    let most = 0;
    parts.registrar.register.mockImplementation(async (plugin: Plugin) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      return parts.registration(plugin);
    });
    const report = await new PluginHarness(parts).boot();
    expect(report.results).toHaveLength(30);
    expect(parts.registrar.register).toHaveBeenCalledTimes(30);
    expect(most).toBe(8);
  });

  it('can be aborted', async () => {
    const parts = fakeParts([fakePlugin('hung')]);
    parts.registrar.register.mockImplementation(() => new Promise(() => {}));
    const abort = new AbortController();
    const boot = new PluginHarness(parts).boot({ signal: abort.signal });
    await vi.waitFor(() => expect(parts.registrar.register).toHaveBeenCalled());
    abort.abort();
    expect((await boot).results[0]?.error?.code).toBe('ERR_ABORTED');
  });
});

describe('load, get, list, restart, unload', () => {
  it('plugin-system case 54: loading twice registers once', async () => {
    const parts = fakeParts([fakePlugin('hydra')]);
    const harness = new PluginHarness(parts);
    const [first, second] = await Promise.all([harness.load('hydra'), harness.load('hydra')]);
    expect(first).toBe(second);
    expect(parts.registrar.register).toHaveBeenCalledTimes(1);
    expect(harness.get('hydra').name).toBe('hydra');
  });

  it('plugin-system case 55: what is not there is not found, and what is not loaded not loaded', async () => {
    const harness = new PluginHarness(fakeParts([fakePlugin('hydra')]));
    await expect(harness.load('../x')).rejects.toMatchObject({
      code: 'ERR_PLUGIN_NOT_FOUND',
      message: 'plugin not found: ../x',
    });
    await expect(harness.load('none')).rejects.toMatchObject({ code: 'ERR_PLUGIN_NOT_FOUND' });
    expect(() => harness.get('hydra')).toThrow('plugin not loaded: hydra');
    await expect(harness.restart('hydra')).rejects.toMatchObject({ code: 'ERR_PLUGIN_NOT_LOADED' });
    await expect(harness.unload('hydra')).rejects.toMatchObject({ code: 'ERR_PLUGIN_NOT_LOADED' });
  });

  it('counts a CLI plugin as loaded, though there is nothing to register', async () => {
    const harness = new PluginHarness(fakeParts([fakePlugin('tool', { isCli: true })]));
    await harness.load('tool');
    expect(harness.list()).toHaveLength(1);
    await expect(harness.restart('tool')).rejects.toMatchObject({ code: 'ERR_UNSUPPORTED' });
    expect(() => harness.connect('tool')).toThrow('plugin tool has no service');
    await harness.unload('tool');
    expect(harness.list()).toEqual([]);
  });

  it('restarts and unloads the registration it made, and can load it again', async () => {
    const parts = fakeParts([fakePlugin('hydra')]);
    const harness = new PluginHarness(parts);
    await harness.load('hydra');
    await harness.restart('hydra');
    expect(parts.registrar.restart.mock.calls[0]?.[0]).toMatchObject({ label: 'com.apple.container.hydra' });
    await harness.unload('hydra');
    expect(harness.list()).toEqual([]);
    await harness.load('hydra');
    expect(parts.registrar.register).toHaveBeenCalledTimes(2);
  });

  it('keeps a plugin loaded that cannot be booted out', async () => {
    const parts = fakeParts([fakePlugin('hydra')]);
    const harness = new PluginHarness(parts);
    await harness.load('hydra');
    parts.registrar.deregister.mockRejectedValueOnce(new LaunchportError('ERR_LAUNCHD_BUSY', 'busy'));
    await expect(harness.unload('hydra')).rejects.toMatchObject({ code: 'ERR_LAUNCHD_BUSY' });
    expect(harness.list()).toHaveLength(1);
  });

  it('runs work on one plugin in order', async () => {
    const parts = fakeParts([fakePlugin('hydra')]);
    const order: string[] = [];
    parts.registrar.register.mockImplementation(async (plugin: Plugin) => {
      order.push('register');
      await new Promise((resolve) => setTimeout(resolve, 5));
      order.push('registered');
      return parts.registration(plugin);
    });
    parts.registrar.deregister.mockImplementation(async () => {
      order.push('deregister');
      return true;
    });
    const harness = new PluginHarness(parts);
    await Promise.all([harness.load('hydra'), harness.unload('hydra'), harness.load('hydra')]);
    expect(order).toEqual(['register', 'registered', 'deregister', 'register', 'registered']);
  });

  it('waits for its turn no longer than asked', async () => {
    const parts = fakeParts([fakePlugin('hydra')]);
    parts.registrar.register.mockImplementation(() => new Promise(() => {}));
    const harness = new PluginHarness(parts);
    const hung = harness.load('hydra');
    const unloaded = harness.unload('hydra', { timeout: 10 });
    await expect(unloaded).rejects.toMatchObject({ code: 'ERR_TIMEOUT', details: { plugin: 'hydra' } });
    await harness.stop();
    await expect(hung).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    await expect(harness.load('hydra')).rejects.toMatchObject({ code: 'ERR_ABORTED' });
  });

  it('stops by booting everything out, failures notwithstanding', async () => {
    const parts = fakeParts([fakePlugin('a'), fakePlugin('b')]);
    const harness = new PluginHarness(parts);
    await harness.boot();
    await harness.register('a', 'web-1');
    parts.registrar.deregister.mockRejectedValueOnce(new Error('no'));
    await harness.stop();
    expect(parts.registrar.deregister).toHaveBeenCalledTimes(3);
    expect(harness.list()).toEqual([]);
  });
});

it('looks for a plugin no longer than asked, on a disk that does not answer', async () => {
  const parts = fakeParts([fakePlugin('a')]);
  parts.catalog.find.mockImplementation(() => new Promise(() => {}));
  const harness = new PluginHarness(parts);
  await expect(harness.load('a', { timeout: 10 })).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
  const registered = harness.register('a', 'web-1');
  const refused = expect(registered).rejects.toMatchObject({ code: 'ERR_ABORTED' });
  await harness.stop();
  await refused;
});

it('stops by booting everything out, though a connection does not end', async () => {
  const parts = fakeParts([fakePlugin('a')]);
  const connection = {
    closed: new Promise<void>(() => {}),
    [Symbol.asyncDispose]: () => Promise.reject(new LaunchportError('ERR_XPC_TIMEOUT', 'it does not end')),
  };
  const transport = { connect: () => connection } as unknown as XpcTransport;
  const harness = new PluginHarness({ ...parts, transport });
  await harness.load('a');
  harness.connect('a');
  await harness.stop();
  expect(parts.registrar.deregister).toHaveBeenCalledTimes(1);
});

describe('instances and connections', () => {
  it('want the type when there are several, and an instance that is registered', async () => {
    const parts = fakeParts([fakePlugin('hydra', { types: ['runtime', 'network'] }), fakePlugin('one')]);
    const harness = new PluginHarness(parts);
    await harness.load('hydra');
    await harness.load('one');
    expect(() => harness.connect('hydra')).toThrow('plugin hydra has several services: runtime, network');
    expect(() => harness.connect('hydra', { type: 'core' })).toThrow('plugin hydra has no core service');
    expect(() => harness.connect('none')).toThrow('plugin not loaded: none');
    expect(() => harness.connect('one', { instance: 'x' })).toThrow('plugin one has no instance x');
    await harness.register('hydra', 'web-1', { kind: 'container' });
    expect(parts.registrar.register).toHaveBeenLastCalledWith(
      expect.objectContaining({ name: 'hydra' }),
      expect.objectContaining({ kind: 'container', instance: 'web-1' }),
    );
    await using client = harness.connect('hydra', { type: 'network', instance: 'web-1' });
    expect(client.service).toBe('com.apple.container.network.hydra.web-1');
    await using own = harness.connect('one');
    expect(own.service).toBe('com.apple.container.core.one');
    await harness.deregister('hydra', 'web-1');
    expect(() => harness.connect('hydra', { type: 'network', instance: 'web-1' })).toThrow('has no instance');
  });
});
