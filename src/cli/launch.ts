/** Runs a command line in this process. */
import { processContext } from './context.js';
import { run } from './run.js';

/** @returns the exit status */
export function launch(args: readonly string[]): Promise<number> {
  return run(args, processContext());
}
