/** The examples of docs/xpc.md, taken from the page and run as they stand: each prints what the page says below it. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { useDirectory } from '../plugin/bundles.js';

const ROOT = resolve(import.meta.dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'docs', 'xpc.md'), 'utf8');
const directory = useDirectory();

/** Each example with the output behind it. */
const examples = [...PAGE.matchAll(/^```js\n(.*?)^```\n\n```text\n(.*?)^```$/gms)].map(
  ([, code, output]) => [code as string, output as string] as const,
);

it('every example of the page has its output', () => {
  expect(examples.length).toBeGreaterThan(0);
  expect(PAGE.match(/^```js$/gm)).toHaveLength(examples.length);
});

it.each(examples.map((example, index) => [index + 1, ...example] as const))(
  'example %i prints what the page says',
  async (_number, code, output) => {
    mkdirSync(join(directory(), 'node_modules'));
    symlinkSync(ROOT, join(directory(), 'node_modules', 'launchport'));
    writeFileSync(join(directory(), 'example.mjs'), code);
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['example.mjs'], {
      cwd: directory(),
      timeout: 90_000,
      env: { ...process.env, LAUNCHPORT_RUNTIME_DIR: join(directory(), 'run') },
    });
    expect(stderr).toBe('');
    expect(stdout).toBe(output);
  },
);
