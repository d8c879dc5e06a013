/** Domain and service targets, the addresses of launchd (launchctl(1)). */
import { LaunchportError } from '../base/index.js';
import type { DomainTarget, ManagerName, ServiceTarget } from './control.js';
import { assertLabel } from './label.js';

/** Highest user id: (uid_t)-1 means "no user" in chown(2) and its kin. */
const MAX_UID = 0xffff_fffe;

const UID = /^(?:0|[1-9][0-9]{0,9})$/;

/**
 * Reads `system`, `user/UID` or `gui/UID`. The other kinds launchctl knows (`login`, `session`, `pid`) hold no job
 * of ours and are refused, as is anything after the domain.
 * @throws LaunchportError ERR_LAUNCHD_TARGET
 */
export function parseDomainTarget(text: string): DomainTarget {
  const domain = domainOf(text.split('/'));
  if (domain === undefined) throw targetError('domain', text, 'Write system, user/UID or gui/UID.');
  return domain;
}

/**
 * Reads a domain, a slash and a label. A bare domain is refused, because some verbs act on a whole session when
 * they are given one.
 * @throws LaunchportError ERR_LAUNCHD_TARGET, ERR_LAUNCHD_LABEL
 */
export function parseServiceTarget(text: string): { readonly domain: DomainTarget; readonly label: string } {
  const parts = text.split('/');
  const label = parts.pop();
  const domain = domainOf(parts);
  if (domain === undefined || label === undefined) {
    throw targetError('service', text, 'Write system/LABEL, user/UID/LABEL or gui/UID/LABEL.');
  }
  assertLabel(label);
  return { domain, label };
}

/**
 * The target of the job `label` in `domain`.
 * @throws LaunchportError ERR_LAUNCHD_TARGET, ERR_LAUNCHD_LABEL
 */
export function serviceTarget(domain: DomainTarget, label: string): ServiceTarget {
  assertLabel(label);
  return `${parseDomainTarget(domain)}/${label}`;
}

/**
 * The domain that belongs to a session: System is `system`, Aqua `gui/UID`, Background and StandardIO `user/UID`.
 * @param sudoUid `SUDO_UID`, for advice only: root never acts in the name of the user behind sudo unasked
 * @throws LaunchportError ERR_LAUNCHD_NO_DOMAIN for the login window, and for root inside a user's Aqua session:
 * `gui/0` does not exist
 */
export function domainForManager(manager: ManagerName, uid: number, sudoUid?: string): DomainTarget {
  if (!Number.isInteger(uid) || uid < 0 || uid > MAX_UID) throw new RangeError(`not a user id: ${uid}`);
  switch (manager) {
    case 'System':
      return 'system';
    case 'Background':
    case 'StandardIO':
      return `user/${uid}`;
    case 'Aqua':
      if (uid === 0) {
        throw new LaunchportError('ERR_LAUNCHD_NO_DOMAIN', 'root has no graphical session of its own', {
          hint:
            sudoUid === undefined
              ? 'Run this as the logged-in user, without sudo.'
              : `Run this without sudo, or name the domain gui/${sudoUid}.`,
          details: { manager, uid, meaning: 'noGuiSession' },
        });
      }
      return `gui/${uid}`;
    case 'LoginWindow':
      throw new LaunchportError('ERR_LAUNCHD_NO_DOMAIN', 'the login window has no domain for our jobs', {
        hint: 'Log in first, or name a domain.',
        details: { manager, uid, meaning: 'unsupportedDomain' },
      });
  }
}

function domainOf(parts: readonly string[]): DomainTarget | undefined {
  const [kind, uid] = parts;
  if (kind === 'system') return parts.length === 1 ? 'system' : undefined;
  if ((kind !== 'user' && kind !== 'gui') || parts.length !== 2 || uid === undefined) return undefined;
  return UID.test(uid) && Number(uid) <= MAX_UID ? `${kind}/${Number(uid)}` : undefined;
}

function targetError(what: 'domain' | 'service', text: string, hint: string): LaunchportError {
  return new LaunchportError('ERR_LAUNCHD_TARGET', `not a ${what} target: ${JSON.stringify(text)}`, {
    hint,
    details: { target: text },
  });
}
