/** The state of a plugin's job in JSON, for the one route that upstream does not have. */
import { z } from 'zod';
import type { JobStatus } from '../launchd/index.js';

const exit = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('exited'), code: z.int() }),
  z.object({ kind: z.literal('signaled'), signal: z.string(), reason: z.string().optional() }),
  z.object({ kind: z.literal('spawn failed'), reason: z.string() }),
]);

const schema = z.object({
  target: z.string(),
  label: z.string(),
  state: z.enum(['running', 'not running', 'spawn scheduled', 'exiting', 'unknown']).catch('unknown'),
  pid: z.int().optional(),
  runs: z.int(),
  lastExit: exit.optional(),
  reason: z.string().optional(),
  pendedSpawn: z.string().optional(),
  path: z.string().optional(),
  program: z.string().optional(),
  arguments: z.array(z.string()),
  endpoints: z.array(z.object({ name: z.string(), isActive: z.boolean() })),
});

/**
 * Schema of {@link JobStatus}. A state this version does not know reads as `unknown`, never as running. The assertion
 * adds what zod cannot say: that nothing is changed, and that a target is one.
 */
export const jobStatusJson = schema as z.ZodType as z.ZodType<JobStatus>;
