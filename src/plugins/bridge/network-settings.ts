/** What the network is to be, read from the command line that the API server gives its helper. */
import { LaunchportError, type PluginContext } from '../../sdk/index.js';
import { MAX_IPV4_PREFIX } from './address-pool.js';
import { type Ipv4Subnet, type Ipv6Subnet, parseIpv4Subnet, parseIpv6Subnet } from './ip-subnet.js';
import { MAX_IPV6_PREFIX } from './mac-address.js';

/** Settings of one network. */
export interface NetworkSettings {
  readonly id: string;
  readonly mode: 'nat' | 'hostOnly';
  /** Chosen when absent. */
  readonly ipv4Subnet?: Ipv4Subnet;
  /** Chosen when absent. */
  readonly ipv6Subnet?: Ipv6Subnet;
  readonly variant?: string;
  /** All options as given, also those with a meaning here. */
  readonly options: Readonly<Record<string, string>>;
  /** Of its interfaces, in bytes; default the system's. */
  readonly mtu?: number;
  /** Whether interfaces are made where that can be done; not with the option `interfaces=none`. */
  readonly hasInterfaces: boolean;
  /** Nothing leads out of it: `--mode hostOnly`, or the option `internal`. */
  readonly isInternal: boolean;
}

/** Smallest and largest MTU: that of IPv6 (RFC 8200), and what an interface can have. */
export const MTU_RANGE = { min: 1280, max: 65_535 } as const;

/** Set to `none`, no network of this host makes interfaces. */
const INTERFACES_VARIABLE = 'CONTAINER_BRIDGE_INTERFACES';

const NETWORK_NAME = /^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/;
const VALUE_OPTIONS = ['--mode', '--subnet', '--subnet-v6', '--variant'];

/**
 * Reads `--id --mode --subnet --subnet-v6 --variant` and every `--option KEY=VALUE`; `--opt=value` is the same, of a
 * repeated one the last counts. What else there is may be meant for another version: it is logged and ignored.
 * @throws LaunchportError ERR_USAGE
 */
export function networkSettings({ instance, rest, environment, logger }: PluginContext): NetworkSettings {
  if (instance === undefined) throw usage('--id is missing: which network is this?');
  // It becomes the name of a directory.
  if (!NETWORK_NAME.test(instance) || instance === 'none')
    throw usage(`--id ${instance} is no network's name`);
  const { values, options, unknown } = readOptions(rest);
  if (unknown.length > 0) logger.warn('arguments that mean nothing to a network', { arguments: unknown });

  const mode = values['--mode'] ?? 'nat';
  if (mode !== 'nat' && mode !== 'hostOnly') throw usage(`--mode is nat or hostOnly, not ${mode}`);
  const { '--subnet': ipv4, '--subnet-v6': ipv6, '--variant': variant } = values;
  const ipv4Subnet =
    ipv4 === undefined ? undefined : subnet('--subnet', ipv4, parseIpv4Subnet, MAX_IPV4_PREFIX);
  const ipv6Subnet =
    ipv6 === undefined ? undefined : subnet('--subnet-v6', ipv6, parseIpv6Subnet, MAX_IPV6_PREFIX);
  const mtu = readMtu(options.mtu);
  return {
    id: instance,
    mode,
    options,
    hasInterfaces: options.interfaces !== 'none' && environment[INTERFACES_VARIABLE] !== 'none',
    isInternal: mode === 'hostOnly' || isTrue(options.internal),
    ...(ipv4Subnet === undefined ? {} : { ipv4Subnet }),
    ...(ipv6Subnet === undefined ? {} : { ipv6Subnet }),
    ...(variant === undefined ? {} : { variant }),
    ...(mtu === undefined ? {} : { mtu }),
  };
}

interface ReadOptions {
  readonly values: Readonly<Partial<Record<string, string>>>;
  readonly options: Readonly<Record<string, string>>;
  readonly unknown: readonly string[];
}

function readOptions(rest: readonly string[]): ReadOptions {
  const values: Partial<Record<string, string>> = {};
  const options = new Map<string, string>();
  const unknown: string[] = [];
  for (let index = 0; index < rest.length; index++) {
    const arg = rest[index] as string;
    const at = arg.startsWith('--') ? arg.indexOf('=') : -1;
    const name = at < 0 ? arg : arg.slice(0, at);
    if (name !== '--option' && !VALUE_OPTIONS.includes(name)) {
      unknown.push(arg);
      continue;
    }
    const value = at < 0 ? rest[++index] : arg.slice(at + 1);
    if (value === undefined) throw usage(`${name} needs a value`);
    if (name === '--option') options.set(...pair(value));
    else values[name] = value;
  }
  return { values, options: Object.fromEntries(options), unknown };
}

/** Without `=` the whole is the key, as the command line of apple/container has it. */
function pair(text: string): [string, string] {
  const at = text.indexOf('=');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function subnet<S extends { readonly prefix: number }>(
  option: string,
  text: string,
  parse: (text: string) => S,
  maxPrefix: number,
): S {
  let parsed: S;
  try {
    parsed = parse(text);
  } catch (cause) {
    throw usage(`${option} ${text} is no subnet, such as 10.1.2.0/24 or fd01::/64`, cause);
  }
  if (parsed.prefix < 1 || parsed.prefix > maxPrefix) {
    throw usage(`${option} ${text}: the prefix must be 1 to ${maxPrefix}`);
  }
  return parsed;
}

function readMtu(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const mtu = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (mtu >= MTU_RANGE.min && mtu <= MTU_RANGE.max) return mtu;
  throw usage(`--option mtu=${text}: it must be ${MTU_RANGE.min} to ${MTU_RANGE.max}`);
}

function isTrue(text: string | undefined): boolean {
  return text !== undefined && !/^(?:false|no|off|0)$/i.test(text);
}

function usage(message: string, cause?: unknown): LaunchportError {
  return new LaunchportError('ERR_USAGE', message, {
    hint: 'The API server gives these arguments when it registers a network: launchport network create --help.',
    ...(cause === undefined ? {} : { cause }),
  });
}
