/** What `plugin init` writes, and what it refuses. */
import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../src/cli/run.js';
import { DIRECTORY_LAYOUT, loadBundle } from '../../src/plugin/index.js';
import { captureContext } from '../helpers/cli-context.js';
import { useDirectory } from '../plugin/bundles.js';

const directory = useDirectory();

async function init(...args: readonly string[]) {
  const context = captureContext({ HOME: directory() }, directory());
  const code = await run(['plugin', 'init', ...args], context);
  return { code, output: context.output(), errors: context.errors() };
}

describe('plugin init', () => {
  it.each([
    ['core', ['core']],
    ['auxiliary', ['auxiliary']],
    ['network', ['network']],
    ['runtime', ['runtime']],
    ['cli', undefined],
  ])('writes a good bundle of type %s', async (type, types) => {
    for (const language of ['js', 'ts']) {
      const name = `${type}-${language}`;
      const { code, output } = await init(name, '--type', type, '--language', language, '--json');
      expect(code).toBe(0);
      const { bundle, files } = JSON.parse(output) as { bundle: string; files: string[] };
      for (const file of files) expect(existsSync(join(bundle, file))).toBe(true);
      accessSync(join(bundle, 'bin', name), constants.X_OK);
      const loaded = await loadBundle(bundle, DIRECTORY_LAYOUT);
      expect(loaded?.diagnostics).toEqual([]);
      expect(loaded?.plugin.config.servicesConfig?.services.map((service) => service.type)).toEqual(types);
    }
  });

  it('writes into --directory, and into an empty bundle', async () => {
    mkdirSync(join(directory(), 'plugins/mine'), { recursive: true });
    expect(await init('mine', '--directory', 'plugins')).toMatchObject({ code: 0 });
    expect(readFileSync(join(directory(), 'plugins/mine/README.md'), 'utf8')).toContain('[plugin.mine]');
  });

  it('overwrites nothing, unless forced', async () => {
    const file = join(directory(), 'mine/config.toml');
    mkdirSync(join(directory(), 'mine'));
    writeFileSync(file, 'precious');
    expect(await init('mine')).toMatchObject({ code: 2, errors: expect.stringContaining('--force') });
    expect(readFileSync(file, 'utf8')).toBe('precious');
    expect(await init('mine', '--force')).toMatchObject({ code: 0 });
    expect(readFileSync(file, 'utf8')).toContain('abstract');
  });

  it.each([['../out'], ['a/b'], ['.hidden'], ["quo'te"], ['do$lar'], ['x'.repeat(300)], ['a b']])(
    'refuses the name %j',
    async (name) => {
      const { code } = await init(name);
      expect(code).toBe(2);
      expect(existsSync(join(directory(), name))).toBe(false);
    },
  );
});
