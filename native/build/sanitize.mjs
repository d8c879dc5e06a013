/**
 * Builds the addon with AddressSanitizer and UndefinedBehaviorSanitizer, apart from the normal build, and runs the
 * native tests against it: `node native/build/sanitize.mjs [vitest arguments]`. Fails when a test fails, when a
 * sanitizer reports an error in any process, or when memory that the addon allocated leaked.
 *
 * Leaks of Node and V8 are not told.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const require = createRequire(import.meta.url);
// node-gyp builds in the folder of binding.gyp, so this is a second one with the same files.
const work = join(root, '.cache', 'sanitize');
const logs = join(work, 'logs');
const addon = join(work, 'build', 'Release', 'launchport.node');

build();
rmSync(logs, { recursive: true, force: true });
mkdirSync(logs, { recursive: true });
const status = test(process.argv.slice(2));
const reports = readReports();
for (const report of reports) console.error(`${report}\n`);
console.log(`sanitize: tests ended with status ${status}; ${reports.length} reports`);
process.exit(status !== 0 ? status : reports.length > 0 ? 1 : 0);

function build() {
  mkdirSync(work, { recursive: true });
  for (const name of ['binding.gyp', 'package.json', 'native', 'node_modules']) {
    if (!existsSync(join(work, name))) symlinkSync(join(root, name), join(work, name));
  }
  const nodeGyp = require.resolve('node-gyp/bin/node-gyp.js');
  const prefix = resolve(dirname(process.execPath), '..');
  const hasHeaders = existsSync(join(prefix, 'include', 'node', 'node_api.h'));
  const headers = hasHeaders ? [`--nodedir=${prefix}`] : [];
  for (const args of [
    ['configure', ...headers, '--', '-Dsanitize=1'],
    ['build', '--jobs=2', ...headers],
  ]) {
    const options = { cwd: work, stdio: ['ignore', 'ignore', 'inherit'] };
    const result = spawnSync(process.execPath, [nodeGyp, '--loglevel=error', ...args], options);
    if (result.status !== 0) process.exit(result.status ?? 1);
  }
}

function test(args) {
  const runtime = spawnSync('gcc', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).stdout.trim();
  const common = `log_path=${join(logs, 'report')}:malloc_context_size=40`;
  const result = spawnSync(
    process.execPath,
    [
      join(root, 'node_modules', 'vitest', 'vitest.mjs'),
      'run',
      '--project',
      'native',
      '--testTimeout=60000',
      '--hookTimeout=60000',
      ...args,
    ],
    {
      cwd: root,
      stdio: 'inherit',
      env: {
        ...process.env,
        LD_PRELOAD: runtime,
        LAUNCHPORT_ADDON: addon,
        ASAN_OPTIONS: `${common}:detect_leaks=1:use_sigaltstack=0:abort_on_error=0`,
        // Leaks do not change how a process ends: the reports are read instead.
        LSAN_OPTIONS: 'exitcode=0',
        UBSAN_OPTIONS: `${common}:print_stacktrace=1`,
      },
    },
  );
  return result.status ?? 1;
}

/** The reports that concern us: every error, and each leak of memory that our code asked for. */
function readReports() {
  return readdirSync(logs).flatMap((name) => {
    const text = readFileSync(join(logs, name), 'utf8');
    if (/ERROR: AddressSanitizer|runtime error:/.test(text)) return [`${name}:\n${text}`];
    return text.split('\n\n').filter((part) => /^(Direct|Indirect) leak/.test(part) && isOurs(part));
  });
}

/** Whether our code allocated it, itself or through Node-API, and not JavaScript that our code called. */
function isOurs(leak) {
  const frames = leak.split('\n').slice(1);
  const first = frames.findIndex((frame) => /native\/(addon|linux)\//.test(frame));
  return first >= 0 && !frames.slice(0, first).some((frame) => / (v8|node)::| Builtins_/.test(frame));
}
