/** How long a job must wait before it may start again. */

/** Seconds between two starts of a job that sets no ThrottleInterval (launchd.plist(5)). */
export const DEFAULT_THROTTLE_SECONDS = 10;

/**
 * Least milliseconds after a start that failed, whatever the ThrottleInterval: a waiting client asks again at once,
 * and a missing executable must not become a busy loop (launchd too retries a failed fork after a second).
 */
export const FAILED_START_PAUSE_MS = 1000;

/** What the throttle looks at; all times in milliseconds of one clock. */
export interface ThrottleState {
  readonly now: number;
  /** When the job was last started, failed starts included; undefined when it never was. */
  readonly lastStart: number | undefined;
  /** The job's ThrottleInterval. */
  readonly interval: number;
  /** The last start failed: nothing ran. */
  readonly hasFailed: boolean;
}

/**
 * Milliseconds until the job may start; 0 when it may start now. Counted from the last start, not from the exit: a
 * job that lived at least its interval starts again at once.
 */
export function throttleDelay({ now, lastStart, interval, hasFailed }: ThrottleState): number {
  if (lastStart === undefined) return 0;
  const least = hasFailed ? Math.max(interval, FAILED_START_PAUSE_MS) : interval;
  return Math.max(0, lastStart + least - now);
}
