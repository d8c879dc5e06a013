/** Builds `dist` before tests that start real programs: those load it, as users do, and a stale one proves nothing. */
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

/** Vitest's global setup. @throws Error with what the compiler said */
export default function buildDist(): void {
  if (isFresh()) return;
  try {
    execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.json'], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`dist cannot be built:\n${stdout}${stderr}`, { cause: error });
  }
}

/** Every source has an output that is not older. */
function isFresh(): boolean {
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' });
  return sources
    .filter((path) => path.endsWith('.ts'))
    .every((path) => {
      const output = statSync(join(ROOT, 'dist', path.replace(/\.ts$/, '.js')), { throwIfNoEntry: false });
      return output !== undefined && output.mtimeMs >= statSync(join(ROOT, 'src', path)).mtimeMs;
    });
}
