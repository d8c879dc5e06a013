/** What a registration will be, worked out before anything is touched: names, paths and the job. */
import { join } from 'node:path';
import { LaunchportError } from '../base/index.js';
import { buildJobPlist, type DomainTarget, type JobDefinitionInput } from '../launchd/index.js';
import { jobArguments, type NetworkSettings, networkArguments, runtimeArguments } from './arguments.js';
import { hasService, type Plugin } from './config.js';
import { jobEnvironment, withConfiguration, withPrefix } from './environment.js';
import { pluginJobDefinition } from './job-definition.js';
import { launchdLabel, machServiceName, machServices } from './naming.js';
import type { Roots } from './roots.js';

/** `singleton`: one per host; `container` and `network`: one per container or network, with an instance. */
export type RegistrationKind = 'singleton' | 'container' | 'network';

/** Which job of a plugin is meant. */
export interface InstanceOptions {
  /** Container id or network name; none for a singleton. */
  readonly instance?: string;
  /**
   * Default: `singleton` without an instance; with one, what the plugin serves, `container` for a runtime and
   * `network` for a network. A plugin that serves both must be told.
   */
  readonly kind?: RegistrationKind;
}

/** How a job is run. */
export interface JobOptions extends InstanceOptions {
  /** First arguments instead of those that the kind has: `start`, for a singleton. */
  readonly args?: readonly string[];
  /** Passes `--debug`; default that of the registrar. */
  readonly debug?: boolean;
  /** Settings of a network instance. */
  readonly network?: NetworkSettings;
}

/** What all jobs of one registrar share. */
export interface JobContext {
  readonly roots: Roots;
  readonly prefix: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly debug: boolean;
  readonly passedVariables?: readonly string[];
  readonly outputDirectory?: string;
  /** Where jobs are loaded, once that is known. */
  readonly domain?: DomainTarget;
  /** The user's settings for the plugin, as JSON. */
  readonly configuration?: string | undefined;
}

/** Where a job belongs. */
export interface JobPlace {
  readonly kind: RegistrationKind;
  readonly instance?: string;
  readonly label: string;
  /** Its claimant in messages and collision checks: `plugin hydra, container web-1`. */
  readonly owner: string;
  readonly stateRoot: string;
  readonly plistPath: string;
}

/** A job ready to be written. */
export interface JobPlan extends JobPlace {
  readonly plugin: Plugin;
  readonly services: readonly string[];
  readonly definition: JobDefinitionInput;
  /** The definition as XML. */
  readonly plist: string;
}

/**
 * Names and paths of a job.
 * @throws LaunchportError ERR_PLUGIN_NAME, ERR_PLUGIN_INSTANCE, ERR_LAUNCHD_LABEL
 */
export function placeJob(
  plugin: Plugin,
  options: InstanceOptions,
  context: Pick<JobContext, 'roots' | 'prefix'>,
): JobPlace {
  const { instance } = options;
  const kind = kindOf(plugin, options);
  const { roots } = context;
  const stateRoot =
    kind === 'container'
      ? roots.container(instance ?? '')
      : kind === 'network'
        ? roots.network(instance ?? '')
        : roots.pluginState(plugin.name);
  const label = launchdLabel(plugin.name, instance, context.prefix);
  return {
    kind,
    ...(instance === undefined ? {} : { instance }),
    label,
    owner: instance === undefined ? `plugin ${plugin.name}` : `plugin ${plugin.name}, ${kind} ${instance}`,
    stateRoot,
    plistPath:
      roots.plist === undefined ? join(stateRoot, 'service.plist') : join(roots.plist, `${label}.plist`),
  };
}

/**
 * The whole job. Reads nothing and writes nothing, so that bad input is refused before anything changes.
 * @throws LaunchportError ERR_PLUGIN_NAME, ERR_PLUGIN_INSTANCE, ERR_LAUNCHD_LABEL, ERR_XPC_NAME, ERR_LAUNCHD_PLIST
 */
export function planJob(plugin: Plugin, options: JobOptions, context: JobContext): JobPlan {
  const place = placeJob(plugin, options, context);
  const services = machServices(plugin, place.instance, context.prefix);
  const definition = pluginJobDefinition({
    label: place.label,
    arguments: argumentsOf(plugin, place, options, context),
    environment: withPrefix(
      withConfiguration(
        jobEnvironment(context.environment, context.roots, context.passedVariables),
        context.configuration,
      ),
      context.prefix,
    ),
    services,
    domain: context.domain,
    runAtLoad: plugin.config.servicesConfig?.runAtLoad ?? false,
    debugLabel: context.environment.CONTAINER_DEBUG_LAUNCHD_LABEL,
    outputPath:
      context.outputDirectory === undefined ? undefined : join(context.outputDirectory, `${place.label}.log`),
  });
  return { ...place, plugin, services, definition, plist: buildJobPlist(definition) };
}

function argumentsOf(plugin: Plugin, place: JobPlace, options: JobOptions, context: JobContext): string[] {
  const debug = options.debug ?? context.debug;
  // An instance takes --debug among its own first arguments, a singleton after its resources.
  const isSingleton = place.kind === 'singleton';
  return jobArguments(plugin.binaryPath, {
    args: options.args ?? instanceArguments(plugin, place, options, context, debug) ?? ['start'],
    ...(plugin.resourcesPath === undefined ? {} : { resourcesPath: plugin.resourcesPath }),
    debug: debug && isSingleton,
    defaultArguments: plugin.config.servicesConfig?.defaultArguments ?? [],
  });
}

function instanceArguments(
  plugin: Plugin,
  place: JobPlace,
  options: JobOptions,
  context: JobContext,
  debug: boolean,
): string[] | undefined {
  const { kind, instance: id = '', stateRoot: root } = place;
  if (kind === 'singleton') return undefined;
  if (kind === 'container') return runtimeArguments({ root, id, debug });
  const service = machServiceName('network', plugin.name, id, context.prefix);
  return networkArguments({ ...options.network, id, service, debug });
}

function kindOf(plugin: Plugin, options: InstanceOptions): RegistrationKind {
  const { instance } = options;
  const fail = (reason: string, hint: string) =>
    new LaunchportError('ERR_PLUGIN_INSTANCE', `plugin ${plugin.name}: ${reason}`, {
      hint,
      details: { name: plugin.name, ...options },
    });
  const kind = options.kind ?? (instance === undefined ? 'singleton' : servedKind(plugin));
  if (kind === undefined) {
    throw fail(
      `cannot tell whether instance ${JSON.stringify(instance)} is a container or a network`,
      'Name the kind: container needs a runtime service, network a network service.',
    );
  }
  if (kind === 'singleton') {
    if (instance === undefined) return kind;
    throw fail(
      'a singleton has no instances',
      'Leave the instance out, or name the kind container or network.',
    );
  }
  if (instance === undefined) throw fail(`no ${kind} is named`, `Give the ${kind} as the instance.`);
  const type = kind === 'container' ? 'runtime' : 'network';
  if (!hasService(plugin, type)) {
    throw fail(`declares no ${type} service, so it cannot serve a ${kind}`, `Use a plugin of type ${type}.`);
  }
  return kind;
}

function servedKind(plugin: Plugin): RegistrationKind | undefined {
  const isRuntime = hasService(plugin, 'runtime');
  if (isRuntime === hasService(plugin, 'network')) return undefined;
  return isRuntime ? 'container' : 'network';
}
