import { basename, join, normalize } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLaunchportError } from '../../src/base/index.js';
import {
  assertContainerId,
  assertNetworkName,
  assertNoCollision,
  assertPluginName,
  launchdLabel,
  machService,
  machServiceName,
  machServices,
} from '../../src/plugin/index.js';
import { pluginOf } from './bundles.js';

const P = 'com.apple.container.';

function accepts(check: (text: string) => void, text: string): boolean {
  try {
    check(text);
    return true;
  } catch (error) {
    if (isLaunchportError(error)) return false;
    throw error;
  }
}

describe('plugin names', () => {
  it.each(['', '.', '..', '/', 'a/b', '/a', 'a/', '../outside', 'evil\0/../../etc'])(
    'plugin-system case 17: %j is refused',
    (name) => {
      expect(() => assertPluginName(name)).toThrow(
        expect.objectContaining({
          code: 'ERR_PLUGIN_NAME',
          message: `not a plugin name: ${JSON.stringify(name)}`,
        }),
      );
    },
  );

  it.each(['a', 'a.b', '.x', 'a b', '-x', 'größe', 'foo.app', 'a\nb', '...'])(
    'plugin-system case 18: %j is accepted',
    (name) => {
      expect(accepts(assertPluginName, name)).toBe(true);
    },
  );

  it('are refused when no directory entry can have them', () => {
    expect(accepts(assertPluginName, 'ä'.repeat(127))).toBe(true);
    expect(accepts(assertPluginName, 'ä'.repeat(128))).toBe(false);
    expect(accepts(assertPluginName, 'a\ud800')).toBe(false);
  });

  it('property: an accepted name is one path component and stays in its directory', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('.', '/', 'a', '\0', ' ') }),
    );
    fc.assert(
      fc.property(text, (name) => {
        const isComponent =
          basename(join('/plugins', name)) === name && normalize(`/plugins/${name}`) === `/plugins/${name}`;
        const isWanted =
          isComponent &&
          !name.includes('\0') &&
          !/\p{Surrogate}/u.test(name) &&
          Buffer.byteLength(name) <= 255;
        expect(accepts(assertPluginName, name)).toBe(isWanted);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('instance names', () => {
  it.each(['a', 'a'.repeat(64), '', '.ab', '-ab', '_ab', 'a/b', '..', 'a\0b', 'ab\n', 'äb'])(
    'plugin-system case 63: %j is no container id',
    (id) => {
      expect(() => assertContainerId(id)).toThrow(expect.objectContaining({ code: 'ERR_PLUGIN_INSTANCE' }));
    },
  );

  it.each(['a_b-1', 'ab', 'A.b', 'a'.repeat(63), '1-'])(
    'plugin-system case 63: %j is a container id',
    (id) => {
      expect(accepts(assertContainerId, id)).toBe(true);
    },
  );

  it.each(['A', '-a', 'none', 'a-', '', '.', 'a/b', 'a\n', 'a'.repeat(64)])(
    'plugin-system case 63: %j is no network name',
    (name) => {
      expect(() => assertNetworkName(name)).toThrow(expect.objectContaining({ code: 'ERR_PLUGIN_INSTANCE' }));
    },
  );

  it.each(['a.b_c-1', 'a', '1', 'default', 'a'.repeat(63)])(
    'plugin-system case 63: %j is a network name',
    (name) => {
      expect(accepts(assertNetworkName, name)).toBe(true);
    },
  );
});

describe('labels and services', () => {
  it('plugin-system case 26: a label is the prefix, the name and the instance', () => {
    expect(launchdLabel('foo')).toBe(`${P}foo`);
    expect(launchdLabel('foo', '1')).toBe(`${P}foo.1`);
    expect(launchdLabel('foo', '1', 'org.example.')).toBe('org.example.foo.1');
  });

  it('plugin-system case 27: a Mach service has the type before the name', () => {
    expect(machServiceName('runtime', 'linux-sandboxd', '1')).toBe(`${P}runtime.linux-sandboxd.1`);
    expect(machServiceName('core', 'machine-apiserver')).toBe(`${P}core.machine-apiserver`);
  });

  it('plugin-system case 29: a CLI plugin has no Mach services', () => {
    const plugin = pluginOf('k8s', undefined);
    expect(machServices(plugin)).toEqual([]);
    expect(machService(plugin, 'core')).toBeUndefined();
    expect(launchdLabel(plugin.name)).toBe(`${P}k8s`);
  });

  it('lists services in declared order, each once', () => {
    const hydra = pluginOf('hydra', ['runtime', 'network', 'runtime']);
    expect(machServices(hydra, '1')).toEqual([`${P}runtime.hydra.1`, `${P}network.hydra.1`]);
    expect(machService(hydra, 'network', '1')).toBe(`${P}network.hydra.1`);
    expect(machService(hydra, 'core', '1')).toBeUndefined();
  });

  it('are checked: what a directory may be called, launchd may refuse', () => {
    expect(() => launchdLabel('a b')).toThrow(expect.objectContaining({ code: 'ERR_LAUNCHD_LABEL' }));
    expect(() => launchdLabel('../x')).toThrow(expect.objectContaining({ code: 'ERR_PLUGIN_NAME' }));
    expect(() => launchdLabel('a'.repeat(250))).toThrow(
      expect.objectContaining({ code: 'ERR_LAUNCHD_LABEL' }),
    );
    expect(() => machServiceName('core', 'a b')).toThrow(expect.objectContaining({ code: 'ERR_XPC_NAME' }));
    expect(() => machServiceName('runtime', 'a'.repeat(100))).toThrow(
      expect.objectContaining({ code: 'ERR_XPC_NAME' }),
    );
  });
});

describe('collisions', () => {
  const claim = (owner: string, name: string, instance?: string) => ({
    owner,
    label: launchdLabel(name, instance),
    services: machServices(pluginOf(name, ['core']), instance),
  });

  it('a plugin with an instance may not take the label of a plugin with a dotted name', () => {
    const first = claim('plugin a, container bb', 'a', 'bb');
    expect(() => assertNoCollision(claim('plugin a.bb', 'a.bb'), [first])).toThrow(
      expect.objectContaining({
        code: 'ERR_PLUGIN_CONFLICT',
        message: `plugin a.bb: label ${P}a.bb already belongs to plugin a, container bb`,
      }),
    );
  });

  it('a Mach service has one owner even when the labels differ', () => {
    const first = { ...claim('plugin a', 'a'), label: 'org.example.a' };
    expect(() => assertNoCollision({ ...claim('plugin b', 'b'), services: first.services }, [first])).toThrow(
      `plugin b: Mach service ${P}core.a already belongs to plugin a`,
    );
  });

  it('the name of the API server is taken', () => {
    expect(() => assertNoCollision(claim('plugin apiserver', 'apiserver'), [])).toThrow(
      `plugin apiserver: label ${P}apiserver already belongs to the API server`,
    );
    expect(() => assertNoCollision(claim('plugin apiserver-2', 'apiserver-2'), [])).not.toThrow();
  });

  it('an owner does not collide with itself, nor distinct names with each other', () => {
    const first = claim('plugin a', 'a');
    expect(() => assertNoCollision(first, [first, claim('plugin b', 'b')])).not.toThrow();
  });
});
