/** A process in a sandbox: launchport-sandbox joins the namespaces, starts it, and tells what becomes of it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { LaunchportError, type Logger } from '../../../../base/index.js';
import type { ProcessExit, ProcessStdio, SandboxProcess } from '../sandbox.js';
import { parseStat } from './proc-text.js';

/** Time to join and start, milliseconds: it takes a few, but a machine may be busy. */
const START_MS = 60_000;

/** What to enter, and with what. */
export interface EnterOptions {
  readonly helper: string;
  /** In the order in which they are joined, as "user,mnt,pid". */
  readonly namespaces: string;
  /** An open descriptor of /proc/PID of the sandbox's first process. */
  readonly process: number;
  /** Open cgroup.procs files of the groups to join. */
  readonly groups: readonly number[];
  readonly description: Uint8Array;
  readonly logger: Logger;
  /** Gets the processor time of the process and what it waited for, microseconds, when it has ended. */
  readonly onUsage: (usec: bigint) => void;
}

/**
 * Starts a process; the descriptors are duplicated before this returns. Resolves when the process runs, or was found not
 * to be runnable.
 * @throws LaunchportError ERR_SANDBOX when the sandbox could not be entered, ERR_TIMEOUT
 */
export function enterSandbox(options: EnterOptions, stdio: ProcessStdio): Promise<EnteredProcess> {
  const last = 5 + options.groups.length;
  const child = spawn(options.helper, ['enter', options.namespaces, String(last)], {
    // Descriptor 5 stays closed: the program has a use of its own for it.
    stdio: [stdio.stdin, stdio.stdout, stdio.stderr, 'pipe', options.process, 'ignore', ...options.groups],
    env: {},
    cwd: '/',
    // A terminal's interrupt is for the process, which hears it by its own terminal, or not at all.
    detached: true,
  });
  return new EnteredProcess(child, options).started;
}

/** One that was started; see {@link SandboxProcess}. */
export class EnteredProcess implements SandboxProcess {
  readonly exited: Promise<ProcessExit>;
  readonly started: Promise<EnteredProcess>;
  readonly #options: EnterOptions;
  #hostPid = 0;
  #startTicks: bigint | undefined;
  #exit: ProcessExit | undefined;
  #resolveExit: (exit: ProcessExit) => void = () => {};
  #settleStart: (problem?: LaunchportError) => void = () => {};

  constructor(child: ChildProcess, options: EnterOptions) {
    this.#options = options;
    this.exited = new Promise((resolve) => {
      this.#resolveExit = resolve;
    });
    this.started = new Promise((resolve, reject) => {
      this.#settleStart = (problem) => (problem === undefined ? resolve(this) : reject(problem));
    });
    const timer = setTimeout(() => {
      this.#settleStart(new LaunchportError('ERR_TIMEOUT', 'the sandbox did not start a process in time'));
      child.kill('SIGKILL');
    }, START_MS);
    const stop = () => clearTimeout(timer);
    this.started.then(stop, stop);
    child.once('error', (error) => this.#end(`${error.message}`));
    child.once('close', (code, signal) => this.#end(`launchport-sandbox ended with ${signal ?? code}`));
    const control = child.stdio[3] as Duplex | null | undefined;
    if (control) this.#talk(control);
  }

  get hostPid(): number {
    return this.#hostPid;
  }

  kill(signal: number): void {
    if (this.#exit !== undefined || this.#startTicks === undefined) return;
    // The id may be another's already: the end is heard of a moment after it.
    if (startTicksOf(this.#hostPid) !== this.#startTicks) return;
    try {
      process.kill(this.#hostPid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  #talk(control: Duplex): void {
    let text = '';
    control.setEncoding('utf8');
    control.on('data', (chunk: string) => {
      text += chunk;
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        this.#hear(text.slice(0, end).split(' '));
        text = text.slice(end + 1);
      }
    });
    // Broken when the program has ended early; `close` tells the rest.
    control.on('error', () => {});
    control.end(this.#options.description);
  }

  #hear([word, first = '', second = '']: string[]): void {
    switch (word) {
      case 'pid':
        this.#hostPid = Number(first);
        this.#startTicks = startTicksOf(this.#hostPid);
        break;
      case 'running':
      case 'failed':
        this.#settleStart();
        break;
      case 'exit':
        this.#exit = { code: Number(first), exitedAt: new Date() };
        this.#options.onUsage(BigInt(second));
        this.#resolveExit(this.#exit);
        break;
      default:
        this.#options.logger.warn('launchport-sandbox said what is not understood', { word });
    }
  }

  /** The program that watched the process has ended. */
  #end(problem: string): void {
    this.#settleStart(
      new LaunchportError('ERR_SANDBOX', 'the sandbox could not be entered; it may have ended', {
        details: { problem },
      }),
    );
    // Only when it was killed itself: what it watched can then not be waited for, and must not live on.
    if (this.#exit === undefined) {
      this.kill(9);
      this.#exit = { code: 137, exitedAt: new Date() };
      this.#resolveExit(this.#exit);
    }
  }
}

/** When a process started; undefined when there is none. */
export function startTicksOf(pid: number): bigint | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.startTicks;
  } catch {
    return undefined;
  }
}
