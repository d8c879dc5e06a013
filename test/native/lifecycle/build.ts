/** Builds the addon of lifecycle rules, in .cache and incrementally: with the sanitizer of the addon under test. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Which sanitizer `native/build/sanitize.mjs` has put into this process; the empty string when none. */
export function sanitizer(environment: NodeJS.ProcessEnv = process.env): '' | 'address' | 'thread' {
  const runtime = environment.LD_PRELOAD ?? '';
  if (runtime.includes('libasan')) return 'address';
  return runtime.includes('libtsan') ? 'thread' : '';
}

/**
 * Builds what changed.
 * @returns the path of the addon
 * @throws Error with what the compiler said
 */
export function buildLifecycleAddon(): string {
  const kind = sanitizer();
  const work = join(root, '.cache', kind === '' ? 'lifecycle' : `lifecycle-${kind}`);
  mkdirSync(work, { recursive: true });
  const links = {
    'binding.gyp': 'test/native/lifecycle/binding.gyp',
    rules: 'test/native/lifecycle',
    native: 'native',
  };
  for (const [name, target] of Object.entries(links)) {
    if (!existsSync(join(work, name))) symlinkSync(join(root, target), join(work, name));
  }
  const prefix = resolve(dirname(process.execPath), '..');
  const hasHeaders = existsSync(join(prefix, 'include', 'node', 'node_api.h'));
  const headers = hasHeaders ? [`--nodedir=${prefix}`] : [];
  run(work, ['configure', ...headers, '--', `-Dsanitizer=${kind}`]);
  run(work, ['build', '--jobs=2', ...headers]);
  return join(work, 'build', 'Release', 'lifecycle.node');
}

function run(cwd: string, args: readonly string[]): void {
  const nodeGyp = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');
  // Tools are not what the sanitizer is for.
  const { LD_PRELOAD: _runtime, ...env } = process.env;
  const result = spawnSync(process.execPath, [nodeGyp, '--loglevel=error', ...args], {
    cwd,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (result.status !== 0) throw new Error(`node-gyp ${args[0]}:\n${result.stdout}${result.stderr}`);
}
