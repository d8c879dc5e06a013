/** What a command sees of the outside world, so that tests can run commands without a process. */
import { addAbortSignal, type Writable } from 'node:stream';
import type { LaunchControl } from '../launchd/index.js';
import type { EventOptions, JobEvent } from '../supervisor/index.js';

/** A launchd, and what happens to its jobs where it tells. */
export type CliControl = LaunchControl & {
  events?(options: EventOptions): AsyncIterable<JobEvent>;
};

/** The surroundings of one run of the CLI. */
export interface CliContext {
  readonly stdout: Pick<Writable, 'write'>;
  readonly stderr: Pick<Writable, 'write'>;
  /** Opens stdin. */
  readonly stdin: () => AsyncIterable<Uint8Array | string>;
  /** The launchd to use instead of the machine's own. */
  readonly control?: CliControl;
  /** Whether jobs are systemd's; asked once the command line is known. */
  readonly usesSystemd?: () => boolean;
  readonly environment: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Columns of the terminal at stdout; undefined when it is not one, and then nothing is cut or wrapped. */
  readonly columns: number | undefined;
  /** Aborts at the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  /** Leaves signals to whoever comes next; `signal` no longer hears of them. */
  readonly releaseSignals?: () => void;
}

/** Options that every command takes. */
export interface GlobalOptions {
  /** Print JSON for programs on stdout. */
  readonly json?: boolean;
}

/**
 * The context of the real process. The first SIGINT or SIGTERM aborts `signal` so that the command can clean up; the
 * second ends the process at once. A reader that goes away (EPIPE) ends output silently, as for any filter.
 */
export function processContext(): CliContext {
  const controller = new AbortController();
  const names = ['SIGINT', 'SIGTERM'] as const;
  const onSignal = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(name === 'SIGINT' ? 130 : 143);
    controller.abort(name);
  };
  for (const name of names) process.on(name, onSignal);
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0);
      throw error;
    });
  }
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: () => addAbortSignal(controller.signal, process.stdin),
    environment: process.env,
    cwd: process.cwd(),
    columns: process.stdout.isTTY ? process.stdout.columns : undefined,
    signal: controller.signal,
    releaseSignals: () => {
      for (const name of names) process.off(name, onSignal);
    },
  };
}
