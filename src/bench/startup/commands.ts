/** The time that whole commands take, from their start to their end. */
import { spawn } from 'node:child_process';
import { abortedError, LaunchportError } from '../../base/index.js';

/** How commands are run. */
export interface CommandPlace {
  readonly environment: Readonly<Record<string, string>>;
  /** Words before a command that pin it. */
  readonly prefix: readonly string[];
  readonly signal: AbortSignal;
}

/** Runs a command to its end, and gives what it wrote. @throws LaunchportError ERR_INTERNAL when it fails, ERR_ABORTED */
export async function runToEnd(
  command: readonly string[],
  { environment, prefix, signal }: CommandPlace,
): Promise<{ readonly milliseconds: number; readonly output: string }> {
  if (signal.aborted) throw abortedError('the benchmark', signal);
  const [program = '', ...args] = [...prefix, ...command];
  return new Promise((resolve, reject) => {
    const begin = performance.now();
    const child = spawn(program, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let problem = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (problem += text));
    const kill = () => child.kill('SIGKILL');
    signal.addEventListener('abort', kill, { once: true });
    let milliseconds = Number.NaN;
    child.once('exit', () => {
      milliseconds = performance.now() - begin;
    });
    child.once('error', (error) => {
      signal.removeEventListener('abort', kill);
      reject(error);
    });
    child.once('close', (code) => {
      signal.removeEventListener('abort', kill);
      if (signal.aborted) reject(abortedError('the benchmark', signal));
      else if (code === 0) resolve({ milliseconds, output });
      else {
        const text = `${command.join(' ')} failed: ${problem.trim().slice(-1000)}`;
        reject(new LaunchportError('ERR_INTERNAL', text));
      }
    });
  });
}
