/** How a container ended, for an API server that was not there to hear of it. */
import * as z from 'zod';
import { appleDate, payload } from '../../compat/index.js';

/** Name of the file in a container's directory that holds an {@link exitRecord}. */
export const EXIT_FILE = 'exit.json';

/** The end of the container's first process; -1 and what went wrong when it was never run. */
export const exitRecord = payload({
  id: z.string(),
  exitCode: z.int(),
  exitedAt: appleDate,
  startedAt: appleDate.optional(),
});
/** See {@link exitRecord}. */
export type ExitRecord = z.output<typeof exitRecord>;
