/** Brings together who takes part: launchport in its ways, the floor and the peers, as far as they can be had. */
import { errorText, isLaunchportError } from '../base/index.js';
import { type Arena, LaunchportParticipant, type Participant } from './contender.js';
import { DISPATCH_QUEUE, FLOOR, LAUNCHPORT, TYPED_ROUTES } from './contender-names.js';
import { type Floor, openFloor } from './floor/floor.js';
import { FloorParticipant } from './floor-participant.js';
import type { Skipped } from './model.js';
import type { Effort, ProgressListener } from './options.js';
import { PeerParticipant } from './peer-participant.js';
import { PEERS, type PeerInfo } from './peers/catalog.js';
import { installPeers } from './peers/install.js';
import type { Pinning } from './pinning.js';
import type { Contender } from './plan.js';
import { PrivateLaunchd } from './private-launchd.js';

/** What they are made from. */
export interface ParticipantsOptions {
  /** A private one, for everything that is written. */
  readonly directory: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly pinning: Pinning;
  readonly effort: Effort;
  readonly hasPeers: boolean;
  /** Gets who does not take part. */
  readonly skipped: Skipped[];
}

/** Everybody, by kind. */
export interface Participants extends AsyncDisposable {
  readonly byKind: ReadonlyMap<Contender, readonly Participant[]>;
  readonly floor: Floor | undefined;
  /** Of every process that is measured. */
  readonly environment: Readonly<Record<string, string>>;
  /** Of compilers and peers. */
  readonly versions: Readonly<Record<string, string>>;
}

/** Of the floor's full measurements, what a quick one takes. */
const QUICK_SHARE = 0.1;

/** Variables of this process that its ends get, too. */
const PASSED = ['PATH', 'HOME', 'USER', 'LOGNAME', 'TMPDIR', 'LAUNCHPORT_ADDON'] as const;

/** @throws LaunchportError ERR_ABORTED; ERR_ADDON_NOT_FOUND and others of `Supervisor.start` */
export async function openParticipants(
  options: ParticipantsOptions,
  progress: ProgressListener,
  signal: AbortSignal,
): Promise<Participants> {
  const { directory, environment, pinning, effort, skipped } = options;
  const arena: Arena = { pinning, environment: passed(environment) };
  progress({ what: 'compiling the floor' });
  const floor = await openFloor(signal).catch((error: unknown) => {
    if (signal.aborted) throw error;
    skipped.push({ name: FLOOR, reason: reasonOf(error) });
    return undefined;
  });
  const peers = options.hasPeers ? await openPeers(options, arena, progress, signal) : [];
  const launchd = await PrivateLaunchd.open(directory, environment);
  const own = (name: string, more?: Readonly<Record<string, string>>) =>
    new LaunchportParticipant(name, arena, launchd, more);
  const share = effort === 'full' ? 1 : QUICK_SHARE;
  return {
    byKind: new Map<Contender, readonly Participant[]>([
      ['direct', [own(LAUNCHPORT)]],
      ['routes', [own(TYPED_ROUTES)]],
      ['queue', [own(DISPATCH_QUEUE, { LAUNCHPORT_DISPATCH_QUEUE: '1' })]],
      ['floor', floor === undefined ? [] : [new FloorParticipant(floor, pinning, share)]],
      ['peers', peers.map(({ participant }) => participant)],
    ]),
    floor,
    environment: arena.environment,
    versions: Object.assign(
      floor === undefined ? {} : { [floor.name]: floor.compiler },
      ...peers.map(({ packages }) => packages),
    ),
    [Symbol.asyncDispose]: () => launchd.close(),
  };
}

/** The peers that are here, or could be installed. */
async function openPeers(
  { directory, skipped }: ParticipantsOptions,
  arena: Arena,
  progress: ProgressListener,
  signal: AbortSignal,
): Promise<readonly { readonly participant: Participant; readonly packages: PeerInfo['packages'] }[]> {
  const installed = await installPeers((what) => progress({ what }), signal).catch((error: unknown) => {
    signal.throwIfAborted();
    skipped.push({ name: 'peers', reason: reasonOf(error) });
    return undefined;
  });
  if (installed === undefined) return [];
  const { folder, skipped: missing } = installed;
  skipped.push(...missing);
  return PEERS.filter(({ name }) => missing.every((each) => each.name !== name)).map((peer) => ({
    participant: new PeerParticipant(peer, arena, { folder, directory }),
    packages: peer.packages,
  }));
}

/** What happened, and what to do about it. */
export function reasonOf(error: unknown): string {
  const hint = isLaunchportError(error) ? error.hint : undefined;
  return hint === undefined ? errorText(error) : `${errorText(error)}. ${hint}`;
}

function passed(environment: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    PASSED.flatMap((name): [string, string][] => {
      const value = environment[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
