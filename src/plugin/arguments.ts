/** The command line of a plugin's job. */

/** What a command line is made of. */
export interface ArgumentOptions {
  /** First arguments; default `start`. Given ones replace it, nothing is put before them. */
  readonly args?: readonly string[];
  readonly resourcesPath?: string;
  /** Adds `--debug` after the resources. */
  readonly debug?: boolean;
  /** Of the config; always last. */
  readonly defaultArguments?: readonly string[];
}

/** The full argument vector, the executable first: order as in apple/container, whose plugins rely on it. */
export function jobArguments(binaryPath: string, options: ArgumentOptions = {}): string[] {
  return [
    binaryPath,
    ...(options.args ?? ['start']),
    ...(options.resourcesPath === undefined ? [] : ['--resources', options.resourcesPath]),
    ...(options.debug ? ['--debug'] : []),
    ...(options.defaultArguments ?? []),
  ];
}

/** What the runtime of one container is started with. */
export interface RuntimeArguments {
  /** State directory of the container. */
  readonly root: string;
  readonly id: string;
  readonly debug?: boolean;
}

/** First arguments of a runtime instance; it makes its Mach service name itself from its own name and the id. */
export function runtimeArguments(options: RuntimeArguments): string[] {
  return ['start', '--root', options.root, '--uuid', options.id, ...(options.debug ? ['--debug'] : [])];
}

/** How a network reaches the world. */
export type NetworkMode = 'nat' | 'hostOnly';

/** Settings of a network that are told to its helper. */
export interface NetworkSettings {
  /** Default `nat`. */
  readonly mode?: NetworkMode;
  /** IPv4 `address/prefix`. */
  readonly subnet?: string;
  /** IPv6 `address/prefix`. */
  readonly subnetV6?: string;
  /** Variant of the plugin's implementation. */
  readonly variant?: string;
  /**
   * Further options of the network, each passed as `--option KEY=VALUE`. apple/container drops them and its own helper
   * takes none, so that a network without options has upstream's very command line.
   */
  readonly options?: Readonly<Record<string, string>>;
}

/** What the helper of one network is started with. */
export interface NetworkArguments extends NetworkSettings {
  readonly id: string;
  /** Its Mach service. */
  readonly service: string;
  readonly debug?: boolean;
}

/** First arguments of a network instance. */
export function networkArguments(options: NetworkArguments): string[] {
  const { id, service, mode = 'nat', debug, subnet, subnetV6, variant, options: pairs = {} } = options;
  return [
    'start',
    ...['--id', id],
    ...['--service-identifier', service],
    ...['--mode', mode],
    ...(debug ? ['--debug'] : []),
    ...(subnet === undefined ? [] : ['--subnet', subnet]),
    ...(subnetV6 === undefined ? [] : ['--subnet-v6', subnetV6]),
    ...(variant === undefined ? [] : ['--variant', variant]),
    ...Object.entries(pairs).flatMap(([key, value]) => ['--option', `${key}=${value}`]),
  ];
}
