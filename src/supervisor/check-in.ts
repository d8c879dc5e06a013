/** Which of its services a running job has taken: the supervisor looks, for nobody tells it. */
import type { SupervisorPort } from '../native/index.js';
import type { Clock } from './clock.js';
import type { ServiceEndpoint } from './service-registry.js';

/** Milliseconds from a start to the second look, and the longest pause between looks. */
const POLL_MS = { first: 5, longest: 1000 } as const;

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

  constructor(endpoints: readonly ServiceEndpoint[], port: SupervisorPort, clock: Clock) {
    this.#endpoints = endpoints;
    this.#port = port;
    this.#clock = clock;
    this.#before = new Map(endpoints.map(({ descriptor }) => [descriptor, port.listenerPid(descriptor)]));
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
    this.#cancel = this.#clock.schedule(pause, () => this.#poll(Math.min(pause * 2, POLL_MS.longest)));
  }
}
