/** Finding and loading the addon. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isLaunchportError } from '../../src/base/index.js';
import { addonPaths, BINDING_VERSION, loadBinding } from '../../src/native/index.js';
import { loadFrom } from '../../src/native/load.js';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lp-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

describe('loadBinding', () => {
  it('loads this system’s binding, once', () => {
    const binding = loadBinding();
    expect(binding.version).toBe(BINDING_VERSION);
    expect(binding.platform).toBe(process.platform);
    expect(binding.openSupervisor === undefined).toBe(process.platform === 'darwin');
    expect(loadBinding()).toBe(binding);
  });
});

describe('addonPaths', () => {
  it('prefers prebuilt to Release to Debug', () => {
    const folder = `${process.platform}-${process.arch}`;
    expect(addonPaths({}, '/package')).toEqual([
      `/package/prebuilds/${folder}/launchport.node`,
      '/package/build/Release/launchport.node',
      '/package/build/Debug/launchport.node',
    ]);
  });

  it('tries nothing but LAUNCHPORT_ADDON when it is set', () => {
    expect(addonPaths({ LAUNCHPORT_ADDON: '/some/addon.node' }, '/package')).toEqual(['/some/addon.node']);
  });
});

describe('loadFrom', () => {
  it('takes the first that loads', () => {
    const broken = write('broken.cjs', 'throw new Error("is broken")');
    const good = write('good.cjs', `module.exports = { version: ${BINDING_VERSION}, open() {} }`);
    expect(loadFrom([join(directory, 'missing.node'), broken, good]).version).toBe(BINDING_VERSION);
  });

  it('says of each path why it was not taken', () => {
    const other = write('other.cjs', 'module.exports = { version: 999, open() {} }');
    const broken = write('broken.cjs', 'throw new Error("is broken")');
    const garbage = write('garbage.node', 'not a shared object');
    const missing = join(directory, 'missing.node');
    try {
      loadFrom([missing, other, broken, garbage]);
      expect.unreachable();
    } catch (error) {
      if (!isLaunchportError(error, 'ERR_ADDON_NOT_FOUND')) throw error;
      expect(error.message).toContain(`${missing}: no such file`);
      expect(error.message).toContain(`${other}: not a binding of version ${BINDING_VERSION}`);
      expect(error.message).toContain(`${broken}: is broken`);
      expect(error.message).toContain(`${garbage}: `);
      expect(error.hint).toContain('npm rebuild');
    }
  });
});
