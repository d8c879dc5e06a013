/** JSON of a process in a container (apple/container, ProcessConfiguration). */
import * as z from 'zod';
import { payload, uint32, uint64 } from './json.js';

/** A limit of `setrlimit`: `limit` is its name, as `RLIMIT_NOFILE`; Infinity is no limit. */
export const rlimit = payload({ limit: z.string(), soft: uint64, hard: uint64 });
/** See {@link rlimit}. */
export type Rlimit = z.output<typeof rlimit>;

/** Who a process runs as: numbers, or text as `USER[:GROUP]`, which the image's own files resolve. */
export const processUser = z.union([
  payload({ id: payload({ uid: uint32, gid: uint32 }) }),
  payload({ raw: payload({ userString: z.string() }) }),
]);
/** See {@link processUser}. */
export type ProcessUser = z.output<typeof processUser>;

/** A process to run. Every key is required, as upstream's decoder has it. */
export const processConfiguration = payload({
  executable: z.string(),
  /** Without the executable. */
  arguments: z.array(z.string()),
  /** `KEY=VALUE` each. */
  environment: z.array(z.string()),
  workingDirectory: z.string(),
  terminal: z.boolean(),
  user: processUser,
  supplementalGroups: z.array(uint32),
  rlimits: z.array(rlimit),
});
/** See {@link processConfiguration}. */
export type ProcessConfiguration = z.output<typeof processConfiguration>;
