import { describe, expect, it } from 'vitest';
import { fitsDomain, parseJobPlist } from '../../src/launchd/index.js';
import {
  filterEnvironment,
  type JobContext,
  type JobOptions,
  jobArguments,
  jobEnvironment,
  type Plugin,
  planJob,
  pluginJobDefinition,
  resolveRoots,
} from '../../src/plugin/index.js';
import { pluginOf } from './bundles.js';

const P = 'com.apple.container.';
const roots = resolveRoots({ app: '/AR', install: '/IR' }, {});

function plan(plugin: Plugin, options: JobOptions = {}, context: Partial<JobContext> = {}) {
  return planJob(plugin, options, { roots, prefix: P, environment: {}, debug: false, ...context });
}

function argv(...args: Parameters<typeof plan>): string {
  const { definition, plugin } = plan(...args);
  const [binary, ...rest] = definition.ProgramArguments ?? [];
  expect(binary).toBe(plugin.binaryPath);
  return rest.join(' ');
}

describe('arguments', () => {
  it('plugin-system case 30: boot with resources, debug and default arguments', () => {
    const options = { resourcesPath: 'R', debug: true, defaultArguments: ['a', 'b'] };
    expect(jobArguments('bin', options).join(' ')).toBe('bin start --resources R --debug a b');
    const plugin = pluginOf('foo', ['core'], { resourcesPath: '/R', defaultArguments: ['a', 'b'] });
    expect(argv(plugin, {}, { debug: true })).toBe('start --resources /R --debug a b');
  });

  it('plugin-system case 31: start is the default, and not added to given arguments', () => {
    expect(jobArguments('bin')).toEqual(['bin', 'start']);
    expect(jobArguments('bin', { args: ['start', '--x'] })).toEqual(['bin', 'start', '--x']);
    expect(jobArguments('bin', { args: [] })).toEqual(['bin']);
    expect(argv(pluginOf('foo', ['core']), { args: ['go'] })).toBe('go');
  });

  it('plugin-system case 33: a network has its settings first, and default arguments last', () => {
    const plugin = pluginOf('net', ['network'], { resourcesPath: '/R', defaultArguments: ['z'] });
    expect(argv(plugin, { instance: 'default' })).toBe(
      `start --id default --service-identifier ${P}network.net.default --mode nat --resources /R z`,
    );
    const network = {
      mode: 'hostOnly',
      subnet: '10.0.0.0/24',
      subnetV6: 'fd00::/64',
      variant: 'reserved',
    } as const;
    expect(argv(plugin, { instance: 'n1', network, debug: true })).toBe(
      `start --id n1 --service-identifier ${P}network.net.n1 --mode hostOnly --debug ` +
        '--subnet 10.0.0.0/24 --subnet-v6 fd00::/64 --variant reserved --resources /R z',
    );
    expect(argv(plugin, { instance: 'n1', network: { options: { parent: 'eth0', empty: '' } } })).toBe(
      `start --id n1 --service-identifier ${P}network.net.n1 --mode nat ` +
        '--option parent=eth0 --option empty= --resources /R z',
    );
  });

  it('plugin-system case 34: a runtime instance with debug', () => {
    expect(argv(pluginOf('rt', ['runtime']), { instance: 'c1' }, { debug: true })).toBe(
      'start --root /AR/containers/c1 --uuid c1 --debug',
    );
    expect(argv(pluginOf('rt', ['runtime']), { instance: 'c1', debug: false }, { debug: true })).toBe(
      'start --root /AR/containers/c1 --uuid c1',
    );
  });
});

