/** Runs many asynchronous tasks with a bound on how many are under way. */
import { abortedError } from '../base/index.js';

/**
 * Maps `items` with at most `limit` calls of `task` under way, results in the order of the items. The first
 * failure, or the abort of `signal` (ERR_ABORTED), ends it: nothing new is started and what runs is waited for.
 */
export async function boundedMap<T, R>(
  items: readonly T[],
  limit: number,
  task: (item: T) => Promise<R>,
  signal?: AbortSignal,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  const queue = items.entries();
  let isStopped = false;
  const worker = async () => {
    for (const [index, item] of queue) {
      if (isStopped) return;
      try {
        if (signal?.aborted) throw abortedError('scan', signal);
        results[index] = await task(item);
      } catch (error) {
        isStopped = true;
        throw error;
      }
    }
  };
  const workers = Array.from({ length: Math.min(limit, items.length) }, worker);
  const outcomes = await Promise.allSettled(workers);
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
  return results;
}
