/** How long the server waits for helpers, in milliseconds. */

/** Every wait for a helper has one. */
export interface Timeouts {
  /** For launchd to register or to boot out a job. */
  readonly launchd: number;
  /** For a helper to start and to answer its first call: `createEndpoint` of a runtime, `status` of a network. */
  readonly start: number;
  /** For a runtime to prepare its sandbox, or to start a process in it. */
  readonly bootstrap: number;
  /** For a call that does no work to speak of. */
  readonly call: number;
  /** For a copy into a container or out of it. */
  readonly copy: number;
  /** For a runtime to stop a container, beyond the time that the container itself is given. */
  readonly stop: number;
}

/** `start` is upstream's registration timeout, `copy` upstream's; the others have none there. */
export const DEFAULT_TIMEOUTS: Timeouts = {
  launchd: 60_000,
  start: 60_000,
  bootstrap: 120_000,
  call: 20_000,
  copy: 300_000,
  stop: 30_000,
};
