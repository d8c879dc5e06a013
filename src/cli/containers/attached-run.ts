/** A process of a container with this command's terminal and signals, until it ends. */
import { constants } from 'node:os';
import { errorText, LaunchportError, printable } from '../../base/index.js';
import type { CliContext } from '../context.js';
import { ExitStatus } from '../failure.js';
import type { Terminal, TerminalSize } from '../terminal.js';
import type { Attachment } from './stdio.js';

/** A process that exists and has not started. */
export interface RemoteProcess {
  /** For people: the container's name. */
  readonly name: string;
  start(signal: AbortSignal): Promise<void>;
  /** Settles with the exit code: 0 to 255, and 128 and the number for a signal. */
  wait(signal: AbortSignal): Promise<number>;
  kill(signal: NodeJS.Signals): Promise<void>;
  resize(size: TerminalSize): Promise<void>;
}

const FORWARDED = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const;
/** Of SIGINT and SIGTERM: with so many the user wants this command to end, whatever the process does. */
const ENOUGH = 3;

/**
 * Starts the process and settles with its exit code. Without a terminal signals are the process's; with one, keys are,
 * and a signal ends this command alone. The terminal is as before on every way out.
 * @throws ExitStatus when signals end this command first; what `start` and `wait` throw
 */
export async function runAttached(
  context: CliContext,
  remote: RemoteProcess,
  attachment: Attachment,
): Promise<number> {
  const terminal = inputTerminal(context, attachment);
  const gone = new AbortController();
  let started: Promise<void> = Promise.resolve();
  let count = 0;
  const leave = (name: NodeJS.Signals) => {
    if (!gone.signal.aborted) gone.abort(new ExitStatus(128 + (constants.signals[name] ?? 0)));
  };
  using _signals = context.takeSignals(FORWARDED, (name) => {
    if (name === 'SIGINT' || name === 'SIGTERM') count += 1;
    if (attachment.isTerminal || count >= ENOUGH) return leave(name);
    // One after the other, and none before there is a process.
    started = started.then(() => remote.kill(name)).catch((error: unknown) => tell(context, name, error));
  });
  using _raw = attachment.isInteractive && attachment.isTerminal ? terminal?.raw() : undefined;
  using sizes = attachment.isTerminal ? followSize(context, terminal, remote) : undefined;
  try {
    // Once before, for what looks at its terminal at first, and again: not every runtime has one before the start.
    await sizes?.send();
    const start = remote.start(gone.signal);
    started = start.catch(() => {});
    await start;
    void sizes?.send();
    return await remote.wait(gone.signal);
  } catch (error) {
    throw gone.signal.aborted ? gone.signal.reason : error;
  }
}

/** The terminal whose keys the process gets, or which it writes to. @throws LaunchportError ERR_USAGE when it needs one */
function inputTerminal(context: CliContext, { isInteractive, isTerminal }: Attachment): Terminal | undefined {
  if (!isTerminal) return undefined;
  return context.terminal(context.descriptors[isInteractive ? 0 : 1]);
}

/** Refuses `-it` where there is no terminal. @throws LaunchportError ERR_USAGE */
export function assertTerminal(context: CliContext, attachment: Attachment): void {
  if (!attachment.isTerminal || !attachment.isInteractive || inputTerminal(context, attachment) !== undefined)
    return;
  throw new LaunchportError('ERR_USAGE', '--tty with --interactive: stdin is no terminal', {
    hint: 'Leave out -t to send it a file or the output of a command.',
  });
}

/** Tells the process how large the terminal is, when `send` is called and whenever that changes. Never rejects. */
function followSize(
  context: CliContext,
  terminal: Terminal | undefined,
  remote: RemoteProcess,
): (Disposable & { send(): Promise<void> }) | undefined {
  if (terminal === undefined) return undefined;
  let sending: Promise<void> = Promise.resolve();
  const send = () => {
    // A process that has ended meanwhile needs no size.
    sending = sending.then(async () => {
      const size = terminal.size();
      if (size !== undefined) await remote.resize(size).catch(() => {});
    });
    return sending;
  };
  const changes = context.takeSignals(['SIGWINCH'], () => void send());
  return { send, [Symbol.dispose]: () => changes[Symbol.dispose]() };
}

/** A signal that could not be sent is told; one to a process that has ended is not. */
function tell(context: CliContext, name: NodeJS.Signals, error: unknown): void {
  context.stderr.write(`launchport: cannot send ${name}: ${printable(errorText(error))}\n`);
}
