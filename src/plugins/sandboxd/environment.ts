/** What the runtime uses of the system; tests put something else in its place. */
import type { Sandbox, SandboxOptions, SandboxProcess, SandboxSpec } from './sandbox/index.js';
import { addonDescriptors, type DescriptorSource } from './stdio/descriptors.js';

/** How a sandbox is made. */
export type CreateSandbox = (spec: SandboxSpec, options: SandboxOptions) => Promise<Sandbox>;

/** The system as the runtime sees it. */
export interface RuntimeEnvironment {
  readonly createSandbox: CreateSandbox;
  /** Asked for once something needs a pipe or a terminal. */
  readonly descriptors: () => DescriptorSource;
  /** Whether containers can have networks of their own. */
  readonly hasNamespaces: boolean;
  /** Where on the host the files of a running container are seen as it sees them, its mounts included. */
  readonly viewOf: (process: SandboxProcess, root: string) => string;
  /** Milliseconds in which an attached client must take what it was given. */
  readonly stallTimeout: number;
  /** Milliseconds that the rest of a process's output may hold up the news of its end. */
  readonly drainGrace: number;
}

/** A pager that shows its first page may be left alone for as long. */
const STALL_TIMEOUT = 15 * 60_000;
const DRAIN_GRACE = 2_000;

/** This system, with `createSandbox`. */
export function systemEnvironment(createSandbox: CreateSandbox): RuntimeEnvironment {
  const isLinux = process.platform === 'linux';
  return {
    createSandbox,
    descriptors: () => addonDescriptors(),
    hasNamespaces: isLinux,
    viewOf: ({ hostPid }, root) => (isLinux ? `/proc/${hostPid}/root` : root),
    stallTimeout: STALL_TIMEOUT,
    drainGrace: DRAIN_GRACE,
  };
}
