/** Names: of plugins and instances, and the launchd labels and Mach services made of them. */
import { assertServiceName, LaunchportError } from '../base/index.js';
import { assertLabel } from '../launchd/index.js';
import type { Plugin, ServiceType } from './config.js';

/** First part of every label and Mach service, as in apple/container. */
export const DEFAULT_PREFIX = 'com.apple.container.';

/** The name whose label is the API server's own. */
export const API_SERVER_NAME = 'apiserver';

/** Longest name of a directory entry, in bytes (NAME_MAX of every file system in use). */
const MAX_NAME_BYTES = 255;

/**
 * Checks that `name` is exactly one ordinary path component: not empty, `.` or `..`, without slash or NUL, and
 * well-formed Unicode of at most 255 bytes.
 * @throws LaunchportError ERR_PLUGIN_NAME
 */
export function assertPluginName(name: string): void {
  const isComponent = name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name);
  if (isComponent && Buffer.byteLength(name) <= MAX_NAME_BYTES && Buffer.from(name).toString() === name)
    return;
  throw new LaunchportError('ERR_PLUGIN_NAME', `not a plugin name: ${JSON.stringify(name)}`, {
    hint: 'A plugin name is the name of its directory: one path component, without slashes.',
    details: { name },
  });
}

const CONTAINER_ID = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/**
 * Checks a container id: 2 to 63 of `A-Z a-z 0-9 _ . -`, first a letter or digit.
 * @throws LaunchportError ERR_PLUGIN_INSTANCE
 */
export function assertContainerId(id: string): void {
  if (id.length <= 63 && CONTAINER_ID.test(id)) return;
  throw new LaunchportError('ERR_PLUGIN_INSTANCE', `not a container id: ${JSON.stringify(id)}`, {
    hint: 'Use 2 to 63 characters from A-Z a-z 0-9 _ . - and start with a letter or digit.',
    details: { id },
  });
}

const NETWORK_NAME = /^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/;

/**
 * Checks a network name: 1 to 63 of `a-z 0-9 . _ -`, first and last a letter or digit; `none` is reserved.
 * @throws LaunchportError ERR_PLUGIN_INSTANCE
 */
export function assertNetworkName(name: string): void {
  if (NETWORK_NAME.test(name) && name !== 'none') return;
  throw new LaunchportError('ERR_PLUGIN_INSTANCE', `not a network name: ${JSON.stringify(name)}`, {
    hint:
      name === 'none'
        ? 'The name none is reserved for containers without a network.'
        : 'Use 1 to 63 characters from a-z 0-9 . _ - and start and end with a letter or digit.',
    details: { id: name },
  });
}

/**
 * The launchd label of a plugin, or of one instance of it: `<prefix><name>[.<instance>]`.
 * @throws LaunchportError ERR_PLUGIN_NAME, ERR_LAUNCHD_LABEL
 */
export function launchdLabel(name: string, instance?: string, prefix = DEFAULT_PREFIX): string {
  assertPluginName(name);
  const label = prefix + qualified(name, instance);
  assertLabel(label);
  return label;
}

/**
 * The Mach service of one service type: `<prefix><type>.<name>[.<instance>]`.
 * @throws LaunchportError ERR_PLUGIN_NAME, ERR_XPC_NAME
 */
export function machServiceName(
  type: ServiceType,
  name: string,
  instance?: string,
  prefix = DEFAULT_PREFIX,
): string {
  assertPluginName(name);
  const service = `${prefix}${type}.${qualified(name, instance)}`;
  assertServiceName(service);
  return service;
}

/**
 * The Mach services of a plugin in declared order, each once; none for a CLI plugin.
 * @throws LaunchportError ERR_XPC_NAME
 */
export function machServices(plugin: Plugin, instance?: string, prefix = DEFAULT_PREFIX): string[] {
  const types = new Set(plugin.config.servicesConfig?.services.map((service) => service.type));
  return [...types].map((type) => machServiceName(type, plugin.name, instance, prefix));
}

/**
 * The Mach service of one type, or undefined when the plugin does not declare the type.
 * @throws LaunchportError ERR_XPC_NAME
 */
export function machService(
  plugin: Plugin,
  type: ServiceType,
  instance?: string,
  prefix = DEFAULT_PREFIX,
): string | undefined {
  const isDeclared = plugin.config.servicesConfig?.services.some((service) => service.type === type) ?? false;
  return isDeclared ? machServiceName(type, plugin.name, instance, prefix) : undefined;
}

/** Who wants which names. */
export interface NameClaim {
  /** Equal for equal claimants, such as `plugin hydra, container web-1`. */
  readonly owner: string;
  readonly label: string;
  readonly services: readonly string[];
}

/**
 * Checks that nobody else has the label or a Mach service of `claim`. Plugin `a` with instance `b` and plugin
 * `a.b` would share theirs, as would the network and the container `x` of one plugin.
 * @throws LaunchportError ERR_PLUGIN_CONFLICT naming both owners
 */
export function assertNoCollision(
  claim: NameClaim,
  others: Iterable<NameClaim>,
  prefix = DEFAULT_PREFIX,
): void {
  const reserved = {
    owner: 'the API server',
    label: prefix + API_SERVER_NAME,
    services: [prefix + API_SERVER_NAME],
  };
  for (const other of [reserved, ...others]) {
    if (other.owner === claim.owner) continue;
    const service = claim.services.find((each) => other.services.includes(each));
    const shared =
      other.label === claim.label ? `label ${claim.label}` : service && `Mach service ${service}`;
    if (shared === undefined) continue;
    throw new LaunchportError(
      'ERR_PLUGIN_CONFLICT',
      `${claim.owner}: ${shared} already belongs to ${other.owner}`,
      {
        hint: 'Use another name for the plugin or the instance.',
        details: { owner: claim.owner, other: other.owner, label: claim.label, service },
      },
    );
  }
}

function qualified(name: string, instance: string | undefined): string {
  return instance === undefined ? name : `${name}.${instance}`;
}
