/** Which service of a plugin is meant, and the errors for what is not there. */
import { LaunchportError } from '../base/index.js';
import type { Registration, ServiceType } from '../plugin/index.js';

/** The registration's service of a type. Services are in declared order, one per type. */
export function serviceOf(registration: Registration, type: ServiceType | undefined): string {
  const { plugin, services } = registration;
  const types = [...new Set(plugin.config.servicesConfig?.services.map((service) => service.type))];
  if (type === undefined && types.length > 1) {
    throw new LaunchportError(
      'ERR_USAGE',
      `plugin ${plugin.name} has several services: ${types.join(', ')}`,
      {
        hint: 'Say which type is meant.',
        details: { name: plugin.name, types },
      },
    );
  }
  const service = services[type === undefined ? 0 : types.indexOf(type)];
  if (service === undefined) throw noService(plugin.name, type);
  return service;
}

/** A CLI plugin has no job. */
export function isCommand(name: string, consequence: string): LaunchportError {
  return new LaunchportError('ERR_UNSUPPORTED', `plugin ${name} is a command: ${consequence}`, {
    details: { name },
  });
}

/** The plugin does not serve this type, or nothing at all. */
export function noService(name: string, type: ServiceType | undefined): LaunchportError {
  return new LaunchportError(
    'ERR_USAGE',
    `plugin ${name} has no ${type === undefined ? '' : `${type} `}service`,
    {
      details: { name, ...(type === undefined ? {} : { type }) },
    },
  );
}

/** A name that no plugin can have counts as one that no plugin has. */
export function notFound(name: string, cause: LaunchportError): LaunchportError {
  return new LaunchportError('ERR_PLUGIN_NOT_FOUND', `plugin not found: ${name}`, {
    ...(cause.hint === undefined ? {} : { hint: cause.hint }),
    details: { name },
    cause,
  });
}

/** The plugin, or that instance of it, is not registered by this harness. */
export function notLoaded(name: string, instance?: string): LaunchportError {
  if (instance === undefined) {
    return new LaunchportError('ERR_PLUGIN_NOT_LOADED', `plugin not loaded: ${name}`, {
      hint: 'See what is: launchport plugin list. Load it: launchport plugin load NAME.',
      details: { name },
    });
  }
  return new LaunchportError('ERR_PLUGIN_NOT_LOADED', `plugin ${name} has no instance ${instance}`, {
    hint: 'Register the instance first.',
    details: { name, instance },
  });
}

/** Work on a plugin took too long, or its turn did not come. */
export function lateError(name: string, what: string, timeout: number): LaunchportError {
  return new LaunchportError('ERR_TIMEOUT', `plugin ${name}: ${what} within ${timeout} ms`, {
    details: { plugin: name, timeout },
  });
}
