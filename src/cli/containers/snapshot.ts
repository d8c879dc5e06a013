/** How containers are shown: in JSON as upstream's list has them, and in cells of a table. */
import type { ContainerSnapshot, PublishPort } from '../../compat/index.js';

/** Whether its command runs. */
export function isRunning({ status }: ContainerSnapshot): boolean {
  return status === 'running' || status === 'stopping';
}

/** A container in JSON: what it was made with, and how it is. Dates are ISO 8601. */
export function containerJson(snapshot: ContainerSnapshot): Readonly<Record<string, unknown>> {
  const { configuration, status, networks, startedDate } = snapshot;
  return {
    id: configuration.id,
    configuration,
    status: { state: status, networks, ...(startedDate === undefined ? {} : { startedDate }) },
  };
}

/** The command line, quoted where a shell would need it. */
export function commandText({ configuration }: ContainerSnapshot): string {
  const { executable, arguments: rest } = configuration.initProcess;
  return [executable, ...rest].map(quoted).join(' ');
}

/** Its addresses without the length of the network. */
export function addressText({ networks }: ContainerSnapshot): string {
  return networks.map(({ ipv4Address }) => ipv4Address.split('/')[0]).join(',') || '-';
}

/** Its published ports, as docker shows them. */
export function portText({ configuration }: ContainerSnapshot): string {
  return configuration.publishedPorts.map(onePort).join(', ') || '-';
}

function onePort({ hostAddress, hostPort, containerPort, proto, count }: PublishPort): string {
  const range = (first: number) => (count > 1 ? `${first}-${first + count - 1}` : String(first));
  const address = hostAddress.includes(':') ? `[${hostAddress}]` : hostAddress;
  return `${address}:${range(hostPort)}->${range(containerPort)}/${proto}`;
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
