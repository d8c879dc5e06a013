/** Brings together who takes part: launchport in its ways, the floor and the peers, as far as they can be had. */
import { errorText, isLaunchportError } from '../base/index.js';
import { type Arena, LaunchportParticipant, type Participant } from './contender.js';
import { DISPATCH_QUEUE, FLOOR, LAUNCHPORT, TYPED_ROUTES } from './contender-names.js';
import { type Floor, openFloor } from './floor/floor.js';
import { FloorParticipant } from './floor-participant.js';
import type { Skipped } from './model.js';
import type { Effort, ProgressListener } from './options.js';
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
      ['peers', []],
    ]),
    floor,
    versions: floor === undefined ? {} : { [floor.name]: floor.compiler },
    [Symbol.asyncDispose]: () => launchd.close(),
  };
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
