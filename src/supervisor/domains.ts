/** The domains an embedded launchd has: the user's background domain and, for root, the system's. */
import { LaunchportError } from '../base/index.js';
import type { DomainTarget, ManagerName } from '../launchd/index.js';

/** The session of this process: System for root, Background for everybody else; there is no Aqua here. */
export function currentSession(): ManagerName {
  return currentUid() === 0 ? 'System' : 'Background';
}

/** The user this process runs for. */
export function currentUid(): number {
  return process.getuid?.() ?? 0;
}

/** @throws LaunchportError ERR_LAUNCHD_NO_DOMAIN when the domain is not one of this user's */
export function assertOwnDomain(domain: DomainTarget, target: string): void {
  const uid = currentUid();
  if (domain === `user/${uid}` || (domain === 'system' && uid === 0)) return;
  throw new LaunchportError('ERR_LAUNCHD_NO_DOMAIN', `the embedded launchd has no domain ${domain}`, {
    hint: `Use ${uid === 0 ? 'system or ' : ''}user/${uid}.`,
    details: { domain, target },
  });
}
