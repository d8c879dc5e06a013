/** `-p [ADDRESS:]HOST:CONTAINER[/PROTOCOL]`: ports of the container that the host offers. */
import { isIPv4, isIPv6 } from 'node:net';
import type { PublishPort } from '../../compat/index.js';
import { badValue } from './usage.js';

/** Most ranges that a container may publish, as upstream has it. */
const MAX_PORTS = 64;
const FORM = '[ADDRESS:]HOSTPORT:CONTAINERPORT[/tcp|udp]; both ports may be ranges of one length';

/** All published ports. @throws LaunchportError ERR_USAGE, also when two take the same port of the host */
export function parsePorts(texts: readonly string[]): PublishPort[] {
  if (texts.length > MAX_PORTS) throw badValue('--publish', `${texts.length} ports`, `at most ${MAX_PORTS}`);
  const ports = texts.map(parsePort);
  ports.forEach((port, index) => {
    const other = ports.slice(0, index).find((before) => isSameRange(before, port));
    if (other !== undefined) throw badValue('--publish', texts[index] ?? '', 'each port of the host once');
  });
  return ports;
}

function parsePort(text: string): PublishPort {
  const parts = /^(?:(\[[^\]]+\]|[^:[\]]+):)?([\d-]+):([\d-]+)(?:\/(\w+))?$/.exec(text);
  if (parts === null) throw badValue('--publish', text, FORM);
  const [, address = '0.0.0.0', host = '', container = '', protocol = 'tcp'] = parts;
  const isBracketed = address.startsWith('[');
  const hostAddress = isBracketed ? address.slice(1, -1) : address;
  const proto = protocol.toLowerCase();
  const [hostPort, count] = parseRange(text, host);
  const [containerPort, containerCount] = parseRange(text, container);
  if (!(isBracketed ? isIPv6 : isIPv4)(hostAddress))
    throw badValue('--publish', text, 'an IP address before the ports');
  if (proto !== 'tcp' && proto !== 'udp') throw badValue('--publish', text, FORM);
  if (count !== containerCount) throw badValue('--publish', text, FORM);
  return { hostAddress, hostPort, containerPort, proto, count };
}

/** The first port of `8080` or `8000-8010`, and how many there are. */
function parseRange(text: string, range: string): readonly [number, number] {
  const parts = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(range);
  const first = Number(parts?.[1]);
  const last = Number(parts?.[2] ?? parts?.[1]);
  if (first >= 1 && first <= last && last <= 65_535) return [first, last - first + 1];
  throw badValue('--publish', text, FORM);
}

function isSameRange(a: PublishPort, b: PublishPort): boolean {
  const isAny = (address: string) => address === '0.0.0.0' || address === '::';
  const isSameAddress = a.hostAddress === b.hostAddress || isAny(a.hostAddress) || isAny(b.hostAddress);
  return (
    a.proto === b.proto &&
    isSameAddress &&
    a.hostPort < b.hostPort + b.count &&
    b.hostPort < a.hostPort + a.count
  );
}
