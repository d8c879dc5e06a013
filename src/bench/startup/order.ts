/** What a process that measures starting is told to do, and what it answers. */

/** One piece of work; `rounds` times, after one that does not count. */
export type StartupOrder =
  /** Scans a directory of bundles. */
  | { readonly work: 'discovery'; readonly bundles: string; readonly count: number; readonly rounds: number }
  /** Loads so many jobs that are started on demand, in a supervisor of its own. */
  | {
      readonly work: 'registration';
      readonly directory: string;
      readonly count: number;
      readonly rounds: number;
    }
  /** Calls a plugin that does not run yet, in a supervisor of its own. */
  | {
      readonly work: 'cold start';
      readonly directory: string;
      readonly bundles: string;
      readonly rounds: number;
    };

/** The answer. */
export interface StartupResult {
  /** Milliseconds of each round. */
  readonly rounds: readonly number[];
  /** `registration`: what a loaded service costs that nobody calls. */
  readonly descriptors?: number;
}
