/** Jobs for the servers of a benchmark: of a launchd of its own, or on macOS of the user's, under names nobody else has. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type DomainTarget,
  type LaunchControl,
  LaunchctlControl,
  type ServiceTarget,
  sessionLimit,
  writeJobPlist,
} from '../launchd/index.js';
import { Supervisor } from '../supervisor/index.js';

/** Milliseconds that a control call may take. */
const TIMEOUT_MS = 30_000;
/** Seconds from SIGTERM to SIGKILL. */
const EXIT_SECONDS = 2;

/** A server to load. */
export interface BenchJobOptions {
  /** The whole command for a job with these services. */
  readonly command: (services: readonly string[]) => readonly string[];
  /** How many services it has. */
  readonly services: number;
  /** Besides what every job gets. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A loaded job. Its process starts with its first client. */
export interface BenchJob {
  readonly services: readonly string[];
  /** What its process has written to stderr. */
  stderr(): Promise<string>;
  unload(): Promise<void>;
}

/** A launchd with the jobs of one benchmark. */
export class PrivateLaunchd {
  /** What clients need in their environment to find the services. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #control: LaunchControl;
  readonly #supervisor: Supervisor | undefined;
  readonly #domain: DomainTarget;
  readonly #directory: string;
  readonly #loaded = new Set<ServiceTarget>();
  #count = 0;

  private constructor(directory: string, domain: DomainTarget, control: LaunchControl | Supervisor) {
    this.#directory = directory;
    this.#domain = domain;
    this.#control = control;
    this.#supervisor = control instanceof Supervisor ? control : undefined;
    this.environment =
      this.#supervisor === undefined ? {} : { LAUNCHPORT_BOOTSTRAP: this.#supervisor.bootstrapDirectory };
  }

  /** @param directory a private one, for plists, sockets and output. @throws LaunchportError as `Supervisor.start` */
  static async open(directory: string, environment: NodeJS.ProcessEnv): Promise<PrivateLaunchd> {
    const control =
      process.platform === 'darwin'
        ? new LaunchctlControl()
        : await Supervisor.start({ directory: join(directory, 'run'), environment });
    return new PrivateLaunchd(directory, await control.defaultDomain(), control);
  }

  /** Loads a job. @throws LaunchportError of the control */
  async load(options: BenchJobOptions, signal: AbortSignal): Promise<BenchJob> {
    const label = `com.launchport.bench.${process.pid}-${++this.#count}`;
    const services = Array.from({ length: options.services }, (_, index) => `${label}.${index}`);
    const plist = join(this.#directory, `${label}.plist`);
    const output = join(this.#directory, `${label}.stderr`);
    const session = sessionLimit(this.#domain);
    await writeJobPlist(plist, {
      Label: label,
      ProgramArguments: [...options.command(services)],
      MachServices: Object.fromEntries(services.map((service) => [service, true])),
      EnvironmentVariables: { ...options.environment },
      StandardErrorPath: output,
      ExitTimeOut: EXIT_SECONDS,
      ProcessType: 'Interactive',
      ...(session === undefined ? {} : { LimitLoadToSessionType: session }),
    });
    const target = await this.#control.bootstrap(this.#domain, plist, { timeout: TIMEOUT_MS, signal });
    this.#loaded.add(target);
    return {
      services,
      stderr: () => readFile(output, 'utf8').catch(() => ''),
      unload: () => this.#unload(target),
    };
  }

  /** Ends everything. */
  async close(): Promise<void> {
    const targets = [...this.#loaded];
    try {
      await Promise.all(targets.map((target) => this.#unload(target)));
    } finally {
      await this.#supervisor?.stop({ timeout: TIMEOUT_MS });
    }
  }

  async #unload(target: ServiceTarget): Promise<void> {
    if (!this.#loaded.delete(target)) return;
    await this.#control.bootout(target, { timeout: TIMEOUT_MS });
  }
}
