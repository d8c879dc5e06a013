/** Waits for something that may take too long, without giving it up. */
import { MAX_TIMEOUT_MS } from './deadline.js';

/** Whether it is fulfilled within `ms` milliseconds. @throws what it is rejected with by then */
export async function settlesWithin(ms: number, settled: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), Math.min(ms, MAX_TIMEOUT_MS));
  });
  try {
    return await Promise.race([settled.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
