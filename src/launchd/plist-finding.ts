/** What a look at a job plist may bring up. */
import type { DomainTarget } from './control.js';

/** The launchd a plist is meant for: Apple's, or the embedded one. */
export type LaunchdSystem = 'darwin' | 'linux';

/** One thing to say about a plist. */
export interface PlistFinding {
  /** `error`: the job is not loaded, or can never run. `warning`: something does not do what it seems to. */
  readonly severity: 'error' | 'warning' | 'info';
  /** The key, with dots into dictionaries and lists; absent for the file itself. */
  readonly key?: string;
  /** What is the matter, in one sentence that names the key. */
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
}

/** How to look at a plist. */
export interface LintOptions {
  readonly system: LaunchdSystem;
  /** Where the job is to be loaded; default: not known, and rules that depend on it are left out. */
  readonly domain?: DomainTarget;
  /** The user who loads it; default: the effective user of this process. */
  readonly uid?: number;
}
