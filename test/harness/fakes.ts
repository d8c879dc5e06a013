/** A catalog, a registrar and a control that hold plugins in memory, for tests of the harness alone. */
import { vi } from 'vitest';
import { LaunchportError } from '../../src/base/index.js';
import type { JobStatus } from '../../src/launchd/index.js';
import { createMockBinding } from '../../src/native/mock/index.js';
import {
  assertPluginName,
  isCliPlugin,
  launchdLabel,
  machServices,
  type Plugin,
  type PluginRegistrar,
  type Registration,
  type ServiceType,
} from '../../src/plugin/index.js';
import { XpcTransport } from '../../src/xpc/index.js';

/** A plugin that is nowhere on disk; by default with one core service and loaded at boot. */
export function fakePlugin(
  name: string,
  options: {
    readonly isCli?: boolean;
    readonly loadAtBoot?: boolean;
    readonly types?: readonly ServiceType[];
  } = {},
): Plugin {
  const { isCli = false, loadAtBoot = true, types = ['core'] } = options;
  const servicesConfig = {
    loadAtBoot,
    runAtLoad: false,
    defaultArguments: [],
    services: types.map((type) => ({ type })),
  };
  return {
    name,
    format: 'config.toml',
    layout: 'directory',
    bundlePath: `/plugins/${name}`,
    configPath: `/plugins/${name}/config.toml`,
    binaryPath: `/plugins/${name}/bin/${name}`,
    config: { abstract: name, ...(isCli ? {} : { servicesConfig }) },
  };
}

/** What a harness takes, over `plugins`. Its functions are spies. */
export function fakeParts(plugins: readonly Plugin[]) {
  const registration = (plugin: Plugin, instance?: string): Registration => {
    const label = launchdLabel(plugin.name, instance);
    return {
      plugin,
      kind: instance === undefined ? 'singleton' : 'container',
      ...(instance === undefined ? {} : { instance }),
      label,
      owner: `plugin ${plugin.name}`,
      domain: 'user/501',
      target: `user/501/${label}`,
      services: machServices(plugin, instance),
      plistPath: `/state/${label}/service.plist`,
      stateRoot: `/state/${label}`,
      plist: '',
      outcome: 'loaded',
    };
  };
  const find = async (name: string) => {
    assertPluginName(name);
    const plugin = plugins.find((each) => each.name === name);
    if (plugin !== undefined) return plugin;
    throw new LaunchportError('ERR_PLUGIN_NOT_FOUND', `plugin not found: ${name}`, {
      hint: 'Searched: /plugins',
    });
  };
  return {
    registration,
    transport: new XpcTransport(createMockBinding()),
    catalog: { scan: async () => ({ plugins, diagnostics: [] }), find: vi.fn(find) },
    registrar: {
      register: vi.fn<PluginRegistrar['register']>(async (plugin, options) =>
        isCliPlugin(plugin) ? undefined : registration(plugin, options?.instance),
      ),
      deregister: vi.fn<PluginRegistrar['deregister']>(async () => true),
      restart: vi.fn<PluginRegistrar['restart']>(async () => 1),
    },
    control: { print: vi.fn(async (): Promise<JobStatus | undefined> => undefined) },
    bootstrap: '/bootstrap',
  };
}
