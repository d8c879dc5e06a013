/** A plugin of this host in upstream's JSON. */
import { pathToFileURL } from 'node:url';
import type { PluginJson } from '../compat/index.js';
import type { Plugin } from '../plugin/index.js';

/** The wire form of a plugin. */
export function toPluginJson(plugin: Plugin): PluginJson {
  const { abstract, author, servicesConfig } = plugin.config;
  return {
    binaryURL: pathToFileURL(plugin.binaryPath).href,
    ...(plugin.resourcesPath === undefined ? {} : { resourceURL: pathToFileURL(plugin.resourcesPath).href }),
    config: {
      abstract,
      ...(author === undefined ? {} : { author }),
      ...(servicesConfig === undefined
        ? {}
        : {
            servicesConfig: {
              loadAtBoot: servicesConfig.loadAtBoot,
              runAtLoad: servicesConfig.runAtLoad,
              services: servicesConfig.services.map(({ type, description }) => ({
                type,
                ...(description === undefined ? {} : { description }),
              })),
              defaultArguments: [...servicesConfig.defaultArguments],
            },
          }),
    },
  };
}
