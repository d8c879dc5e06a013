/** What must happen synchronously when the host process exits, in one listener however many ask for it. */

const hooks = new Set<() => void>();

/** Runs `hook` when the process (or worker thread) exits; the result takes it back. Must not throw. */
export function onProcessExit(hook: () => void): () => void {
  if (hooks.size === 0) process.on('exit', runHooks);
  hooks.add(hook);
  return () => {
    hooks.delete(hook);
    if (hooks.size === 0) process.off('exit', runHooks);
  };
}

function runHooks(): void {
  for (const hook of hooks) hook();
}
