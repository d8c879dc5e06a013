/** What a command sees of the outside world, so that tests can run commands without a process. */
import { addAbortSignal, type Writable } from 'node:stream';
import type { LaunchControl } from '../launchd/index.js';
import type { EventOptions, JobEvent } from '../supervisor/index.js';
import { openTerminal, type Terminal } from './terminal.js';

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
  /** Aborts at the first SIGINT or SIGTERM, unless they are taken. */
  readonly signal: AbortSignal;
  /** Leaves signals to whoever comes next; `signal` no longer hears of them. */
  readonly releaseSignals?: () => void;
  /** Stdin, stdout and stderr, to pass on to a process elsewhere. */
  readonly descriptors: readonly [stdin: number, stdout: number, stderr: number];
  /** Hands all of `names` to `listener`, and none to `signal`, until it is disposed. */
  readonly takeSignals: (
    names: readonly NodeJS.Signals[],
    listener: (name: NodeJS.Signals) => void,
  ) => Disposable;
  /** The terminal at a descriptor; undefined when it is none. */
  readonly terminal: (descriptor: number) => Terminal | undefined;
}

/** Options that every command takes. */
export interface GlobalOptions {
  /** Print JSON for programs on stdout. */
  readonly json?: boolean;
}

/**
 * The context of the real process. The first SIGINT or SIGTERM aborts `signal` so that the command can clean up; the
 * second ends the process at once. A reader that goes away (EPIPE) ends output silently, as for any filter. The standard
 * streams are opened at their first use: until then their descriptors are as they came, and can be passed on.
 */
export function processContext(): CliContext {
  const controller = new AbortController();
  const names = ['SIGINT', 'SIGTERM'] as const;
  const taken: NodeJS.Signals[] = [];
  const onSignal = (name: NodeJS.Signals) => {
    if (taken.includes(name)) return;
    if (controller.signal.aborted) process.exit(name === 'SIGINT' ? 130 : 143);
    controller.abort(name);
  };
  for (const name of names) process.on(name, onSignal);
  return {
    get stdout() {
      return ending(process.stdout);
    },
    get stderr() {
      return ending(process.stderr);
    },
    stdin: () => addAbortSignal(controller.signal, process.stdin),
    environment: process.env,
    cwd: process.cwd(),
    get columns() {
      return process.stdout.isTTY ? process.stdout.columns : undefined;
    },
    signal: controller.signal,
    releaseSignals: () => {
      for (const name of names) process.off(name, onSignal);
    },
    takeSignals: (wanted, listener) => {
      taken.push(...wanted);
      for (const name of wanted) process.on(name, listener);
      return {
        [Symbol.dispose]: () => {
          for (const name of wanted) {
            process.off(name, listener);
            taken.splice(taken.indexOf(name), 1);
          }
        },
      };
    },
    descriptors: [0, 1, 2],
    terminal: openTerminal,
  };
}

const watched = new WeakSet<Writable>();

/** The stream, which ends the process when its reader is gone. */
function ending<S extends Writable>(stream: S): S {
  if (watched.has(stream)) return stream;
  watched.add(stream);
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  return stream;
}
