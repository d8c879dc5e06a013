/** A plugin told to end, on the real addon: every reply that a handler finished reaches its client. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { PluginHost } from '../../src/harness/index.js';
import { DAEMON_TOML, makeBundle, useDirectory } from '../plugin/bundles.js';

const ROOT = resolve(import.meta.dirname, '../..');
const directory = useDirectory();

/** Answers once it is told to end: ten replies are far more than a socket holds, and no congestion to the addon. */
const SCRIPT = `
import { once } from 'node:events';
import { definePlugin, rawRoute, serve } from 'launchport/sdk';
const told = once(process, 'SIGTERM');
let waiting = 0;
await serve(definePlugin({
  name: 'slow',
  services: {
    core: {
      routes: [
        rawRoute('block', async () => {
          waiting++;
          await told;
          return { data: new Uint8Array(200_000) };
        }),
        rawRoute('count', () => ({ waiting: BigInt(waiting), pid: BigInt(process.pid) })),
      ],
    },
  },
}));
`;

it('a client that does not read for a while gets all replies of a plugin that was told to end', async () => {
  const plugins = join(directory(), 'plugins');
  mkdirSync(join(directory(), 'node_modules'));
  symlinkSync(ROOT, join(directory(), 'node_modules', 'launchport'));
  const bundle = makeBundle(plugins, 'slow', { files: { 'config.toml': DAEMON_TOML, 'slow.mjs': SCRIPT } });
  writeFileSync(join(bundle, 'bin', 'slow'), `#!/bin/sh\nexec node "${join(bundle, 'slow.mjs')}"\n`, {
    mode: 0o755,
  });
  await using host = await PluginHost.start({
    pluginDirectories: [plugins],
    directory: join(directory(), 'run'),
    roots: { app: join(directory(), 'app'), install: join(directory(), 'install') },
    environment: { PATH: process.env.PATH, HOME: directory() },
  });
  await host.harness.load('slow');
  await using client = host.harness.connect('slow', { timeout: 90_000 });
  await client.callRaw('count');
  const calls = Array.from({ length: 10 }, () => client.callRaw('block'));
  const replies = Promise.allSettled(calls);
  const { waiting, pid } = await client.callRaw('count');
  expect(waiting).toBe(10n);
  process.kill(Number(pid), 'SIGTERM');
  // Nothing is read meanwhile: what the socket does not hold waits in the plugin.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
  const outcomes = (await replies).map((each) =>
    each.status === 'fulfilled' ? 'a reply' : each.reason.code,
  );
  expect(outcomes).toEqual(Array.from({ length: 10 }, () => 'a reply'));
});
