/** A context for CLI tests: output is kept, nothing touches the real process. */
import type { CliContext } from '../../src/cli/context.js';

export interface CapturedContext extends CliContext {
  readonly output: () => string;
  readonly errors: () => string;
  readonly abort: () => void;
}

export function captureContext(
  environment: NodeJS.ProcessEnv = {},
  cwd = process.cwd(),
  more: Pick<CliContext, 'control'> & { readonly stdin?: Uint8Array } = {},
): CapturedContext {
  const { control, stdin } = more;
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
    output: () => out.join(''),
    errors: () => err.join(''),
    abort: () => controller.abort(),
  };
}
