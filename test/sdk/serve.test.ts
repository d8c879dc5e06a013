/** Plugins that run: requests, the end in good order, and starts that fail. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import {
  definePlugin,
  rawRoute,
  route,
  routeError,
  type ServeOptions,
  serve,
  x,
} from '../../src/sdk/index.js';
import { testPlugin } from '../../src/sdk/testing.js';

/** Gates that handlers wait at, in the order they came. */
const gates: (() => void)[] = [];

const hydra = definePlugin({
  name: 'hydra',
  services: {
    runtime: {
      routes: [
        route('greet', { request: { name: x.string() }, reply: { text: x.string() } }, ({ name }) => {
          if (name === '') throw routeError('invalidArgument', 'no name');
          return { text: `hello ${name}` };
        }),
        route('work', {}, async () => {
          await new Promise<void>((resolve) => gates.push(resolve));
        }),
      ],
    },
    network: {
      routes: [
        route(
          'describe',
          {
            reply: {
              instance: x.string().optional(),
              args: x.array(x.string()),
              services: x.array(x.string()),
            },
          },
          (_request, { plugin }) => ({
            instance: plugin.instance,
            args: plugin.args,
            services: Object.values(plugin.services),
          }),
        ),
        rawRoute('echo', (message) => message),
      ],
    },
  },
});

describe('a plugin that runs', () => {
  it('answers on each of its services, with types from its definition', async () => {
    await using kit = await testPlugin(hydra);
    const runtime = kit.client('runtime');
    const reply = await runtime.call('greet', { name: 'Ada' });
    expectTypeOf(reply).toEqualTypeOf<{ readonly text: string }>();
    expect(reply).toEqual({ text: 'hello Ada' });
    await expect(runtime.call('greet', { name: '' })).rejects.toMatchObject({
      code: 'ERR_REMOTE',
      details: { code: 'invalidArgument', message: 'no name' },
    });
    // @ts-expect-error the network has this route, not the runtime
    await expect(runtime.call('describe')).rejects.toMatchObject({ code: 'ERR_ROUTE_UNKNOWN' });
    expect(await kit.client('network').raw.callRaw('echo', { n: 5n })).toEqual({ n: 5n });
  });

  it('knows its instance and names its services after it', async () => {
    await using kit = await testPlugin(hydra, {
      args: ['start', '--root', '/c/web-1', '--uuid', 'web-1', '--x'],
    });
    expect(await kit.client('network').call('describe')).toEqual({
      instance: 'web-1',
      args: ['start', '--root', '/c/web-1', '--uuid', 'web-1', '--x'],
      services: ['com.apple.container.runtime.hydra.web-1', 'com.apple.container.network.hydra.web-1'],
    });
  });
});

describe('the end', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'after %s comes when running handlers have answered',
    async (signal) => {
      await using kit = await testPlugin(hydra);
      const client = kit.client('runtime');
      const work = client.call('work');
      await vi.waitFor(() => expect(gates).toHaveLength(1));
      kit.signal(signal);
      await expect(client.call('greet', { name: 'late' })).rejects.toMatchObject({
        code: 'ERR_XPC_INTERRUPTED',
      });
      gates.pop()?.();
      expect(await work).toEqual({});
      expect(await kit.exited).toBe(0);
      expect(kit.output.at(-1)).toContain('stopped');
    },
  );

  it('comes in time with a handler that does not end', async () => {
    await using kit = await testPlugin(hydra, { grace: 20 });
    const work = kit.client('runtime').call('work');
    const lost = expect(work).rejects.toMatchObject({ code: 'ERR_XPC_INTERRUPTED' });
    await vi.waitFor(() => expect(gates).toHaveLength(1));
    kit.signal('SIGTERM');
    expect(await kit.exited).toBe(0);
    await lost;
    gates.pop()?.();
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('comes at once at a second %s', async (signal, code) => {
    await using kit = await testPlugin(hydra, { grace: 60_000 });
    kit
      .client('runtime')
      .call('work')
      .catch(() => {});
    await vi.waitFor(() => expect(gates).toHaveLength(1));
    kit.signal('SIGTERM');
    kit.signal(signal);
    expect(await kit.exited).toBe(code);
    gates.pop()?.();
  });

  it('runs the stop hook after the last request, and the start hook before the first', async () => {
    const order: string[] = [];
    const hooked = definePlugin({
      name: 'hooked',
      services: { core: { routes: [route('go', {}, () => void order.push('request'))] } },
      start: async ({ services }) => void order.push(`start ${services.core}`),
      stop: () => void order.push('stop'),
    });
    await using kit = await testPlugin(hooked);
    await kit.client('core').call('go');
    kit.signal('SIGTERM');
    await kit.exited;
    expect(order).toEqual(['start com.apple.container.core.hooked', 'request', 'stop']);
  });
});

describe('a start that fails', () => {
  /** A process that notes what happens to it. */
  function noted(over: Partial<NonNullable<ServeOptions['process']>> = {}) {
    const seen = { text: '', codes: [] as number[] };
    const process = {
      pid: 7,
      args: ['start'],
      env: {},
      hasLaunchd: false,
      writeError: (text: string) => {
        seen.text += text;
      },
      onStopSignal: () => () => {},
      exit: (code: number) => void seen.codes.push(code),
      ...over,
    };
    return { seen, process };
  }

  it('by hand says how a plugin is started, and exits with the code for usage', async () => {
    const { seen, process } = noted();
    await expect(serve(hydra, { process })).rejects.toMatchObject({ code: 'ERR_USAGE' });
    expect(seen.text).toMatch(
      /^hydra: plugin hydra was not started by launchport: .*\nA plugin is started on demand/,
    );
    expect(seen.codes).toEqual([2]);
  });

  it('in the start hook exits with 1 and shows where', async () => {
    const failing = definePlugin({
      name: 'failing',
      services: { core: { routes: [] } },
      start: () => {
        throw new Error('no disk');
      },
    });
    await expect(testPlugin(failing)).rejects.toThrow('no disk');
    const { seen, process } = noted({ hasLaunchd: true });
    await expect(serve(failing, { process })).rejects.toThrow('no disk');
    expect(seen.text).toContain('failing: Error: no disk');
    expect(seen.text).toContain('serve.test.ts');
    expect(seen.codes).toEqual([1]);
  });
});

it('logs to a file under the log root, named after the instance', async () => {
  const root = await mkdtemp(join(tmpdir(), 'lp-'));
  try {
    const { pluginLogger } = await import('../../src/sdk/plugin-log.js');
    const errors: string[] = [];
    const process = {
      pid: 1,
      args: [],
      env: { CONTAINER_LOG_ROOT: join(root, 'logs') },
      hasLaunchd: false,
      writeError: (text: string) => void errors.push(text),
      onStopSignal: () => () => {},
      exit: () => {},
    };
    const invocation = { isDebug: false, rest: [] };
    pluginLogger('hydra', invocation, process).info('one');
    pluginLogger('hydra', { ...invocation, instance: 'web-1', isDebug: true }, process).debug('two');
    pluginLogger('hydra', { ...invocation, instance: '../x' }, process).info('three');
    expect(await readFile(join(root, 'logs/hydra.log'), 'utf8')).toMatch(/ info one\n$/);
    expect(await readFile(join(root, 'logs/hydra-web-1.log'), 'utf8')).toMatch(/ debug two\n$/);
    expect(errors).toHaveLength(2);
    expect(errors[1]).toMatch(/ info three\n$/);
  } finally {
    await rm(root, { recursive: true });
  }
});
