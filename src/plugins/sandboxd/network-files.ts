/** What a container's /etc/hosts, /etc/resolv.conf and /etc/hostname say. */
import type { Attachment, ContainerConfiguration } from '../../compat/index.js';
import type { SandboxFile } from './sandbox/index.js';

/** Contents by path. */
export type NetworkFiles = Readonly<Record<SandboxFile, string>>;

/** All three files of a container with these places on its networks. */
export function networkFiles(
  configuration: ContainerConfiguration,
  attachments: readonly Attachment[],
): NetworkFiles {
  return {
    '/etc/hosts': hostsFile(configuration, attachments),
    '/etc/resolv.conf': resolvFile(configuration, attachments),
    '/etc/hostname': `${containerHostname(configuration)}\n`,
  };
}

/** The first part of its name on its first network, else its id. */
export function containerHostname({ id, networks }: ContainerConfiguration): string {
  const [first] = (networks[0]?.options.hostname ?? '').split('.').filter((part) => part !== '');
  return first ?? id;
}

/** Itself by all its names, at all its addresses; others are the name server's. */
export function hostsFile(configuration: ContainerConfiguration, attachments: readonly Attachment[]): string {
  const lines = [
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'ff00::0\tip6-mcastprefix',
    'ff02::1\tip6-allnodes',
    'ff02::2\tip6-allrouters',
  ];
  const short = containerHostname(configuration);
  // Its own name must lead somewhere on no network either.
  if (attachments.length === 0) lines.push(`127.0.1.1\t${short}`);
  for (const { hostname, ipv4Address, ipv6Address } of attachments) {
    const names = [...new Set([hostname.replace(/\.+$/, ''), short])].filter((name) => name !== '').join(' ');
    for (const cidr of [ipv4Address, ipv6Address])
      if (cidr !== undefined) lines.push(`${addressOf(cidr)}\t${names}`);
  }
  return `${lines.join('\n')}\n`;
}

/** The configured name servers; without any, the gateway of the first network. */
export function resolvFile({ dns }: ContainerConfiguration, attachments: readonly Attachment[]): string {
  const gateway = attachments[0]?.ipv4Gateway;
  const servers =
    dns !== undefined && dns.nameservers.length > 0
      ? dns.nameservers
      : gateway === undefined
        ? []
        : [gateway];
  const search = [...(dns?.domain === undefined ? [] : [dns.domain]), ...(dns?.searchDomains ?? [])];
  const lines = [
    ...servers.map((server) => `nameserver ${server}`),
    ...(search.length === 0 ? [] : [`search ${[...new Set(search)].join(' ')}`]),
    ...(dns === undefined || dns.options.length === 0 ? [] : [`options ${dns.options.join(' ')}`]),
  ];
  // What a configuration says must stay one line each.
  return lines.map((line) => `${line.replaceAll(/[\r\n]+/g, ' ')}\n`).join('');
}

function addressOf(cidr: string): string {
  return cidr.split('/')[0] as string;
}
