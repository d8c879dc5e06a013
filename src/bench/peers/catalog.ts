/** The peers: other ways of two Node processes to talk, what each needs, and how to get it. */
import { LaunchportError } from '../../base/index.js';
import type { EchoTransport } from '../transport.js';
import { type PeerInfo, peerFolder } from './peer.js';

export type { PeerInfo };

/** With its code, which is loaded only in the processes that use it. */
interface Peer extends PeerInfo {
  readonly load: (folder: string) => Promise<EchoTransport>;
}

const MSGPACKR = { msgpackr: '2.1.4' } as const;

const CATALOG: readonly Peer[] = [
  {
    name: 'net + msgpackr',
    packages: MSGPACKR,
    load: async (folder) => (await import('./net-msgpackr.js')).netMsgpackr(folder),
  },
  {
    name: 'net + JSON',
    packages: {},
    load: async () => (await import('./net-json.js')).netJson(),
  },
  {
    name: 'fork (json)',
    packages: {},
    isStartedByClient: true,
    load: async () => (await import('./fork.js')).forked('json'),
  },
  {
    name: 'fork (advanced)',
    packages: {},
    isStartedByClient: true,
    load: async () => (await import('./fork.js')).forked('advanced'),
  },
  {
    name: 'zeromq',
    packages: { zeromq: '6.8.0', ...MSGPACKR },
    load: async (folder) => (await import('./zeromq.js')).zeromq(folder),
  },
  {
    name: 'gRPC',
    packages: { '@grpc/grpc-js': '1.14.7', protobufjs: '8.8.1' },
    load: async (folder) => (await import('./grpc.js')).grpc(folder),
  },
  {
    name: 'D-Bus',
    packages: { 'dbus-next': '0.10.2' },
    program: { name: 'dbus-daemon', advice: 'Debian: `apt install dbus-daemon`' },
    largest: 1 << 20,
    load: async (folder) => (await import('./dbus.js')).dbus(folder),
  },
  {
    name: 'NATS',
    packages: { nats: '2.29.3', ...MSGPACKR },
    program: { name: 'nats-server', advice: 'Debian: `apt install nats-server`' },
    largest: 16 << 20,
    load: async (folder) => (await import('./nats.js')).nats(folder),
  },
];

/** All peers, in the order of the tables. */
export const PEERS: readonly PeerInfo[] = CATALOG;

/**
 * The transport of a peer. `folder`: what `installPeers` resolved to; peers without packages need none.
 * @throws LaunchportError ERR_USAGE when there is no such peer, or it needs a folder; what its packages throw
 */
export async function peerTransport(name: string, folder: string | undefined): Promise<EchoTransport> {
  const peer = CATALOG.find((candidate) => candidate.name === name);
  if (peer === undefined) throw new LaunchportError('ERR_USAGE', `there is no peer ${name}`);
  if (Object.keys(peer.packages).length === 0) return peer.load('');
  if (folder === undefined) throw new LaunchportError('ERR_USAGE', `${name} is not installed`);
  return peer.load(peerFolder(folder, peer));
}
