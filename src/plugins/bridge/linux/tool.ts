/** Runs the system's network tools: no shell, bounded time and output, exit status and standard error always read. */
import { spawn } from 'node:child_process';
import { delimiter } from 'node:path';

/** How a tool ended and what it wrote. */
export interface ToolResult {
  /** -1 when a signal ended it. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One run. */
export interface ToolOptions {
  /** Given to it as standard input; default none. */
  readonly input?: string;
  /** A descriptor that it has as number 3; stays the caller's. */
  readonly descriptor?: number;
  /** Milliseconds, default 20 000: a busy machine is slow, and a tool that hangs must not hang its network. */
  readonly timeout?: number;
}

/** Runs a tool to its end. @throws ToolError when it cannot be started, takes too long or writes too much */
export type RunTool = (file: string, args: readonly string[], options?: ToolOptions) => Promise<ToolResult>;

/** A tool that did not do its work. */
export class ToolError extends Error {
  /** There is no such program. */
  readonly isMissing: boolean;

  constructor(message: string, isMissing = false) {
    super(message);
    this.name = 'ToolError';
    this.isMissing = isMissing;
  }
}

/** Where the descriptor given is found by the tool. */
export const INHERITED_DESCRIPTOR = '/proc/self/fd/3';

const MAX_OUTPUT_BYTES = 16 << 20;
const DEFAULT_TIMEOUT_MS = 20_000;

/** Users' `PATH` often lacks the administrator's folders, where these tools are. */
const TOOL_FOLDERS = ['/usr/sbin', '/sbin', '/usr/bin', '/bin'];

/** The runner that starts real processes. */
export const runTool: RunTool = (file, args, options = {}) => {
  const { input = '', descriptor, timeout = DEFAULT_TIMEOUT_MS } = options;
  const command = [file, ...args].join(' ');
  return new Promise((resolve, reject) => {
    const env = { PATH: [process.env.PATH ?? '', ...TOOL_FOLDERS].join(delimiter), LC_ALL: 'C' };
    const stdio = ['pipe', 'pipe', 'pipe', ...(descriptor === undefined ? [] : [descriptor])] as const;
    const child = spawn(file, args, { env, stdio: [...stdio] });
    const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    let size = 0;
    const stop = (reason: string) => {
      child.kill('SIGKILL');
      // A child of its own may still hold the pipes; nobody reads them any more.
      child.stdout?.destroy();
      child.stderr?.destroy();
      clearTimeout(timer);
      reject(new ToolError(`${command}: ${reason}`));
    };
    const timer = setTimeout(() => stop(`not done after ${timeout} ms`), timeout);
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_OUTPUT_BYTES) stop('wrote too much');
        else chunks[name].push(chunk);
      });
    }
    child.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      const isMissing = error.code === 'ENOENT';
      reject(
        new ToolError(
          isMissing ? `there is no ${file} on this system` : `${command}: ${error.message}`,
          isMissing,
        ),
      );
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      const text = (name: 'stdout' | 'stderr') => Buffer.concat(chunks[name]).toString('utf8');
      resolve({ status: code ?? -1, stdout: text('stdout'), stderr: text('stderr') });
    });
    // A tool that ends without reading closes the pipe: its exit status tells, not this.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
};

/** Runs a tool that must succeed; returns its output. @throws ToolError */
export async function mustRun(
  run: RunTool,
  file: string,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<string> {
  const result = await run(file, args, options);
  if (result.status !== 0) throw failure([file, ...args].join(' '), result);
  return result.stdout;
}

/** The error for a run that failed, with what the tool said. */
export function failure(command: string, { status, stderr }: ToolResult): ToolError {
  const said = stderr.trim().split('\n').slice(0, 3).join('; ').slice(0, 500);
  return new ToolError(`${command}: ${said === '' ? `exit status ${status}` : said}`);
}
