/** Waits for the end of a process, also while the API server is being replaced: containers outlive it. */
import { delay, isLaunchportError } from '../../base/index.js';
import type { ContainersClient } from '../../compat/index.js';

/** Milliseconds that a new server may take to answer, and between two tries. */
const PATIENCE_MS = 60_000;
const RETRY_MS = 500;

/** Settles with the exit code of a process. @throws LaunchportError as `ContainersClient.wait` */
export async function waitForExit(
  containers: ContainersClient,
  id: string,
  process: string,
  signal: AbortSignal,
): Promise<number> {
  for (let lostAt: number | undefined; ; ) {
    const askedAt = performance.now();
    try {
      return (await containers.wait(id, process, { signal })).exitCode;
    } catch (error) {
      if (!isLaunchportError(error, 'ERR_XPC_INTERRUPTED', 'ERR_SERVER_NOT_RUNNING')) throw error;
      // A server that has listened for a while was a new one.
      if (lostAt === undefined || performance.now() - askedAt > PATIENCE_MS) lostAt = performance.now();
      if (performance.now() - lostAt > PATIENCE_MS) throw error;
    }
    await delay(RETRY_MS, signal);
  }
}
