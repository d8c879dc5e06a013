/** The plugins and hosts of the pages, taken from there and run as a newcomer would. */
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
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

/** The files that a page shows under their names, and which of them it calls executable. */
function files(page: string): { readonly path: string; readonly note: string; readonly text: string }[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return [...text.matchAll(/^`([^`\n]+)`(.*):\n\n```\w+\n([\s\S]*?)^```/gm)].map(
    ([, path, note, content]) => ({
      path: path as string,
      note: note as string,
      text: content as string,
    }),
  );
}

/** Makes the test's directory one where `launchport` is installed. */
function install(): void {
  mkdirSync(join(directory(), 'node_modules'));
  symlinkSync(ROOT, join(directory(), 'node_modules', 'launchport'));
}

/** Runs `host.mjs`; resolves to what it printed. */
async function runHost(): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['host.mjs'], {
    cwd: directory(),
    timeout: 90_000,
    env: {
      PATH: process.env.PATH,
      HOME: directory(),
      LAUNCHPORT_RUNTIME_DIR: join(directory(), 'run'),
    },
  });
  return stdout;
}

it('the host of the README starts the plugin of the README and gets its answer', async () => {
  install();
  const bundle = join(directory(), 'plugins', 'greeter');
  mkdirSync(join(bundle, 'bin'), { recursive: true });
  const [config] = blocks('json');
  const [plugin, host] = blocks('js');
  const stub = blocks('sh').find((block) => block.startsWith('#!'));
  writeFileSync(join(bundle, 'plugin.json'), config ?? '');
  writeFileSync(join(bundle, 'bin', 'greeter'), stub ?? '', { mode: 0o755 });
  writeFileSync(join(bundle, 'greeter.mjs'), plugin ?? '');
  writeFileSync(join(directory(), 'host.mjs'), host ?? '');
  expect(await runHost()).toContain("{ text: 'Hello, Ada!', count: 1 }");
});

it('the host of docs/plugins.md sends its plugin a file, hears of progress, and reads the list', async () => {
  install();
  for (const { path, note, text } of files('docs/plugins.md')) {
    const file = join(directory(), path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    if (note.includes('executable')) chmodSync(file, 0o755);
  }
  const size = readFileSync(join(directory(), 'protocol.mjs')).length;
  expect((await runHost()).split('\n')).toEqual([
    `0 of ${size} bytes`,
    `${size} of ${size} bytes`,
    `{ size: ${size} }`,
    `protocol.mjs: ${size}`,
    '',
  ]);
});
