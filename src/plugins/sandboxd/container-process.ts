/** One process of a container, from its creation to its end. */
import { routeError } from '../../sdk/index.js';
import type { ProcessExit, ProcessSpec, ProcessStdio, SandboxProcess } from './sandbox/index.js';
import type { ProcessIo } from './stdio/process-io.js';

/** Runs a process in a sandbox. */
export type RunProcess = (spec: ProcessSpec, stdio: ProcessStdio) => Promise<SandboxProcess>;

/** Exit code of a process that was never run, or that nobody knows. */
export const UNKNOWN_EXIT = -1;

/** A process that has been made, runs, or has ended. */
export class ContainerProcess {
  readonly id: string;
  /** Resolves when it has ended and its output has been handed on, as far as that goes. Never rejects. */
  readonly ended: Promise<ProcessExit>;
  /** Resolves as {@link ended}, but waits for no output. Never rejects. */
  readonly exited: Promise<ProcessExit>;
  readonly #spec: ProcessSpec;
  readonly #io: ProcessIo;
  readonly #end: (exit: ProcessExit) => void;
  readonly #exits: (exit: ProcessExit) => void;
  #process: SandboxProcess | undefined;
  #startedAt: Date | undefined;
  #isStarting = false;
  #exit: ProcessExit | undefined;

  constructor(id: string, spec: ProcessSpec, io: ProcessIo) {
    this.id = id;
    this.#spec = spec;
    this.#io = io;
    let exits = (_exit: ProcessExit) => {};
    let end = exits;
    this.exited = new Promise((resolve) => {
      exits = resolve;
    });
    this.ended = new Promise((resolve) => {
      end = resolve;
    });
    this.#exits = exits;
    this.#end = (exit) => {
      this.#exit ??= exit;
      exits(exit);
      end(exit);
    };
  }

  /** The process itself, once it runs. */
  get process(): SandboxProcess | undefined {
    return this.#process;
  }

  get startedAt(): Date | undefined {
    return this.#startedAt;
  }

  get hasEnded(): boolean {
    return this.#exit !== undefined;
  }

  /**
   * Runs it. `exited` is called when it has ended, before its output has been handed on, which `drain` waits for.
   * @throws LaunchportError `invalidState` the second time; what `run` fails with, and then it has ended with -1
   */
  async start(
    run: RunProcess,
    drain: (io: ProcessIo) => Promise<void>,
    exited: (exit: ProcessExit) => void = () => {},
  ): Promise<void> {
    if (this.#isStarting || this.hasEnded)
      throw routeError('invalidState', `process ${this.id} was started already`);
    this.#isStarting = true;
    this.#io.giveTo(this.#spec.user.uid, this.#spec.user.gid);
    try {
      this.#process = await run(this.#spec, this.#io.stdio);
    } catch (error) {
      this.abandon();
      throw error;
    }
    this.#startedAt = new Date();
    this.#io.started();
    void this.#process.exited.then(async (exit) => {
      this.#exits(exit);
      exited(exit);
      await drain(this.#io);
      this.#end(exit);
    });
  }

  /** Sends a signal. @throws LaunchportError `invalidState` before its start */
  kill(signal: number): void {
    if (this.hasEnded) return;
    if (this.#process === undefined)
      throw routeError('invalidState', `process ${this.id} has not been started`);
    this.#process.kill(signal);
  }

  /** Sets the size of its terminal; without one nothing happens. */
  resize(columns: number, rows: number): void {
    if (!this.hasEnded) this.#io.resize(columns, rows);
  }

  /** It will never run, if it does not: its descriptors are closed, and it has ended with `code`. */
  abandon(code = UNKNOWN_EXIT): void {
    if (this.#process !== undefined || this.hasEnded) return;
    this.#io.close();
    this.#end({ code, exitedAt: new Date() });
  }

  /** Nobody will learn how it ends. */
  lose(): void {
    this.#io.close();
    this.#end({ code: UNKNOWN_EXIT, exitedAt: new Date() });
  }
}
