/** A context for CLI tests: output is kept, nothing touches the real process. */
import type { CliContext } from '../../src/cli/context.js';

export interface CapturedContext extends CliContext {
  readonly output: () => string;
  readonly errors: () => string;
  readonly abort: () => void;
  /** Sends a signal to whoever has taken it, else to the command itself. */
  readonly raise: (name: NodeJS.Signals) => void;
  /** Signals that someone has taken. */
  readonly taken: () => readonly NodeJS.Signals[];
}

export function captureContext(
  environment: NodeJS.ProcessEnv = {},
  cwd = process.cwd(),
  more: Pick<CliContext, 'control'> &
    Partial<Pick<CliContext, 'descriptors' | 'terminal'>> & { readonly stdin?: Uint8Array } = {},
): CapturedContext {
  const { control, stdin, descriptors = [0, 1, 2], terminal = () => undefined } = more;
  const listeners: { readonly name: NodeJS.Signals; readonly listener: (name: NodeJS.Signals) => void }[] =
    [];
  const out: string[] = [];
  const err: string[] = [];
  const controller = new AbortController();
  const sink = (chunks: string[]) => ({
    write: (chunk: unknown) => {
      chunks.push(String(chunk));
      return true;
    },
  });
  return {
    stdout: sink(out),
    stderr: sink(err),
    stdin: async function* () {
      if (stdin !== undefined) yield stdin;
    },
    ...(control === undefined ? {} : { control }),
    environment,
    cwd,
    columns: undefined,
    signal: controller.signal,
    descriptors,
    terminal,
    takeSignals: (names, listener) => {
      const added = names.map((name) => ({ name, listener }));
      listeners.push(...added);
      return {
        [Symbol.dispose]: () => {
          for (const each of added) listeners.splice(listeners.indexOf(each), 1);
        },
      };
    },
    raise: (name) => {
      const heard = listeners.filter((each) => each.name === name);
      for (const { listener } of heard) listener(name);
      if (heard.length === 0 && (name === 'SIGINT' || name === 'SIGTERM')) controller.abort(name);
    },
    taken: () => listeners.map(({ name }) => name),
    output: () => out.join(''),
    errors: () => err.join(''),
    abort: () => controller.abort(),
  };
}
