/** Installs the codec that test/xpc/oracle.test.ts compares with, from the lock file beside this one, unless it is there. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const NAME = 'appium-ios-remotexpc';
const read = (path) => JSON.parse(readFileSync(join(import.meta.dirname, path), 'utf8'));

const wanted = read('package.json').dependencies[NAME];
const installed = join('node_modules', NAME, 'package.json');
if (!existsSync(join(import.meta.dirname, installed)) || read(installed).version !== wanted) {
  // One package of the tree has an install script that the codec does not need.
  const options = ['--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund'];
  execFileSync('npm', ['ci', '--prefix', import.meta.dirname, ...options], { stdio: 'inherit' });
}
