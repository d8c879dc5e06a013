/** The state of a job in JSON, as it crosses to other processes. */
import * as z from 'zod';
import type { JobEndpoint, JobStatus } from './control.js';

const exit = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('exited'), code: z.int() }),
  z.object({ kind: z.literal('signaled'), signal: z.string(), reason: z.string().optional() }),
  z.object({ kind: z.literal('spawn failed'), reason: z.string() }),
  z.object({ kind: z.literal('unknown') }),
]);

const text = z.string().optional();
const integer = z.int().optional();
const texts = z.record(z.string(), z.string()).optional();
const flag = z.boolean().optional();

const endpoint = {
  name: z.string(),
  isActive: z.boolean(),
  isDynamic: flag,
  isWatched: flag,
  resetAtClose: flag,
  hideUntilCheckIn: flag,
} satisfies Record<keyof JobEndpoint, z.ZodType>;

// The type makes it a compile error to forget a field.
const fields = {
  target: z.string(),
  label: z.string(),
  state: z.enum(['running', 'not running', 'spawn scheduled', 'exiting', 'unknown']).catch('unknown'),
  pid: integer,
  runs: z.int(),
  lastExit: exit.optional(),
  reason: text,
  pendedSpawn: text,
  path: text,
  program: text,
  arguments: z.array(z.string()),
  endpoints: z.array(z.object(endpoint)),
  type: text,
  domain: text,
  jobState: text,
  forks: integer,
  execs: integer,
  minimumRuntime: z.number().optional(),
  exitTimeout: z.number().optional(),
  workingDirectory: text,
  stdinPath: text,
  stdoutPath: text,
  stderrPath: text,
  username: text,
  group: text,
  umask: integer,
  nice: integer,
  spawnType: text,
  environment: texts,
  semaphores: texts,
  properties: z.array(z.string()).optional(),
} satisfies Record<keyof JobStatus, z.ZodType>;

const schema = z.object(fields);

/**
 * Schema of {@link JobStatus}. A state this version does not know reads as `unknown`, never as running. The assertion
 * adds what zod cannot say: that nothing is changed, and that a target is one.
 */
export const jobStatusJson = schema as z.ZodType as z.ZodType<JobStatus>;
