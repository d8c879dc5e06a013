import type { Counts } from './callgrind.d.mts';

/** A phase of the workload with what was counted in it. */
export interface CountedPhase {
  readonly name: string;
  readonly messages: number;
  readonly heapBytes: number;
  readonly wakeUps: number;
  readonly counts: Counts;
}

export interface Count {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
}

export interface Budget {
  readonly name: string;
  readonly unit: string;
  readonly budget: number;
  /** Only not to be exceeded: the count varies from run to run. */
  readonly isLimit?: boolean;
}

/** A count that is not what its budget says; `change` is 0.05 for 5 % more. */
export interface Compared extends Count {
  readonly budget: number;
  readonly change: number;
}

export interface Comparison {
  readonly above: readonly Compared[];
  readonly below: readonly Compared[];
  readonly unknown: readonly Count[];
  readonly missing: readonly Budget[];
}

export interface Verdict {
  readonly hasFailed: boolean;
  readonly lines: readonly string[];
}

export const TOLERANCE: number;
export const RECORD_COMMAND: string;
export const PROFILE_COMMAND: string;
export function countsPerMessage(phases: readonly CountedPhase[]): Count[];
export function compare(counts: readonly Count[], budgets: readonly Budget[]): Comparison;
export function differences(
  recorded: Readonly<Record<string, string>>,
  here: Readonly<Record<string, string>>,
): string[];
export function verdict(comparison: Comparison): Verdict;
