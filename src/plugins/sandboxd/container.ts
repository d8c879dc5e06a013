/** A container: its states, what each allows, and how it comes to its end. */
import {
  errorText,
  KeyedLock,
  LaunchportError,
  type Logger,
  settlesWithin,
  withDeadline,
} from '../../base/index.js';
import type {
  ContainerStats,
  ContainerStopOptions,
  ProcessConfiguration,
  ProcessInfo,
  SandboxSnapshot,
} from '../../compat/index.js';
import { routeError } from '../../sdk/index.js';
import { type BootedContainer, type BootRequest, type BootSettings, boot } from './boot.js';
import { writeExit } from './container-files.js';
import { ContainerProcess } from './container-process.js';
import { containerSnapshot } from './container-snapshot.js';
import { type Copy, copyIn, copyOut } from './copies.js';
import { type DialledConnection, dial } from './dial.js';
import { processSpec } from './process-spec.js';
import { ProcessTable } from './process-table.js';
import { assertPort, assertTerminalSize } from './ranges.js';
import type { ProcessExit } from './sandbox/index.js';
import { containerProcessInfo, containerStatistics } from './sandbox-numbers.js';
import { signalNumber } from './signals.js';
import { type ClientDescriptors, ProcessIo } from './stdio/process-io.js';

/** What a container is doing. `shuttingDown` is the last. */
export type ContainerState = 'created' | 'booted' | 'running' | 'stopping' | 'stopped' | 'shuttingDown';

/** Exit code of a container that was stopped before its first process ran, as upstream's. */
const NEVER_RUN = 255;
/** Milliseconds for what the system does at once as a rule: to end processes, and what they were in. */
const TEARDOWN_TIMEOUT = 15_000;
/** Milliseconds that a client waits for others to boot or start something. */
const TURN_TIMEOUT = 120_000;

/** One container, from its configuration to its end. Methods throw route errors. */
export class Container {
  readonly id: string;
  readonly #settings: BootSettings;
  readonly #logger: Logger;
  readonly #lock = new KeyedLock();
  readonly #processes = new ProcessTable();
  #state: ContainerState = 'created';
  #booted: BootedContainer | undefined;
  #ending: Promise<void> | undefined;
  /** Aborts when somebody wants the container's end, and its clients are no longer waited for. */
  readonly #hurry = new AbortController();

  constructor(settings: BootSettings) {
    this.id = settings.id;
    this.#settings = settings;
    this.#logger = settings.logger;
  }

  get state(): ContainerState {
    return this.#state;
  }

  /** Makes the sandbox, joins the networks, and prepares the first process. @throws `invalidState` after the first time */
  bootstrap(request: BootRequest): Promise<void> {
    return this.#inTurn(async () => {
      this.#require('bootstrap', 'created');
      const booted = await boot(this.#settings, request);
      this.#booted = booted;
      this.#processes.add(booted.init);
      this.#state = 'booted';
      void booted.sandbox.ended.then(() => this.#end());
    });
  }

