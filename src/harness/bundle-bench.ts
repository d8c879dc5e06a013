/** A place to try bundles in: a launchd and roots of its own in a temporary directory, and jobs that can be looked into. */
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from '../base/index.js';
import type { Binding } from '../native/index.js';
import type { JobOptions, Plugin } from '../plugin/index.js';
import { planJob } from '../plugin/index.js';
import { BundleJob } from './bundle-job.js';
import { PluginHost } from './plugin-host.js';

/** How a bench is made; everything has a default. */
export interface BundleBenchOptions {
  /** Of labels and services. Default `com.apple.container.`; on macOS, where launchd is shared, one of its own. */
  readonly prefix?: string;
  /** What jobs inherit a part of; default that of this process, without its roots. */
  readonly environment?: NodeJS.ProcessEnv;
  readonly binding?: Binding;
  readonly logger?: Logger;
}

/** How a bundle is run. */
export interface BundleJobOptions extends JobOptions {
  /** Whether its output is kept; default true. Without, it goes where launchd sends it: nowhere. */
  readonly hasOutput?: boolean;
  /** The user's settings for the plugin, as `[plugin.NAME]` has them. */
  readonly configuration?: Readonly<Record<string, unknown>>;
}

/** Variable that all jobs of a bench have, by which their processes are told from others. */
export const BENCH_VARIABLE = 'CONTAINER_LAUNCHPORT_BENCH';

/** Seconds between starts: launchd's ten would make every test of a restart wait. */
const THROTTLE_SECONDS = 1;

/** Runs bundles as real jobs. Dispose of it to end them and remove the directory. */
export class BundleBench implements AsyncDisposable {
  readonly directory: string;
  readonly host: PluginHost;
  /** Value of {@link BENCH_VARIABLE} in this bench's jobs. */
  readonly mark: string;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #jobs = new Set<BundleJob>();
  #count = 0;

  private constructor(directory: string, host: PluginHost, environment: NodeJS.ProcessEnv, mark: string) {
    this.directory = directory;
    this.host = host;
    this.mark = mark;
    this.#environment = environment;
  }

  /** @throws LaunchportError as `PluginHost.start` */
  static async open(options: BundleBenchOptions = {}): Promise<BundleBench> {
    const directory = await mkdtemp(join(tmpdir(), 'lp-bench-'));
    const mark = randomUUID();
    const own = options.environment ?? process.env;
    const foreign = /^CONTAINER_(APP_ROOT|INSTALL_ROOT|LOG_ROOT|DEBUG_LAUNCHD_LABEL)$|^LAUNCHPORT_/;
    const kept = Object.entries(own).filter(([name]) => !foreign.test(name));
    const environment = { ...Object.fromEntries(kept), [BENCH_VARIABLE]: mark };
    const isShared = options.binding === undefined && process.platform === 'darwin';
    const prefix = options.prefix ?? (isShared ? `com.launchport.bench-${process.pid}.` : undefined);
    try {
      const host = await PluginHost.start({
        directory: join(directory, 'run'),
        roots: { app: join(directory, 'app'), install: join(directory, 'install') },
        environment,
        ...(isShared ? {} : { supervisor: 'embedded' as const }),
        ...(prefix === undefined ? {} : { prefix }),
        ...(options.binding === undefined ? {} : { binding: options.binding }),
        ...(options.logger === undefined ? {} : { logger: options.logger }),
      });
      return new BundleBench(directory, host, environment, mark);
    } catch (error) {
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  /**
   * Loads a plugin's job, as a host would, but for a short `ThrottleInterval`. Nothing runs before its first message.
   * @throws LaunchportError of planning and of the control
   */
  async load(plugin: Plugin, options: BundleJobOptions = {}): Promise<BundleJob> {
    const { hasOutput = true, configuration, ...rest } = options;
    const { control, roots, prefix, bootstrap, transport } = this.host;
    const output = hasOutput ? join(this.directory, `output-${++this.#count}`) : undefined;
    const domain = await control.defaultDomain();
    const plan = planJob(plugin, rest, {
      roots,
      prefix: prefix ?? 'com.apple.container.',
      environment: this.#environment,
      debug: false,
      domain,
      ...(configuration === undefined ? {} : { configuration: JSON.stringify(configuration) }),
    });
    await mkdir(plan.stateRoot, { recursive: true });
    if (output !== undefined) await mkdir(output);
    const place = { control, transport, bootstrap, domain, output, throttle: THROTTLE_SECONDS };
    const job = await BundleJob.load(plan, place, () => this.#jobs.delete(job));
    this.#jobs.add(job);
    return job;
  }

  /** Ends all jobs, killing those that do not end, and removes the directory. */
  async close(): Promise<void> {
    try {
      await Promise.allSettled([...this.#jobs].map((job) => job.unload()));
      await this.host.stop();
    } finally {
      await rm(this.directory, { recursive: true, force: true });
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
