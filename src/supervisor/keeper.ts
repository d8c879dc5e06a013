/** The keeper: a small process that holds duplicates of all listening sockets while supervisors come and go. */
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { errorText, type Logger } from '../base/index.js';
import { type Handle, KeeperOperation, type SpawnedProcess, type SupervisorPort } from '../native/index.js';
import type { Clock } from './clock.js';
import { settled } from './settled.js';

/** Milliseconds that a keeper waits for the next supervisor before it gives up and the sockets close. */
export const UNATTENDED_MS = 3_600_000;

/** Milliseconds before the second start of a keeper that dies at once; doubled each time, up to the second number. */
const RESTART_MS = 1_000;
const MAX_RESTART_MS = 60_000;

/** Milliseconds that a keeper gets to end when told, before it is killed. */
const END_MS = 2_000;

const SIGKILL = 9;

/** A socket in its keep. */
export interface KeptSocket {
  readonly descriptor: number;
  /** An integer to know it by. */
  readonly tag: number;
}

/** What a keeper needs. */
export interface KeeperOptions {
  readonly port: SupervisorPort;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default {@link UNATTENDED_MS}. */
  readonly unattendedMs?: number;
}

/**
 * The supervisor's end of its keeper. Synchronous; one call takes some ten microseconds, at most two seconds. Nothing
 * throws: a keeper that fails or dies is replaced and gets every socket anew, and until then a crash of the
 * supervisor would lose the clients that wait on idle services.
 */
export class Keeper {
  readonly #path: string;
  readonly #options: KeeperOptions;
  /** What it has, or is to have. */
  readonly #sockets = new Map<string, KeptSocket>();
  readonly #ended = settled<void>();
  #connection = -1;
  #process: SpawnedProcess | undefined;
  #failures = 0;
  #cancelRestart: (() => void) | undefined;
  #isOver = false;

  /** At `directory/keeper`. Nothing happens before {@link attach}. */
  constructor(directory: string, options: KeeperOptions) {
    this.#path = join(directory, 'keeper');
    this.#options = options;
  }

  /**
   * Connects to the keeper of an earlier supervisor, or starts one. Returns the sockets that it has, by name: the port
   * owns their descriptors, and each is to be claimed by {@link store} or given up by {@link remove}.
   */
  attach(): ReadonlyMap<string, KeptSocket> {
    const found = new Map<string, KeptSocket>();
    try {
      if (this.#connect()) this.#takeAll(found);
    } catch (error) {
      this.#failed('does not answer', error);
      return found;
    }
    if (this.#process === undefined) this.#start();
    return found;
  }

  /** Ends the keeper of an earlier supervisor, if there is one. */
  static endOther(directory: string, options: KeeperOptions): void {
    const keeper = new Keeper(directory, options);
    try {
      if (keeper.#connect()) keeper.#ask('end', { operation: KeeperOperation.end });
    } catch (error) {
      keeper.#failed('does not answer', error);
    }
    keeper.close();
  }

  /** True when this is the keeper's process, which ended. */
  exited(process: Handle): boolean {
    if (this.#process?.process !== process) return false;
    this.#process = undefined;
    this.#disconnect();
    if (this.#isOver) {
      this.#ended.resolve();
      return true;
    }
    this.#options.logger.warn('supervisor: the keeper of sockets ended and is replaced');
    this.#startLater();
    return true;
  }

  /** Gives it a duplicate of a socket. */
  store(name: string, socket: KeptSocket): void {
    this.#sockets.set(name, socket);
    this.#ask('store', { operation: KeeperOperation.store, name, ...socket });
  }

  /** Makes it close a socket, which must be done before the socket's name is free for others. */
  remove(name: string): void {
    this.#sockets.delete(name);
    this.#ask('remove', { operation: KeeperOperation.remove, name });
  }

  /** Ends it and with it what it has; resolves when its process is gone. */
  async end(): Promise<void> {
    this.#isOver = true;
    this.#cancelRestart?.();
    this.#ask('end', { operation: KeeperOperation.end });
    this.#disconnect();
    if (this.#process === undefined) return;
    const { port, clock } = this.#options;
    const { process } = this.#process;
    const cancel = clock.schedule(END_MS, () => void port.signal(process, SIGKILL, false));
    await this.#ended.promise;
    cancel();
  }

  /** Stops talking to it; it stays for the next supervisor. */
  close(): void {
    this.#isOver = true;
    this.#cancelRestart?.();
    this.#disconnect();
  }

  #ask(what: string, request: Parameters<SupervisorPort['callKeeper']>[1]): void {
    if (this.#connection < 0) return;
    try {
      const { status } = this.#options.port.callKeeper(this.#connection, request);
      if (status === 0) return;
      this.#options.logger.error(`supervisor: the keeper of sockets refused to ${what}: errno ${status}`, {
        name: request.name,
      });
    } catch (error) {
      this.#failed(`failed to ${what}`, error);
    }
  }

  /** False when there is none. */
  #connect(): boolean {
    const { port } = this.#options;
    this.#connection = port.connectKeeper(this.#path);
    if (this.#connection < 0) return false;
    const { pid } = port.callKeeper(this.#connection, { operation: KeeperOperation.hello });
    const identity = port.processIdentity(pid);
    this.#process ??= identity === undefined ? undefined : port.adopt(pid, identity);
    if (this.#process === undefined) this.#disconnect();
    return this.#process !== undefined;
  }

  #takeAll(found: Map<string, KeptSocket>): void {
    const { port } = this.#options;
    for (let index = 0; ; index += 1) {
      const answer = port.callKeeper(this.#connection, { operation: KeeperOperation.take, index });
      if (answer.status !== 0 || answer.descriptor < 0) return;
      found.set(answer.name, { descriptor: answer.descriptor, tag: answer.tag });
    }
  }

  /** At once, unless it failed before. */
  #startLater(): void {
    this.#cancelRestart?.();
    const delay = this.#failures === 0 ? 0 : Math.min(RESTART_MS * 2 ** (this.#failures - 1), MAX_RESTART_MS);
    this.#failures += 1;
    this.#cancelRestart = this.#options.clock.schedule(delay, () => this.#start());
  }

  #start(): void {
    const { port, unattendedMs = UNATTENDED_MS } = this.#options;
    const nothing = openSync('/dev/null', 'r+');
    let listener = -1;
    try {
      listener = port.createListener(this.#path, 4);
      this.#process = port.spawn({
        file: port.keeperProgram(),
        args: ['launchport-keeper', this.#path, String(unattendedMs)],
        env: [],
        cwd: '/',
        stdio: [nothing, nothing, nothing],
        listeners: [{ name: 'keeper', descriptor: listener }],
        parentDeathSignal: 0,
      });
      this.#connect();
    } catch (error) {
      this.#failed('could not be started', error);
    } finally {
      closeSync(nothing);
      if (listener >= 0) port.closeDescriptor(listener);
    }
    for (const [name, socket] of this.#sockets) this.store(name, socket);
  }

  /** A process that fails once is not asked again: its end brings the next. */
  #failed(what: string, error: unknown): void {
    const { port, logger } = this.#options;
    logger.error(`supervisor: the keeper of sockets ${what}: ${errorText(error)}`, { error });
    this.#disconnect();
    if (this.#process !== undefined) port.signal(this.#process.process, SIGKILL, false);
    else if (!this.#isOver) this.#startLater();
  }

  #disconnect(): void {
    if (this.#connection >= 0) this.#options.port.closeDescriptor(this.#connection);
    this.#connection = -1;
  }
}
