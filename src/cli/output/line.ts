/** Output that does not end by itself, at the pace of its reader. */
import type { CliContext } from '../context.js';

/**
 * Writes text, and waits while the reader is behind, so that what is not read does not pile up in memory. The wait ends
 * with the context's signal.
 */
export function writePaced({ stdout, signal }: CliContext, text: string | Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      signal.removeEventListener('abort', done);
      resolve();
    };
    if (stdout.write(text, done) || signal.aborted) return resolve();
    signal.addEventListener('abort', done, { once: true });
  });
}
