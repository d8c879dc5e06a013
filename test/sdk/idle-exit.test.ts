/** Plugins that leave when nobody needs them. */
import { describe, expect, it, vi } from 'vitest';
import { definePlugin, route, streamRoute, x } from '../../src/sdk/index.js';
import { testPlugin } from '../../src/sdk/testing.js';

/** Lets handlers and hooks go on. */
const gates: (() => void)[] = [];
const held = () => new Promise<void>((resolve) => gates.push(resolve));
const open = () => {
  for (const release of gates.splice(0)) release();
};

const plugin = definePlugin({
  name: 'brief',
  idleExit: 30,
  services: {
    core: {
      routes: [
        route('ping', {}, () => {}),
        route('work', {}, held),
        route('hook', {}, (_request, { session }) => void session.onDisconnect(held)),
        streamRoute('stream', { item: { n: x.int64() } }, async function* () {
          yield { n: 1n };
          await held();
        }),
      ],
    },
    auxiliary: { routes: [route('ping', {}, () => {})] },
  },
});

/** Several idle times. A plugin that leaves too early has left by then; one that does not, cannot fail the test. */
const longer = () => new Promise((resolve) => setTimeout(resolve, 150));

describe('a quiet plugin', () => {
  it('exits with 0, though a client is connected', async () => {
    await using kit = await testPlugin(plugin);
    await kit.client('core').call('ping');
    expect(await kit.exited).toBe(0);
    expect(kit.output.join('\n')).toContain('stopping: nothing to do');
  });

  it('exits without ever having had a client', async () => {
    await using kit = await testPlugin(plugin);
    expect(await kit.exited).toBe(0);
  });

  it('stays without the option', async () => {
    const { idleExit: _idleExit, ...rest } = plugin;
    await using kit = await testPlugin(definePlugin(rest));
    await longer();
    await kit.client('core').call('ping');
  });

  it('takes the option of serve before its own', async () => {
    await using kit = await testPlugin(plugin, { idleExit: 60_000 });
    await longer();
    await kit.client('core').call('ping');
  });

  it.each([0, -1, Number.NaN])('refuses %d milliseconds', async (idleExit) => {
    expect(() => definePlugin({ ...plugin, idleExit })).toThrow(RangeError);
    await expect(testPlugin(plugin, { idleExit })).rejects.toThrow(RangeError);
  });
});

describe('a plugin is not quiet', () => {
  it.each(['work', 'stream', 'hook'] as const)('during a %s', async (kind) => {
    await using kit = await testPlugin(plugin);
    const client = kit.client('core');
    const stream = client.stream('stream');
    if (kind === 'work') client.call('work').catch(() => {});
    if (kind === 'stream') await stream.next();
    if (kind === 'hook') {
      await client.call('hook');
      await client.raw.close();
    }
    await vi.waitFor(() => expect(gates).toHaveLength(1));
    await longer();
    expect(kit.output.join('\n')).not.toContain('stopping');
    await kit.client('auxiliary').call('ping');
    open();
    await stream.return();
    expect(await kit.exited).toBe(0);
  });
});
