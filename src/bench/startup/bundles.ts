/** Bundles to find, register and start, written into a directory. */
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../base/index.js';

/** Mach service type of the bundles. */
const TYPE = 'core';

/** Name of the plugin that can be started. */
export const STARTED = 'started';

/** Its route. */
export const ROUTE = 'where';

/** Writes `count` bundles that nothing ever starts. */
export async function writeIdleBundles(directory: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const name = `plugin-${i}`;
    const config = `abstract = "Plugin ${i} of a benchmark"
author = "launchport"

[servicesConfig]
loadAtBoot = false
runAtLoad = false
defaultArguments = ["start"]

[[servicesConfig.services]]
type = "${TYPE}"
description = "A service"
`;
    await writeBundle(directory, name, config, '#!/bin/sh\n');
  }
}

/** Writes a plugin made with the SDK, as `launchport plugin init` makes one: a start script and a program. */
export async function writeStartedBundle(directory: string): Promise<void> {
  const config = `abstract = "A plugin that starts"

[servicesConfig]
loadAtBoot = false
runAtLoad = false
defaultArguments = []
services = [{ type = "${TYPE}" }]
`;
  const script = '#!/bin/sh\nexec node "$' + '{0%/*}/../main.mjs" "$@"\n';
  const bundle = await writeBundle(directory, STARTED, config, script);
  const program = `import { definePlugin, route, serve, x } from 'launchport/sdk';

await serve(
  definePlugin({
    name: '${STARTED}',
    services: {
      ${TYPE}: {
        routes: [route('${ROUTE}', { request: {}, reply: { pid: x.int64().asNumber() } }, () => ({ pid: process.pid }))],
      },
    },
  }),
);
`;
  await writeFile(join(bundle, 'main.mjs'), program);
  // Where a bundle finds the SDK, as after `npm install launchport`.
  await mkdir(join(bundle, 'node_modules'));
  await symlink(packageRoot(), join(bundle, 'node_modules', 'launchport'));
}

async function writeBundle(directory: string, name: string, config: string, script: string): Promise<string> {
  const bundle = join(directory, name);
  const program = join(bundle, 'bin', name);
  await mkdir(join(bundle, 'bin'), { recursive: true });
  await writeFile(join(bundle, 'config.toml'), config);
  await writeFile(program, script);
  await chmod(program, 0o755);
  return bundle;
}
