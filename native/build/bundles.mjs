// Completes the bundles of our own plugins: what the compiler leaves out, their configurations and start scripts.
// src/plugins/NAME/bundle/ goes to dist/plugins/NAME/, beside the compiled modules.
//   node native/build/bundles.mjs
import { cpSync, existsSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const plugins = join(root, 'src/plugins');

for (const { name } of readdirSync(plugins, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
  const bundle = join(plugins, name, 'bundle');
  // Without times: what was copied must not look older than what the tests compare it with.
  if (existsSync(bundle)) cpSync(bundle, join(root, 'dist/plugins', name), { recursive: true });
}
