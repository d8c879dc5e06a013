/** What discovery asks of the system: counted, since the time it takes is the machine's. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { PluginCatalog } from '../../src/plugin/index.js';
import { makeBundle, useDirectory } from './bundles.js';

const root = useDirectory();
const CALLS = ['accessSync', 'closeSync', 'fstatSync', 'openSync', 'readSync', 'statSync'] as const;
const PROMISED = ['access', 'lstat', 'open', 'readdir', 'readFile', 'readlink', 'realpath', 'stat'] as const;

const undo: (() => void)[] = [];
afterEach(() => {
  for (const restore of undo.splice(0)) restore();
  syncBuiltinESMExports();
});

/** Counts calls by name from now on, to the end of the test. */
function counted(): Map<string, number> {
  const counts = new Map<string, number>();
  const count = (owner: object, name: string, label: string) => {
    const original = Reflect.get(owner, name) as (...args: unknown[]) => unknown;
    Reflect.set(owner, name, (...args: unknown[]) => {
      counts.set(label, (counts.get(label) ?? 0) + 1);
      return original(...args);
    });
    undo.push(() => Reflect.set(owner, name, original));
  };
  for (const name of CALLS) count(fs, name, name);
  for (const name of PROMISED) count(fs.promises, name, `promises.${name}`);
  syncBuiltinESMExports();
  return counts;
}

describe('a scan', () => {
  it('makes seven calls for a bundle, and one for the directory they are in', async () => {
    const sizes = [10, 30];
    const totals: Record<string, number>[] = [];
    for (const size of sizes) {
      const directory = join(root(), `of-${size}`);
      for (let i = 0; i < size; i++) makeBundle(directory, `plugin-${i}`);
      const counts = counted();
      const { plugins } = await new PluginCatalog({ directories: [directory] }).scan();
      expect(plugins).toHaveLength(size);
      totals.push(Object.fromEntries(counts));
      for (const restore of undo.splice(0)) restore();
      syncBuiltinESMExports();
    }
    expect(totals).toEqual(
      sizes.map((size) => ({
        'promises.readdir': 1,
        openSync: size,
        fstatSync: size,
        readSync: size,
        closeSync: size,
        // The executable, and whether there are resources.
        statSync: 2 * size,
        accessSync: size,
      })),
    );
  });

  it('lets the event loop have its turn between bundles', async () => {
    for (let i = 0; i < 6; i++) makeBundle(root(), `plugin-${i}`);
    let turns = 0;
    let isOver = false;
    const turn = () => {
      turns++;
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);
    await new PluginCatalog({ directories: [root()], concurrency: 1 }).scan();
    isOver = true;
    expect(turns).toBeGreaterThanOrEqual(6);
  });

  it('ends between bundles when it is aborted', async () => {
    for (let i = 0; i < 6; i++) makeBundle(root(), `plugin-${i}`);
    const controller = new AbortController();
    const counts = counted();
    const scan = new PluginCatalog({ directories: [root()], concurrency: 2 }).scan({
      signal: controller.signal,
    });
    const wait = () => (counts.has('openSync') ? controller.abort() : setImmediate(wait));
    wait();
    await expect(scan).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect(counts.get('openSync')).toBeLessThan(6);
  });
});
