/** What must happen synchronously when the host process ends, in one place however many ask for it. */

/** Signals that end a process unless it listens to them (signal(7)). */
const FATAL_SIGNALS = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;

const hooks = new Set<() => void>();

/**
 * Runs `hook` when the process (or worker thread) exits, or is ended by SIGHUP, SIGINT or SIGTERM; the result takes it
 * back. A signal that the host listens to is the host's: what it does then is left to it. Must not throw.
 */
export function onProcessExit(hook: () => void): () => void {
  if (hooks.size === 0) listen();
  hooks.add(hook);
  return () => {
    hooks.delete(hook);
    if (hooks.size === 0) unlisten();
  };
}

function listen(): void {
  process.on('exit', runHooks);
  for (const signal of FATAL_SIGNALS) process.on(signal, endBySignal);
}

function unlisten(): void {
  process.off('exit', runHooks);
  for (const signal of FATAL_SIGNALS) process.off(signal, endBySignal);
}

function runHooks(): void {
  for (const hook of hooks) hook();
}

/** A listener takes the signal's default effect away, so with nobody else listening it is brought about here. */
function endBySignal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  runHooks();
  unlisten();
  process.kill(process.pid, signal);
}