  /** Makes a further process. @throws `invalidState`, `invalidArgument` for an id that is taken or an unknown user */
  createProcess(
    id: string,
    configuration: ProcessConfiguration,
    takeDescriptors: () => ClientDescriptors,
  ): Promise<void> {
    return this.#inTurn(async () => {
      const { bundle } = this.#require('createProcess', 'booted', 'running');
      this.#processes.assertFree(id);
      const spec = await processSpec(bundle.root, configuration, bundle.configuration);
      const { environment, logger } = this.#settings;
      const io = new ProcessIo(takeDescriptors(), {
        descriptors: environment.descriptors(),
        logger,
        isTerminal: spec.isTerminal,
        stallTimeout: environment.stallTimeout,
      });
      this.#processes.add(new ContainerProcess(id, spec, io));
    });
  }

  /** Runs a process that was made. @throws `invalidState`, `notFound` */
  start(id: string): Promise<void> {
    return this.#inTurn(() => (id === this.id ? this.#startInit() : this.#startOther(id)));
  }

  /** Resolves when the process has ended; at once with -1 for one that is not known. */
  async wait(id: string): Promise<ProcessExit> {
    const exit = await this.#processes.wait(id);
    // The end of the first process is the container's: whoever hears of it may go on to remove everything.
    if (id === this.id) await this.#ending;
    return exit;
  }

  /** Sends a signal; after SIGKILL, resolves when the end has been seen. @throws `invalidState`, `invalidArgument` */
  async kill(id: string, signalText: string, signal: AbortSignal): Promise<void> {
    const number = signalNumber(signalText);
    this.#require('kill', 'running', 'stopping');
    const process = this.#processes.find(id, 'invalidState');
    process.kill(number);
    if (number !== 9) return;
    if (id === this.id) this.#hurry.abort();
    const late = () => routeError('timeout', `process ${id} is still there after SIGKILL`);
    await withDeadline('kill', { timeout: 60_000, signal }, late, () => this.wait(id));
  }

  /** Sets the size of a process's terminal. @throws `invalidState`, `invalidArgument` for what no terminal has */
  resize(id: string, columns: number, rows: number): void {
    assertTerminalSize(columns, rows);
    this.#require('resize', 'booted', 'running');
    this.#processes.find(id, 'invalidState').resize(columns, rows);
  }

  /** As clients see it. */
  snapshot(): SandboxSnapshot {
    const state = this.#state;
    return containerSnapshot(state === 'running' || state === 'stopping' ? state : 'stopped', this.#booted);
  }

  /**
   * Ends the container: the signal, and when its time is over SIGKILL. Of several at once, each sends its signal and the
   * shortest time counts. Nothing happens when it does not run.
   * @throws `invalidArgument` for an unknown signal
   */
  async stop({ timeoutInSeconds, signal }: ContainerStopOptions): Promise<void> {
    const number = signalNumber(signal ?? this.#booted?.bundle.configuration.stopSignal ?? 'SIGTERM');
    const booted = await this.#inTurn(async () => {
      if (this.#state === 'booted' || this.#state === 'running') this.#state = 'stopping';
      return this.#booted;
    });
    if (booted === undefined) return;
    this.#hurry.abort();
    const { init } = booted;
    if (init.process === undefined || this.#ending !== undefined) return this.#end();
    this.#logger.info('stopping the container', { signal: number, timeoutInSeconds });
    init.kill(number);
    const hasEnded = await settlesWithin(Math.max(0, timeoutInSeconds) * 1000, init.exited);
    if (!hasEnded) init.kill(9);
    await settlesWithin(TEARDOWN_TIMEOUT, init.exited);
    await this.#end();
  }

  /** No more can be asked of it. @throws `invalidState` while it runs */
  shutdown(): void {
    this.#require('shutdown', 'created', 'stopped', 'stopping');
    this.#hurry.abort();
    this.#state = 'shuttingDown';
  }

  /** The process is about to end: the container ends before it, within `timeout` milliseconds or soon after. */
  async terminate(timeout: number): Promise<void> {
    await this.stop({ timeoutInSeconds: timeout / 1000 }).catch((error: unknown) => {
      this.#logger.error('the container could not be stopped', { error: errorText(error) });
    });
    await this.#ending;
  }

  /** @throws `invalidState` before it is booted */
  async statistics(): Promise<ContainerStats> {
    const { sandbox } = this.#require('statistics', 'booted', 'running', 'stopping', 'stopped');
    return containerStatistics(this.id, await sandbox.statistics());
  }

  /** What runs in it. @throws `invalidState` */
  async processes(): Promise<readonly ProcessInfo[]> {
    const { sandbox } = this.#require('processes', 'booted', 'running', 'stopping');
    return (await sandbox.processes()).map(containerProcessInfo);
  }

  /** Connects to a port inside. @throws `invalidArgument`, `invalidState`, `unsupported`, `timeout` */
  async dial(port: number, signal: AbortSignal): Promise<DialledConnection> {
    assertPort(port);
    const { init, isOnHostNetwork } = this.#require('dial', 'running');
    return dial({ port, hostPid: isOnHostNetwork ? undefined : init.process?.hostPid, signal });
  }

  /** Copies from the host. @throws `invalidState`, `invalidArgument`, `notFound` */
  async copyIn(copy: Copy): Promise<void> {
    const { bundle } = this.#require('copyIn', 'booted', 'running');
    if (bundle.configuration.readOnly && this.#state !== 'running') {
      // Its root may be others' too; only inside is it certain that nothing of it can be written.
      throw routeError('invalidState', `container ${this.id} has a read-only root and does not run yet`);
    }
    await copyIn(this.#view(), copy);
  }

  /** Copies to the host. @throws as {@link copyIn} */
  async copyOut(copy: Copy): Promise<void> {
    this.#require('copyOut', 'booted', 'running');
    await copyOut(this.#view(), copy);
  }

  async #startInit(): Promise<void> {
    const { init, sandbox } = this.#require('start', 'booted');
    const { drainGrace, stallTimeout } = this.#settings.environment;
    try {
      await init.start(
        async (spec, stdio) => {
          const process = await sandbox.start(spec, stdio);
          this.#state = 'running';
          return process;
        },
        (io) => io.drained(drainGrace, stallTimeout, this.#hurry.signal),
        (exit) => {
          this.#logger.info('the container has ended', { code: exit.code });
          void this.#end();
        },
      );
    } catch (error) {
      await this.#end();
      throw error;
    }
  }

  async #startOther(id: string): Promise<void> {
    const { sandbox } = this.#require('start', 'booted', 'running');
    const process = this.#processes.find(id, 'notFound');
    this.#require('start', 'running');
    const { drainGrace } = this.#settings.environment;
    await process.start(
      (spec, stdio) => sandbox.exec(spec, stdio),
      (io) => io.exited(drainGrace),
    );
  }

  /** Brings everything down, once. Never rejects. */
  #end(): Promise<void> {
    this.#ending ??= this.#bringDown();
    return this.#ending;
  }

  async #bringDown(): Promise<void> {
    const booted = this.#booted;
    if (booted === undefined) return;
    const { init, networks, log, ports, sandbox } = booted;
    if (this.#state !== 'shuttingDown') this.#state = 'stopping';
    await this.#attempt('end the sandbox', () => sandbox.destroy());
    init.abandon(NEVER_RUN);
    this.#processes.abandon();
    ports[Symbol.dispose]();
    networks.leave();
    // A process that outlives SIGKILL waits for the kernel; nobody can say how it will end.
    if (!(await settlesWithin(TEARDOWN_TIMEOUT, init.exited))) init.lose();
    const exit = await init.exited;
    const { startedAt } = init;
    const record = { id: this.id, exitCode: exit.code, exitedAt: exit.exitedAt };
    await this.#attempt('note how the container ended', () =>
      writeExit(this.#settings.directory, { ...record, ...(startedAt === undefined ? {} : { startedAt }) }),
    );
    await init.ended;
    await log.close();
    booted.transaction[Symbol.dispose]();
    if (this.#state === 'stopping') this.#state = 'stopped';
  }

  async #attempt(what: string, work: () => Promise<void>): Promise<void> {
    const late = () => new LaunchportError('ERR_TIMEOUT', `not done after ${TEARDOWN_TIMEOUT} ms`);
    await withDeadline(what, { timeout: TEARDOWN_TIMEOUT }, late, work).catch((error: unknown) => {
      this.#logger.error(`could not ${what}`, { error: errorText(error) });
    });
  }

  #view(): string {
    const { bundle, init } = this.#booted as BootedContainer;
    return init.process === undefined
      ? bundle.root
      : this.#settings.environment.viewOf(init.process, bundle.root);
  }

  /** @throws `invalidState` in any state but these */
  #require(what: string, ...states: readonly ['created'] | readonly ['created', ...ContainerState[]]): void;
  #require(what: string, ...states: readonly ContainerState[]): BootedContainer;
  #require(what: string, ...states: readonly ContainerState[]): BootedContainer | undefined {
    if (!states.includes(this.#state)) {
      throw routeError('invalidState', `cannot ${what}: container ${this.id} is ${this.#state}`);
    }
    return this.#booted;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const late = () => routeError('timeout', `container ${this.id} is busy`);
    return this.#lock.run(this.id, { timeout: TURN_TIMEOUT }, late, work);
  }
}