describe('environment', () => {
  it('plugin-system case 35: only CONTAINER_ variables pass, and nothing when none is there', () => {
    expect(filterEnvironment({ CONTAINER_FOO: 'bar', OTHER: 'x' })).toEqual({ CONTAINER_FOO: 'bar' });
    expect(filterEnvironment({})).toEqual({});
    expect(filterEnvironment({ OTHER: 'x' })).toEqual({});
    expect(jobEnvironment({ CONTAINER_FOO: 'bar', OTHER: 'x' }, roots)).toEqual({
      CONTAINER_APP_ROOT: '/AR',
      CONTAINER_FOO: 'bar',
      CONTAINER_INSTALL_ROOT: '/IR',
    });
  });

  it('tells a prefix that is not the usual one, and never that of another host', () => {
    const plugin = pluginOf('foo', ['core']);
    const environment = { CONTAINER_SERVICE_PREFIX: 'org.above.' };
    const variable = (prefix: string) =>
      plan(plugin, {}, { prefix, environment }).definition.EnvironmentVariables?.CONTAINER_SERVICE_PREFIX;
    expect(variable('org.example.')).toBe('org.example.');
    expect(variable(P)).toBeUndefined();
  });

  it('passes the proxy variables in both spellings', () => {
    const proxies = {
      http_proxy: 'a',
      HTTP_PROXY: 'b',
      https_proxy: 'c',
      HTTPS_PROXY: '',
      no_proxy: 'e',
      NO_PROXY: 'f',
    };
    expect(filterEnvironment(proxies)).toEqual(proxies);
  });

  it('plugin-system case 37: what only looks like a passed variable is dropped', () => {
    const dropped = {
      ALL_PROXY: '1',
      Http_Proxy: '1',
      container_x: '1',
      CONTAINER: '1',
      PATH: '1',
      HOME: '1',
    };
    expect(filterEnvironment(dropped)).toEqual({});
  });

  it('plugin-system case 38: a list of the caller replaces the proxy variables', () => {
    const environment = { CUSTOM_KEY: '1', CONTAINER_A: '2', http_proxy: '3' };
    expect(filterEnvironment(environment, ['CUSTOM_KEY'])).toEqual({ CONTAINER_A: '2', CUSTOM_KEY: '1' });
    const { definition } = plan(
      pluginOf('p', ['core']),
      {},
      { environment, passedVariables: ['CUSTOM_KEY'] },
    );
    expect(Object.keys(definition.EnvironmentVariables ?? {})).toEqual(
      ['CONTAINER_APP_ROOT', 'CONTAINER_A', 'CONTAINER_INSTALL_ROOT', 'CUSTOM_KEY'].sort(),
    );
  });

  it('plugin-system case 39: the roots in use win over the environment, and no log root is made up', () => {
    expect(jobEnvironment({ CONTAINER_APP_ROOT: '/x' }, { app: '/y', install: '/i' })).toEqual({
      CONTAINER_APP_ROOT: '/y',
      CONTAINER_INSTALL_ROOT: '/i',
    });
    expect(jobEnvironment({ CONTAINER_LOG_ROOT: 'l' }, roots).CONTAINER_LOG_ROOT).toBe('l');
    expect(jobEnvironment({ CONTAINER_LOG_ROOT: 'l' }, { ...roots, log: '/log' }).CONTAINER_LOG_ROOT).toBe(
      '/log',
    );
  });

  it('does not depend on the order of the variables, so that plists can be compared', () => {
    const first = plan(pluginOf('p', ['core']), {}, { environment: { CONTAINER_A: '1', CONTAINER_B: '2' } });
    const second = plan(pluginOf('p', ['core']), {}, { environment: { CONTAINER_B: '2', CONTAINER_A: '1' } });
    expect(first.plist).toBe(second.plist);
  });
});

