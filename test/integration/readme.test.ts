/** The README's plugin and host, taken from the page and run as a newcomer would. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { useDirectory } from '../plugin/bundles.js';

const ROOT = resolve(import.meta.dirname, '../..');
const directory = useDirectory();

/** The code blocks of the page, in order. */
function blocks(language: string): string[] {
  const page = readFileSync(join(ROOT, 'README.md'), 'utf8');
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(
    (match) => match[1] as string,
  );
}

it('the host of the README starts the plugin of the README and gets its answer', async () => {
  const bundle = join(directory(), 'plugins', 'greeter');
  mkdirSync(join(bundle, 'bin'), { recursive: true });
  mkdirSync(join(directory(), 'node_modules'));
  symlinkSync(ROOT, join(directory(), 'node_modules', 'launchport'));
  const [config] = blocks('json');
  const [plugin, host] = blocks('js');
  const stub = blocks('sh').find((block) => block.startsWith('#!'));
  writeFileSync(join(bundle, 'plugin.json'), config ?? '');
  writeFileSync(join(bundle, 'bin', 'greeter'), stub ?? '', { mode: 0o755 });
  writeFileSync(join(bundle, 'greeter.mjs'), plugin ?? '');
  writeFileSync(join(directory(), 'host.mjs'), host ?? '');
  const { stdout } = await promisify(execFile)(process.execPath, ['host.mjs'], {
    cwd: directory(),
    timeout: 30_000,
    env: {
      PATH: process.env.PATH,
      HOME: directory(),
      LAUNCHPORT_RUNTIME_DIR: join(directory(), 'run'),
    },
  });
  expect(stdout).toContain("{ text: 'Hello, Ada!', count: 1 }");
});
