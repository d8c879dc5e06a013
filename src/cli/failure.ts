/** How failures reach the user: one line that says what happened, one that says what to do, and an exit code. */
import { EXIT_CODES, errorText, LaunchportError, printable } from '../base/index.js';
import type { CliContext } from './context.js';

/** Exit status when the user interrupted the command: 128 + SIGINT, as shells count. */
export const EXIT_INTERRUPTED = 130;

/** Writes the failure to stderr (as JSON when asked) and returns the exit status. */
export function reportFailure(context: CliContext, error: unknown, isJson: boolean): number {
  if (context.signal.aborted) {
    context.stderr.write('launchport: interrupted\n');
    return EXIT_INTERRUPTED;
  }
  const known =
    error instanceof LaunchportError
      ? error
      : new LaunchportError('ERR_INTERNAL', errorText(error), { cause: error });
  if (isJson) {
    context.stderr.write(
      `${JSON.stringify({ error: known.toJSON() }, (_, value) => (typeof value === 'bigint' ? value.toString() : value))}\n`,
    );
  } else {
    context.stderr.write(`launchport: ${multiline(known.message)} [${known.code}]\n`);
    if (known.hint !== undefined) context.stderr.write(`  ${multiline(known.hint)}\n`);
  }
  if (known.code === 'ERR_INTERNAL' && context.environment.LAUNCHPORT_DEBUG) {
    context.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  }
  return EXIT_CODES[known.kind];
}

/** Several lines may be part of a message; other control characters may not. */
function multiline(text: string): string {
  return printable(text, '\n').replaceAll('\n', '\n  ');
}

/** Ends a command that has said all there is to say with an exit status other than 0. */
export class ExitStatus extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`exit status ${status}`);
    this.status = status;
  }
}
