/** What `launchctl bootstrap` is given, and what is known of the caller. */
import type { DomainTarget, ServiceTarget } from './control.js';
import type { JobDefinition } from './plist-schema.js';

/** What is to be loaded. */
export interface BootstrapJob {
  readonly domain: DomainTarget;
  readonly target: ServiceTarget;
  readonly plistPath: string;
  readonly definition: JobDefinition;
  /** The user who may own the plist, besides root. */
  readonly uid: number;
  /** The system was started a moment ago: a graphical session may not be ready to take jobs. */
  readonly isFreshBoot: boolean;
}
