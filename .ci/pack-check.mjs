/**
 * The package as its users get it: packed, installed into an empty project, imported by every entry point, its
 * command run, its demo run.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const project = mkdtempSync(join(tmpdir(), 'launchport-pack-'));
const run = (file, args, cwd = project) =>
  execFileSync(file, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], timeout: 300_000 });

try {
  const [{ filename, files }] = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', project], root),
  );
  const unwanted = files
    .filter(({ path }) => /^(src|test|build|node_modules|\.)/.test(path))
    .map(({ path }) => path);
  if (unwanted.length > 0) throw new Error(`packed by mistake: ${unwanted.join(', ')}`);
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ name: 'pack-check', private: true, type: 'module' }),
  );
  run('npm', ['install', '--no-audit', '--no-fund', '--foreground-scripts', join(project, filename)]);
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const entry of Object.keys(exports).filter((key) => !key.endsWith('.json'))) {
    const specifier = entry.replace(/^\./, 'launchport');
    const names = run('node', [
      '-e',
      `import('${specifier}').then((m) => console.log(Object.keys(m).length))`,
    ]).trim();
    if (!(Number(names) > 0)) throw new Error(`${specifier} exports nothing`);
    console.log(`${specifier}: ${names} exports`);
  }
  // It is found beside the addon that is loaded.
  const keeper = join(project, 'node_modules', 'launchport', 'build', 'Release', 'launchport-keeper');
  if (process.platform === 'linux' && !existsSync(keeper)) throw new Error(`not installed: ${keeper}`);
  const command = join(project, 'node_modules', '.bin', 'launchport');
  console.log(`launchport ${run(command, ['--version']).trim()}`);
  console.log(run(command, ['demo']));
} finally {
  rmSync(project, { recursive: true, force: true });
}
