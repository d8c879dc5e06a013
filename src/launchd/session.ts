/** Session types: which jobs a domain takes, and how a plist is to say it. */
import type { DomainTarget } from './control.js';
import type { JobDefinitionInput } from './plist-schema.js';

/** Session types that LimitLoadToSessionType may name (launchd.plist(5)). */
export const SESSION_TYPES = ['Aqua', 'Background', 'LoginWindow', 'StandardIO', 'System'] as const;

/** The session type of the jobs in a domain. */
export function sessionOf(domain: DomainTarget): 'Aqua' | 'Background' | 'System' {
  if (domain === 'system') return 'System';
  return domain.startsWith('gui/') ? 'Aqua' : 'Background';
}

/**
 * What `LimitLoadToSessionType` is to be for a job that is loaded into `domain`: undefined, to leave the key out,
 * where launchd takes a job that says nothing (`gui/UID` and `system`), and the plain text `Background` for `user/UID`.
 * Lists of several types are refused with 5 by some releases, so one plist does not serve every domain.
 */
export function sessionLimit(domain: DomainTarget): 'Background' | undefined {
  return sessionOf(domain) === 'Background' ? 'Background' : undefined;
}

/** Whether launchd takes the job in this domain; otherwise it refuses it, with 134 or 5. */
export function fitsDomain(
  definition: Pick<JobDefinitionInput, 'LimitLoadToSessionType'>,
  domain: DomainTarget,
): boolean {
  const session = sessionOf(domain);
  // An agent that names no session type is for Aqua; daemons have no default.
  const limit = definition.LimitLoadToSessionType ?? (session === 'System' ? session : 'Aqua');
  return [limit].flat().includes(session);
}
