/** A process of a benchmark: started, heard by lines of JSON, and ended whatever happens. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { LaunchportError, settlesWithin, withDeadline } from '../base/index.js';

/** Most characters kept of what a process writes to stderr: the newest. */
const MAX_STDERR = 4000;
/** Milliseconds that a process may take to end when it is asked. */
const END_MS = 5000;

/** How to start one. */
export interface EndOptions {
  /** What it is, for messages. */
  readonly what: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** A running end. */
export class EndProcess implements AsyncDisposable {
  readonly #what: string;
  readonly #signal: AbortSignal;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #closed: Promise<unknown>;
  #stderr = '';

  /** Starts `command`. A failure to start is told by the first {@link EndProcess.next}. */
  constructor([program = '', ...args]: readonly string[], options: EndOptions) {
    this.#what = options.what;
    this.#signal = options.signal;
    const child = spawn(program, args, { env: options.environment, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child = child;
    this.#closed = new Promise((resolve) => child.once('close', resolve));
    child.once('error', (error) => {
      this.#stderr = error.message;
    });
    // It may be gone when it is spoken to; that is told by the end of its output.
    child.stdin.on('error', () => {});
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-MAX_STDERR);
    });
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /**
   * What it says next. @throws LaunchportError ERR_INTERNAL when it ends instead, with what it wrote to stderr;
   * ERR_TIMEOUT after `timeout` milliseconds; ERR_ABORTED
   */
  async next<Line>(timeout: number): Promise<Line> {
    const onTimeout = () =>
      new LaunchportError('ERR_TIMEOUT', `${this.#what} said nothing for ${timeout / 1000} s`);
    return withDeadline(this.#what, { timeout, signal: this.#signal }, onTimeout, async () => {
      const { value, done } = await this.#lines.next();
      if (done !== true) return JSON.parse(value) as Line;
      await this.#closed;
      throw new LaunchportError('ERR_INTERNAL', `${this.#what} ended: ${this.#end()}`);
    });
  }

  /** What it has written to stderr that tells of a failure; undefined when it has written nothing. */
  get failure(): string | undefined {
    return reasonIn(this.#stderr);
  }

  /** Lets it go on. */
  go(): void {
    this.#child.stdin?.write('go\n');
  }

  /** Waits for it to end by itself, then asks, then makes it end. */
  async ended(): Promise<void> {
    if (this.#signal.aborted || !(await settlesWithin(END_MS, this.#closed))) await this.end();
  }

  /** Asks it to end, so that what it has started ends too, and makes it when it does not. */
  async end(): Promise<void> {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    if (await settlesWithin(END_MS, exited)) return;
    this.#child.kill('SIGKILL');
    await exited;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end();
  }

  #end(): string {
    const { exitCode, signalCode } = this.#child;
    return this.failure ?? (signalCode === null ? `status ${exitCode}` : signalCode);
  }
}

/** The line of Node's report of a failure that tells what it was; undefined for an empty text. */
export function reasonIn(stderr: string): string | undefined {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.find((line) => /^(?:Uncaught )?[A-Z]\w*Error\b.*:/.test(line)) ?? lines.at(-1);
}
