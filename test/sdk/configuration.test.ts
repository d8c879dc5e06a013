/** A plugin's own settings: typed, from the host or from the files, and what is said when they are wrong. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { configurationOf, definePlugin, route, x } from '../../src/sdk/index.js';
import { testPlugin } from '../../src/sdk/testing.js';
import { z } from '../../src/sdk/zod.js';
import { useDirectory } from '../plugin/bundles.js';

const directory = useDirectory();

const settings = z.object({ greeting: z.string().default('Hello'), limits: z.object({ names: z.int() }) });
const started: unknown[] = [];
const plugin = definePlugin({
  name: 'greeter',
  configuration: settings,
  services: {
    core: {
      routes: [
        route('greet', { reply: { text: x.string() } }, (_request, context) => {
          const { greeting, limits } = configurationOf(context.plugin, settings);
          return { text: `${greeting} to ${limits.names}` };
        }),
      ],
    },
  },
  start({ configuration }) {
    expectTypeOf(configuration).toEqualTypeOf<{ greeting: string; limits: { names: number } }>();
    started.push(configuration);
  },
});

/** Settings as a user writes them; nothing forwards them. */
function writeFiles(user: string): Record<string, string> {
  const app = join(directory(), 'app');
  mkdirSync(join(app, 'config'), { recursive: true });
  writeFileSync(join(app, 'config/config.toml'), user);
  return { CONTAINER_APP_ROOT: app, CONTAINER_INSTALL_ROOT: join(directory(), 'install') };
}

describe('the configuration of a plugin', () => {
  it('is what the schema makes of what the host forwards', async () => {
    await using kit = await testPlugin(plugin, { configuration: { limits: { names: 3 } } });
    expect(started.at(-1)).toEqual({ greeting: 'Hello', limits: { names: 3 } });
    expect(await kit.client('core').call('greet')).toEqual({ text: 'Hello to 3' });
  });

  it('is read from the files where the host forwards nothing', async () => {
    const environment = writeFiles('[plugin.greeter]\ngreeting = "Hi"\nlimits = { names = 2 }\n');
    await using kit = await testPlugin(plugin, { environment, configuration: undefined });
    expect(await kit.client('core').call('greet')).toEqual({ text: 'Hi to 2' });
  });

  it('is undefined without a schema, whatever the user wrote', async () => {
    const { configuration: _, ...rest } = plugin;
    let seen: unknown = 'nothing yet';
    const plain = definePlugin({
      ...rest,
      services: { core: { routes: [] } },
      start: ({ configuration }) => {
        seen = configuration;
      },
    });
    await using _kit = await testPlugin(plain, { configuration: { greeting: 1 } });
    expect(seen).toBeUndefined();
  });

  it('ends the plugin with the exit code for a configuration, naming file, key and reason', async () => {
    const environment = writeFiles('[plugin.greeter]\ngreeting = 7\nlimits = {}\n');
    const failure = testPlugin(plugin, { environment, configuration: undefined });
    const file = join(directory(), 'app/config/config.toml');
    await expect(failure).rejects.toMatchObject({
      code: 'ERR_PLUGIN_CONFIG',
      message: expect.stringContaining(`${file}: greeting: Invalid input: expected string`),
      hint: expect.stringContaining('[plugin.greeter]'),
    });
    await expect(failure).rejects.toThrow(/limits\.names: missing;/);
  });

  it('names the file also of what the host forwarded', async () => {
    const environment = writeFiles('[plugin.greeter]\ngreeting = 7\n');
    await expect(testPlugin(plugin, { environment, configuration: { greeting: 7 } })).rejects.toThrow(
      /app\/config\/config\.toml: greeting:/,
    );
  });

  it.each([
    ['no JSON', '{'],
    ['no object', '[1]'],
  ])('is refused when it is %s', async (_what, text) => {
    const environment = { CONTAINER_PLUGIN_CONFIGURATION: text };
    await expect(testPlugin(plugin, { environment })).rejects.toThrow(/is no JSON object/);
  });
});
