/** A container's whole configuration, from the options of `run` and `create` and what the image says. */
import { isIP } from 'node:net';
import type { AttachmentConfiguration, ContainerConfiguration } from '../../compat/index.js';
import type { StoredImage } from '../../oci/index.js';
import type { CliContext } from '../context.js';
import { parseSignal } from '../signals.js';
import { parseCapabilities } from './limits.js';
import { type MountOptions, parseMounts } from './mounts.js';
import { attachment, parseNetworks } from './network-attachment.js';
import { parsePairs } from './pairs.js';
import { parsePorts } from './ports.js';
import { initProcess, type ProcessOptions } from './process-configuration.js';
import { MIB, parseSize } from './sizes.js';
import { badValue } from './usage.js';

/** Options of `run` and `create` that end up in the configuration, as typed. */
export interface ConfigurationOptions extends ProcessOptions, MountOptions {
  readonly entrypoint?: string;
  readonly runtime?: string;
  readonly readOnly?: boolean;
  readonly network: readonly string[];
  readonly hostname?: string;
  readonly publish: readonly string[];
  readonly cpus?: number;
  readonly memory?: string;
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  readonly label: readonly string[];
  readonly stopSignal?: string;
  /** False for `--no-dns`. */
  readonly dns: readonly string[] | false;
  readonly dnsDomain?: string;
  readonly dnsOption: readonly string[];
  readonly dnsSearch: readonly string[];
  readonly init?: boolean;
  readonly shmSize?: string;
}

/** What the configuration takes from elsewhere. */
export interface ConfigurationFacts {
  readonly id: string;
  readonly image: StoredImage;
  readonly command: readonly string[];
  /** The runtime when none is named. */
  readonly runtime: string;
  /** Where a container is attached that names no network; undefined for nowhere. */
  readonly defaultNetwork: string | undefined;
}

/** Cores and bytes where nothing else is said; upstream's defaults. */
const DEFAULT_CPUS = 4;
const DEFAULT_MEMORY = 1024 * MIB;

/** Makes the configuration. @throws LaunchportError ERR_USAGE for a value that cannot be read */
export async function containerConfiguration(
  context: CliContext,
  facts: ConfigurationFacts,
  options: ConfigurationOptions,
): Promise<ContainerConfiguration> {
  const { id, image, command, runtime } = facts;
  const stopSignal =
    options.stopSignal === undefined ? image.config.StopSignal : parseSignal(options.stopSignal);
  const dns = dnsOf(options);
  return {
    id,
    image: {
      reference: image.reference,
      descriptor: { mediaType: image.mediaType, digest: image.digest, size: image.size },
    },
    initProcess: await initProcess(context, image.config, command, options),
    mounts: parseMounts(context.cwd, options),
    publishedPorts: parsePorts(options.publish),
    publishedSockets: [],
    labels: parsePairs('--label', options.label),
    sysctls: {},
    networks: networksOf(facts, options),
    ...(dns === undefined ? {} : { dns }),
    rosetta: false,
    platform: image.platform,
    resources: {
      cpus: options.cpus ?? DEFAULT_CPUS,
      memoryInBytes: options.memory === undefined ? DEFAULT_MEMORY : memoryOf(options.memory),
      cpuOverhead: 1,
    },
    runtimeHandler: options.runtime ?? runtime,
    virtualization: false,
    ssh: false,
    readOnly: options.readOnly ?? false,
    useInit: options.init ?? false,
    capAdd: parseCapabilities('--cap-add', options.capAdd),
    capDrop: parseCapabilities('--cap-drop', options.capDrop),
    ...(options.shmSize === undefined ? {} : { shmSize: parseSize('--shm-size', options.shmSize) }),
    ...(stopSignal === undefined || stopSignal === '' ? {} : { stopSignal }),
    creationDate: new Date(),
  };
}

/** Whole mebibytes, as upstream counts memory. */
function memoryOf(text: string): number {
  const bytes = Math.floor(parseSize('--memory', text) / MIB) * MIB;
  if (bytes === 0) throw badValue('--memory', text, 'at least 1M');
  return bytes;
}

function networksOf(
  { id, defaultNetwork }: ConfigurationFacts,
  options: ConfigurationOptions,
): AttachmentConfiguration[] {
  const hostname = options.hostname === undefined ? id : hostnameOf(options.hostname);
  if (options.network.length === 0) {
    return defaultNetwork === undefined ? [] : [attachment({ network: defaultNetwork }, hostname)];
  }
  return parseNetworks(options.network).map((choice) => attachment(choice, hostname));
}

function hostnameOf(text: string): string {
  const isName =
    text.length <= 253 &&
    text.split('.').every((label) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i.test(label));
  if (isName) return text;
  throw badValue('--hostname', text, 'a host name: letters, digits and - between dots');
}

function dnsOf(options: ConfigurationOptions): ContainerConfiguration['dns'] {
  const { dns: nameservers, dnsDomain: domain, dnsOption, dnsSearch } = options;
  if (nameservers === false) {
    if (dnsOption.length + dnsSearch.length === 0 && domain === undefined) return undefined;
    throw badValue('--no-dns', 'other options of DNS', 'either it or them');
  }
  for (const address of nameservers) {
    if (isIP(address) === 0) throw badValue('--dns', address, 'an IP address');
  }
  return {
    nameservers: [...nameservers],
    ...(domain === undefined ? {} : { domain }),
    searchDomains: [...dnsSearch],
    options: [...dnsOption],
  };
}
