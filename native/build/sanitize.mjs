/**
 * Builds the addon with sanitizers, apart from the normal build, and runs native tests against it:
 *
 *   node native/build/sanitize.mjs [vitest arguments]            AddressSanitizer and UndefinedBehaviorSanitizer
 *   node native/build/sanitize.mjs --thread [vitest arguments]   ThreadSanitizer, ports with dispatch queues
 *
 * Fails when a test fails, or when a sanitizer reports something that concerns our code in any process: an error, a
 * leak of memory that the addon allocated, a race in which the addon has a part. What Node and V8 do among themselves
 * is not told.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const require = createRequire(import.meta.url);
const isOurFrame = (frame) => /native\/(addon|linux|posix)\//.test(frame);

const ADDRESS = {
  folder: 'sanitize',
  gyp: 1,
  runtime: 'libasan.so',
  environment: (log) => ({
    ASAN_OPTIONS: `${log}:detect_leaks=1:use_sigaltstack=0:abort_on_error=0`,
    // Leaks do not change how a process ends: the reports are read instead.
    LSAN_OPTIONS: 'exitcode=0',
    UBSAN_OPTIONS: `${log}:print_stacktrace=1`,
  }),
  // Of the variants of the conformance suite the two that share least: the others run the same lines once more.
  tests: [
    '--testNamePattern=^(?!the binding contract: Linux addon, (transcoding|dispatch queue(?!, transcoding)))',
  ],
  /** Every error, and each leak of memory that our code asked for, itself or through Node-API. */
  reportsIn(text) {
    if (/ERROR: AddressSanitizer|runtime error:/.test(text)) return [text];
    return text.split('\n\n').filter((part) => {
      if (!/^(Direct|Indirect) leak/.test(part)) return false;
      const frames = part.split('\n').slice(1);
      const first = frames.findIndex(isOurFrame);
      // Not of JavaScript that our code called.
      return first >= 0 && !frames.slice(0, first).some((frame) => / (v8|node)::| Builtins_/.test(frame));
    });
  },
};

const THREAD = {
  folder: 'sanitize-thread',
  gyp: 2,
  runtime: 'libtsan.so',
  environment: (log) => ({
    TSAN_OPTIONS: [
      log,
      // Node, V8 and libuv are not instrumented: of what they do, only locks and system calls are seen.
      'ignore_noninstrumented_modules=1',
      // Races do not change how a process ends: the reports are read instead.
      'exitcode=0',
      // Node starts processes from a process with threads.
      'die_after_fork=0',
      'history_size=4',
    ].join(':'),
    LAUNCHPORT_DISPATCH_QUEUE: '1',
  }),
  // Of the conformance suite only what macOS does: variants without a dispatch queue have one thread.
  tests: [
    ...['conformance', 'threads', 'dispatch-queue'].map((name) => `test/native/${name}.test.ts`),
    '--testNamePattern=^(?!the binding contract: (?!Linux addon, dispatch queue, transcoding))',
  ],
  /** Every report with a frame of ours. */
  reportsIn(text) {
    return text.split(/^=+$/m).filter((part) => part.includes('ThreadSanitizer') && isOurFrame(part));
  },
};

const isThread = process.argv[2] === '--thread';
const sanitizer = isThread ? THREAD : ADDRESS;
// node-gyp builds in the folder of binding.gyp, so this is a second one with the same files.
const work = join(root, '.cache', sanitizer.folder);
const logs = join(work, 'logs');
const addon = join(work, 'build', 'Release', 'launchport.node');

build();
rmSync(logs, { recursive: true, force: true });
mkdirSync(logs, { recursive: true });
const status = test(process.argv.slice(isThread ? 3 : 2));
const reports = readdirSync(logs).flatMap((name) => {
  return sanitizer.reportsIn(readFileSync(join(logs, name), 'utf8')).map((report) => `${name}:\n${report}`);
});
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
    ['configure', ...headers, '--', `-Dsanitize=${sanitizer.gyp}`],
    ['build', '--jobs=2', ...headers],
  ]) {
    const options = { cwd: work, stdio: ['ignore', 'ignore', 'inherit'] };
    const result = spawnSync(process.execPath, [nodeGyp, '--loglevel=error', ...args], options);
    if (result.status !== 0) process.exit(result.status ?? 1);
  }
}

function test(args) {
  const query = spawnSync('gcc', [`-print-file-name=${sanitizer.runtime}`], { encoding: 'utf8' });
  const environment = {
    ...process.env,
    LD_PRELOAD: query.stdout.trim(),
    LAUNCHPORT_ADDON: addon,
    ...sanitizer.environment(`log_path=${join(logs, 'report')}:malloc_context_size=40`),
  };
  const [file, ...wrapper] = launcher(environment);
  const result = spawnSync(
    file,
    [
      ...wrapper,
      join(root, 'node_modules', 'vitest', 'vitest.mjs'),
      'run',
      '--project',
      'native',
      '--testTimeout=60000',
      '--hookTimeout=60000',
      ...(args.length > 0 ? args : sanitizer.tests),
    ],
    { cwd: root, stdio: 'inherit', env: environment },
  );
  return result.status ?? 1;
}

/** Node; where the kernel spreads addresses too widely for ThreadSanitizer, which then ends at once, without that. */
function launcher(environment) {
  const candidates = [
    [process.execPath],
    ['setarch', arch() === 'x64' ? 'x86_64' : 'aarch64', '-R', process.execPath],
  ];
  const runs = ([file, ...args]) => {
    const env = { ...environment, TSAN_OPTIONS: '' };
    return spawnSync(file, [...args, '--eval', ''], { env, stdio: 'ignore' }).status === 0;
  };
  const found = candidates.find(runs);
  if (found === undefined) {
    console.error(`sanitize: node does not start with ${environment.LD_PRELOAD}, nor under setarch -R`);
    process.exit(1);
  }
  return found;
}
