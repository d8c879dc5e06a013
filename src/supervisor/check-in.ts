/** Which of its services a running job has taken: the supervisor looks, for nobody tells it. */
import type { SupervisorPort } from '../native/index.js';
import type { Clock } from './clock.js';
import type { ServiceEndpoint } from './service-registry.js';

/** Milliseconds from a start to the second look, and the longest pause between looks. */
const POLL_MS = { first: 5, longest: 1000 } as const;

/** Watches one process until it has checked in everywhere or `stop` is called. */
export class CheckInWatch {
  readonly #services = new Set<string>();
  readonly #look: () => void;
  readonly #isComplete: () => boolean;
  readonly #clock: Clock;
  #cancel: (() => void) | undefined;

  /** Looks at once, then ever less often; `onCheckIn` is called once per service. */
  constructor(
    pid: number,
    endpoints: readonly ServiceEndpoint[],
    port: SupervisorPort,
    clock: Clock,
    onCheckIn: (service: string) => void,
  ) {
    this.#clock = clock;
    this.#isComplete = () => this.#services.size === endpoints.length;
    this.#look = () => {
      for (const { name, descriptor } of endpoints) {
        if (this.#services.has(name) || port.listenerPid(descriptor) !== pid) continue;
        this.#services.add(name);
        onCheckIn(name);
      }
    };
    this.#poll(POLL_MS.first);
  }

  /** The services taken so far, looked up now. After the process ended this is what it had taken at its end. */
  refresh(): ReadonlySet<string> {
    this.#look();
    return this.#services;
  }

  /** Ends the looking; what was found stays. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #poll(pause: number): void {
    this.#look();
    if (this.#isComplete()) return;
    this.#cancel = this.#clock.schedule(pause, () => this.#poll(Math.min(pause * 2, POLL_MS.longest)));
  }
}
