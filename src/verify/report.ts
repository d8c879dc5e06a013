/** What came of checking a bundle. JSON-safe. */
import type { LayoutKind, ServiceType } from '../plugin/index.js';
import type { CheckInfo } from './check.js';

/** How one check ended. */
export interface CheckResult extends CheckInfo {
  readonly result: 'pass' | 'fail' | 'skip';
  /** Why it failed or was skipped; beside a pass, what was seen. */
  readonly detail?: string;
  /** What to do about a failure. */
  readonly advice?: string;
}

/** All of them. */
export interface VerifyReport {
  readonly bundle: string;
  /** Absent when the bundle could not be read. */
  readonly name?: string;
  readonly layout?: LayoutKind;
  /** `command` for a CLI plugin. */
  readonly kind?: 'daemon' | 'command';
  readonly types: readonly ServiceType[];
  readonly checks: readonly CheckResult[];
  /** Whether no required check failed. */
  readonly passed: boolean;
  /** Milliseconds that it took. */
  readonly duration: number;
}

/** One result of several for the same check: the first failure, else the first pass, else the first skip. */
export function mergeResults(results: readonly CheckResult[]): CheckResult | undefined {
  const worst = (['fail', 'pass', 'skip'] as const).map((wanted) =>
    results.find(({ result }) => result === wanted),
  );
  return worst.find((found) => found !== undefined);
}
