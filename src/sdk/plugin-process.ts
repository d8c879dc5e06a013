/** The process as `serve` sees it: real by default, one of the mock world in tests. */

/** Signals that ask a plugin to end. */
export type StopSignal = 'SIGTERM' | 'SIGINT';

/** What `serve` needs of a process. */
export interface PluginProcess {
  readonly pid: number;
  /** Arguments, the executable (and the script) left out. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** True where launchd itself answers for listening services, so that the environment says nothing about them. */
  readonly hasLaunchd: boolean;
  writeError(text: string): void;
  /** Calls `listener` for each stop signal; returns how to end that. */
  onStopSignal(listener: (signal: StopSignal) => void): () => void;
  exit(code: number): void;
}

/** This process. */
export function currentProcess(): PluginProcess {
  return {
    pid: process.pid,
    args: process.argv.slice(2),
    env: process.env,
    hasLaunchd: process.platform === 'darwin',
    writeError: (text) => void process.stderr.write(text),
    onStopSignal: (listener) => {
      process.on('SIGTERM', listener).on('SIGINT', listener);
      return () => void process.off('SIGTERM', listener).off('SIGINT', listener);
    },
    exit: (code) => process.exit(code),
  };
}
