/** A new core or auxiliary plugin: one route, one setting, one count. */
import { daemonMain, type PluginSources, type SourceKit } from './template.js';

/** Its sources. */
export function coreSources(kit: SourceKit, type: 'core' | 'auxiliary'): PluginSources {
  return {
    plugin: `/** What the plugin does: its routes, and what a user may set. */
import { configurationOf, definePlugin, route, x } from 'launchport/sdk';
import { z } from 'launchport/sdk/zod';

/** The user's settings, under [plugin.${kit.name.slice(1, -1)}] of the configuration. */
const settings = z.object({ greeting: z.string().default('Hello') });

let count = 0;

const greet = route(
  'greet',
  { request: { name: x.string() }, reply: { text: x.string(), count: x.int64().asNumber() } },
  ({ name }, { plugin }) => {
    const { greeting } = configurationOf(plugin, settings);
    plugin.logger.debug('greeting', { name });
    return { text: \`\${greeting}, \${name}!\`, count: ++count };
  },
);

export const plugin = definePlugin({
  name: ${kit.name},
  configuration: settings,
  services: { ${type}: { routes: [greet] } },
});
`,
    main: daemonMain(kit),
    test: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startPlugin, testPlugin } from 'launchport/sdk/testing';
import { plugin } from '${kit.module('plugin')}';

test('greets as it is set up, and counts', async () => {
  const running = await testPlugin(plugin, { configuration: { greeting: 'Ahoy' } });
  try {
    const client = running.client('${type}');
    assert.deepEqual(await client.call('greet', { name: 'Ada' }), { text: 'Ahoy, Ada!', count: 1 });
    assert.equal((await client.call('greet', { name: 'Bob' })).count, 2);
  } finally {
    await running.close();
  }
});

test('runs as a job of launchd, and ends in order', async () => {
  const job = await startPlugin(${kit.bundle});
  try {
    const reply = await job.client('${type}').callRaw('greet', { name: 'Ada' });
    assert.deepEqual(reply, { text: 'Hello, Ada!', count: 1n });
    assert.deepEqual(await job.stop(), { code: 0 });
  } finally {
    await job.close();
  }
});
`,
    readme: `It has one route, \`greet\`, and one setting, \`greeting\`.`,
  };
}
