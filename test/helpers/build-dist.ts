/** Builds `dist` before tests that start real programs: those load it, as users do, and a stale one proves nothing. */
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

/** Vitest's global setup. @throws Error with what the compiler said */
export default function buildDist(): void {
  if (isFresh()) return;
  try {
    run('node_modules/typescript/bin/tsc', '-p', 'tsconfig.json');
    run('native/build/bundles.mjs');
    run('native/build/report-page.mjs');
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`dist cannot be built:\n${stdout}${stderr}`, { cause: error });
  }
}

function run(script: string, ...args: readonly string[]): void {
  execFileSync(process.execPath, [join(ROOT, script), ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Every source has an output that is not older, be it compiled, put together or copied. */
function isFresh(): boolean {
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true });
  return sources
    .filter((entry) => entry.isFile())
    .every(({ parentPath, name }) => {
      const source = join(parentPath, name);
      const path = relative(join(ROOT, 'src'), source)
        .replace(/\.ts$/, '.js')
        .replace(/^bench\/report\/page\/.*(\.\w+)$/, 'bench/report/page$1')
        .replace(/^(plugins\/[^/]+)\/bundle\//, '$1/');
      const output = statSync(join(ROOT, 'dist', path), { throwIfNoEntry: false });
      return output !== undefined && output.mtimeMs >= statSync(source).mtimeMs;
    });
}