describe('definition', () => {
  it('has the keys of apple/container and no others', () => {
    const { definition, plist } = plan(pluginOf('hydra', ['runtime', 'network'], { runAtLoad: true }));
    expect(definition).toEqual({
      Label: `${P}hydra`,
      ProgramArguments: ['/plugins/hydra/bin/hydra', 'start'],
      EnvironmentVariables: { CONTAINER_APP_ROOT: '/AR', CONTAINER_INSTALL_ROOT: '/IR' },
      LimitLoadToSessionType: ['Aqua', 'Background', 'System'],
      RunAtLoad: true,
      MachServices: { [`${P}runtime.hydra`]: true, [`${P}network.hydra`]: true },
    });
    expect(parseJobPlist(plist)).toEqual({ definition, warnings: [] });
  });

  it.each([
    ['gui/501', undefined],
    ['user/501', 'Background'],
    ['system', undefined],
  ] as const)('names the session type of the domain %s and no other', (domain, session) => {
    const { definition } = plan(pluginOf('hydra', ['runtime']), {}, { domain });
    expect(definition.LimitLoadToSessionType).toBe(session);
    expect(fitsDomain(definition, domain)).toBe(true);
  });

  it('plugin-system case 41: waits for a debugger when its label or a dotted prefix of it is named', () => {
    const waits = (label: string, debugLabel: string | undefined) =>
      pluginJobDefinition({
        label,
        arguments: ['/b'],
        environment: {},
        services: [],
        runAtLoad: false,
        debugLabel,
      }).WaitForDebugger;
    expect(waits(`${P}foo.1`, `${P}foo`)).toBe(true);
    expect(waits(`${P}foo`, `${P}foo`)).toBe(true);
    expect(waits(`${P}foobar`, `${P}foo`)).toBeUndefined();
    expect(waits(`${P}foo`, '')).toBeUndefined();
    expect(waits(`${P}foo`, undefined)).toBeUndefined();
    const environment = { CONTAINER_DEBUG_LAUNCHD_LABEL: `${P}foo` };
    expect(plan(pluginOf('foo', ['core']), {}, { environment }).definition.WaitForDebugger).toBe(true);
  });

  it('sends output to a file only when asked', () => {
    const plugin = pluginOf('foo', ['core']);
    expect(plan(plugin).definition).not.toHaveProperty('StandardErrorPath');
    expect(plan(plugin, {}, { outputDirectory: '/logs' }).definition).toMatchObject({
      StandardOutPath: `/logs/${P}foo.log`,
      StandardErrorPath: `/logs/${P}foo.log`,
    });
  });
});

describe('place', () => {
  it('plugin-system case 42: state directory and plist of a singleton, a container and a network', () => {
    const hydra = pluginOf('hydra', ['runtime', 'network']);
    const places = [
      plan(hydra),
      plan(hydra, { instance: 'id', kind: 'container' }),
      plan(hydra, { instance: 'id', kind: 'network' }),
    ];
    expect(places.map((place) => place.stateRoot)).toEqual([
      '/AR/plugin-state/hydra',
      '/AR/containers/id',
      '/AR/networks/id',
    ]);
    expect(places.map((place) => place.plistPath)).toEqual(
      places.map((place) => `${place.stateRoot}/service.plist`),
    );
  });

  it('puts plists into the plist root, named by label', () => {
    const elsewhere = resolveRoots({ app: '/AR', install: '/IR', plist: '/boot' }, {});
    const place = plan(pluginOf('rt', ['runtime']), { instance: 'c1' }, { roots: elsewhere });
    expect(place.plistPath).toBe(`/boot/${P}rt.c1.plist`);
    expect(place.stateRoot).toBe('/AR/containers/c1');
  });

  it('tells the kind of an instance from what the plugin serves', () => {
    expect(plan(pluginOf('rt', ['runtime', 'core']), { instance: 'c1' }).kind).toBe('container');
    expect(plan(pluginOf('net', ['network']), { instance: 'c1' }).kind).toBe('network');
    expect(plan(pluginOf('net', ['network'])).kind).toBe('singleton');
  });

  it.each([
    ['cannot tell', ['runtime', 'network'], { instance: 'c1' }],
    ['cannot tell', ['core'], { instance: 'c1' }],
    ['a singleton has no instances', ['core'], { instance: 'c1', kind: 'singleton' }],
    ['no network is named', ['network'], { kind: 'network' }],
    ['declares no runtime service', ['network'], { instance: 'c1', kind: 'container' }],
    ['declares no network service', ['runtime'], { instance: 'c1', kind: 'network' }],
    ['not a container id: "../c1"', ['runtime'], { instance: '../c1' }],
    ['not a network name: "none"', ['network'], { instance: 'none' }],
  ] as const)('refuses an instance: %s', (message, types, options) => {
    expect(() => plan(pluginOf('p', types), options)).toThrow(
      expect.objectContaining({ code: 'ERR_PLUGIN_INSTANCE', message: expect.stringContaining(message) }),
    );
  });
});
