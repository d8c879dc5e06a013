/** Definitions of plugins, and what the compiler knows about them. */
import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { machServiceName } from '../../src/plugin/index.js';
import { definePlugin, defineRoute, rawRoute, route, x } from '../../src/sdk/index.js';
import { serviceNames } from '../../src/sdk/service-names.js';

const none = rawRoute('none', () => undefined);

describe('definePlugin', () => {
  it('types each handler by its own shapes', () => {
    const shared = defineRoute('shared', { request: { n: x.int64() }, reply: { ok: x.bool() } });
    definePlugin({
      name: 'typed',
      services: {
        core: {
          routes: [
            route(shared, ({ n }, { plugin }) => {
              expectTypeOf(n).toEqualTypeOf<bigint>();
              expectTypeOf(plugin.pid).toEqualTypeOf<number>();
              return { ok: n > 0n };
            }),
            route('inline', { request: { when: x.date().asDate().optional() } }, async ({ when }) => {
              expectTypeOf(when).toEqualTypeOf<Date | undefined>();
            }),
            // @ts-expect-error the reply lacks a required key
            route('wrong', { reply: { a: x.string() } }, () => ({})),
            // @ts-expect-error the reply has a key of another type
            route('wrong too', { reply: { a: x.json(z.array(z.string())) } }, () => ({ a: [1] })),
          ],
        },
      },
    });
  });

  it.each(['', 'a b', '../x', '.hidden', 'a/b'])('refuses the name %j', (name) => {
    expect(() => definePlugin({ name, services: { core: { routes: [none] } } })).toThrow(
      expect.objectContaining({ code: 'ERR_XPC_NAME' }),
    );
  });

  it('refuses a plugin without service, an unknown type, and a route given twice', () => {
    expect(() => definePlugin({ name: 'a', services: {} })).toThrow('plugin a has no service');
    expect(() => definePlugin({ name: 'a', services: { storage: { routes: [] } } as never })).toThrow(
      'plugin a: no service type storage',
    );
    expect(() => definePlugin({ name: 'a', services: { core: { routes: [none, none] } } })).toThrow(
      'plugin a: route none is given twice',
    );
  });
});

describe('service names', () => {
  const hydra = definePlugin({
    name: 'hydra',
    services: { runtime: { routes: [none] }, network: { routes: [none] } },
  });
  const process = {
    pid: 7,
    args: [],
    env: {},
    hasLaunchd: true,
    writeError: () => {},
    onStopSignal: () => () => {},
    exit: () => {},
  };
  const given = (...names: readonly string[]) => ({
    ...process,
    hasLaunchd: false,
    env: { LISTEN_PID: '7', LISTEN_FDNAMES: names.join(':') },
  });
  const invocation = { isDebug: false, rest: [] };

  it.each([undefined, '1'])('are those the host registers, instance %s', (instance) => {
    const invoked = instance === undefined ? invocation : { ...invocation, instance };
    expect(serviceNames(hydra, invoked, process)).toEqual({
      runtime: machServiceName('runtime', 'hydra', instance),
      network: machServiceName('network', 'hydra', instance),
    });
  });

  it('take their prefix from the sockets given, and the name of a network from its option', () => {
    const sockets = given('org.example.runtime.hydra.n', 'org.example.network.hydra.n');
    expect(serviceNames(hydra, { ...invocation, instance: 'n' }, sockets)).toEqual({
      runtime: 'org.example.runtime.hydra.n',
      network: 'org.example.network.hydra.n',
    });
    const told = given('org.example.runtime.hydra.n', 'net');
    const invoked = { ...invocation, instance: 'n', serviceIdentifier: 'net' };
    expect(serviceNames(hydra, invoked, told).network).toBe('net');
  });

  it('take their prefix from the host where launchd has the sockets', () => {
    const env = { CONTAINER_SERVICE_PREFIX: 'org.example.' };
    const told = { ...process, hasLaunchd: true, env };
    expect(serviceNames(hydra, { ...invocation, instance: 'n' }, told)).toEqual({
      runtime: 'org.example.runtime.hydra.n',
      network: 'org.example.network.hydra.n',
    });
    expect(serviceNames(hydra, invocation, { ...told, env: {} }).runtime).toBe(
      'com.apple.container.runtime.hydra',
    );
  });

  it('say how a plugin is started when there are no sockets', () => {
    const byHand = { ...process, hasLaunchd: false };
    const stale = { ...given('com.apple.container.runtime.hydra'), pid: 8 };
    for (const each of [byHand, stale]) {
      expect(() => serviceNames(hydra, invocation, each)).toThrow(
        expect.objectContaining({
          code: 'ERR_USAGE',
          message: 'plugin hydra was not started by launchport: it has no sockets',
          hint: expect.stringContaining('launchport plugin load hydra'),
        }),
      );
    }
  });

  it('say which service the job lacks', () => {
    const one = given('com.apple.container.runtime.hydra');
    expect(() => serviceNames(hydra, invocation, one)).toThrow(
      expect.objectContaining({
        code: 'ERR_PLUGIN_CONFIG',
        message: 'plugin hydra was not given its Mach service com.apple.container.network.hydra',
      }),
    );
  });
});
