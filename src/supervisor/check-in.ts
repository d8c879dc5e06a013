/** Which of its services a running job has taken: the supervisor looks, for nobody tells it. */
import type { SupervisorPort } from '../native/index.js';
import type { Clock } from './clock.js';
import type { ServiceEndpoint } from './service-registry.js';

/**
 * Milliseconds from a start to the second look, and the longest pauses between looks: less while clients are told that
 * there is no such name.
 */
const POLL_MS = { first: 5, longest: 1000, longestHidden: 50 } as const;

/** Watches one process until it has checked in everywhere or `stop` is called. Made before the process. */
export class CheckInWatch {
  readonly #services = new Set<string>();
  readonly #endpoints: readonly ServiceEndpoint[];
  readonly #port: SupervisorPort;
  readonly #clock: Clock;
  /** By descriptor, who listened last before the process was there. */
  readonly #before: ReadonlyMap<number, number>;
  #pid = 0;
  #onCheckIn: (service: string) => void = () => {};
  #cancel: (() => void) | undefined;

  /** `isAdopted`: the process ran before there was this supervisor, so who listens already is it. */
  constructor(endpoints: readonly ServiceEndpoint[], port: SupervisorPort, clock: Clock, isAdopted = false) {
    this.#endpoints = endpoints;
    this.#port = port;
    this.#clock = clock;
    const known = isAdopted ? [] : endpoints;
    this.#before = new Map(known.map(({ descriptor }) => [descriptor, port.listenerPid(descriptor)]));
  }

  /** Looks at once, then ever less often; `onCheckIn` is called once per service. */
  start(pid: number, onCheckIn: (service: string) => void): void {
    this.#pid = pid;
    this.#onCheckIn = onCheckIn;
    this.#poll(POLL_MS.first);
  }

  /** The services taken so far, looked up now. After the process ended this is what it had taken at its end. */
  refresh(): ReadonlySet<string> {
    for (const { name, descriptor } of this.#endpoints) {
      if (this.#services.has(name) || !this.#isTaken(descriptor)) continue;
      this.#services.add(name);
      this.#onCheckIn(name);
    }
    return this.#services;
  }

  /** Ends the looking; what was found stays. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** An earlier run of the same pid cannot be told from this one; better believed idle than running. */
  #isTaken(descriptor: number): boolean {
    return this.#port.listenerPid(descriptor) === this.#pid && this.#before.get(descriptor) !== this.#pid;
  }

  #poll(pause: number): void {
    if (this.refresh().size === this.#endpoints.length) return;
    const isHiding = this.#endpoints.some(({ isHidden }) => isHidden);
    const longest = isHiding ? POLL_MS.longestHidden : POLL_MS.longest;
    this.#cancel = this.#clock.schedule(pause, () => this.#poll(Math.min(pause * 2, longest)));
  }
}
