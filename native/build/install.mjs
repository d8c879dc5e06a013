/**
 * npm's install script: makes sure that an addon for this system can be loaded.
 *
 * A prebuilt addon that loads is taken. Else one is built with node-gyp, against the headers that came with Node when
 * they are there. Where that cannot work, a user of the package is told and the install goes on, because the launchd
 * and plugin layers need no addon; in a checkout it fails. `--incremental` builds what changed, and nothing else.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const require = createRequire(import.meta.url);
// Published packages have neither: `files` of package.json leaves them out.
const isCheckout = existsSync(join(root, '.git')) || existsSync(join(root, 'src'));

if (process.platform !== 'darwin' && process.platform !== 'linux') {
  console.warn(`launchport: no addon for ${process.platform}; XPC messaging needs macOS or Linux.`);
  process.exit(0);
}
const isIncremental = process.argv.includes('--incremental');
if (
  !isCheckout &&
  !isIncremental &&
  loads(join(root, 'prebuilds', `${process.platform}-${process.arch}`, 'launchport.node'))
) {
  process.exit(0);
}
const status = build();
if (status !== 0) {
  console.warn(
    'launchport: the addon was not built. It needs Python 3, make and a C++20 compiler; then run:',
  );
  console.warn('  npm rebuild launchport');
  console.warn('Everything but XPC messaging and the embedded supervisor works without it.');
}
process.exit(isCheckout || isIncremental ? status : 0);

function loads(path) {
  if (!existsSync(path)) return false;
  const check = spawnSync(process.execPath, ['-e', 'require(process.argv[1]).open', path], {
    stdio: 'ignore',
  });
  return check.status === 0;
}

function build() {
  const nodeGyp = findNodeGyp();
  if (nodeGyp === undefined) {
    console.warn('launchport: node-gyp was not found.');
    return 1;
  }
  const commands = isIncremental ? ['configure', 'build'] : ['rebuild'];
  const result = spawnSync(process.execPath, [nodeGyp, ...commands, '--jobs=2', ...headerOptions()], {
    cwd: root,
    stdio: 'inherit',
  });
  if (result.error !== undefined) console.warn(`launchport: ${result.error.message}`);
  return result.status ?? 1;
}

/** node-gyp of this package, else the one that npm runs scripts with. */
function findNodeGyp() {
  const candidates = [
    () => require.resolve('node-gyp/bin/node-gyp.js'),
    () => process.env.npm_config_node_gyp,
    () => resolve(dirname(process.env.npm_execpath ?? ''), '../node_modules/node-gyp/bin/node-gyp.js'),
  ];
  for (const candidate of candidates) {
    try {
      const path = candidate();
      if (path !== undefined && existsSync(path)) return path;
    } catch {
      // Not there; the next may be.
    }
  }
  return undefined;
}

/** Headers beside the running Node need no download, and are surely its own. */
function headerOptions() {
  const prefix = resolve(dirname(process.execPath), '..');
  const hasHeaders = existsSync(join(prefix, 'include', 'node', 'node_api.h'));
  return hasHeaders && process.env.npm_config_nodedir === undefined ? [`--nodedir=${prefix}`] : [];
}
