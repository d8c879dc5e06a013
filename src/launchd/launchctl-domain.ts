/** Which domain new jobs go to, found out by asking launchctl. */
import { type Budget, LaunchportError, type Logger } from '../base/index.js';
import type { DomainTarget, ManagerName } from './control.js';
import { domainForManager } from './domain.js';
import type { LaunchctlTool } from './launchctl-tool.js';
import { parseManagerName } from './listings.js';

/** What is known of the caller. */
export interface Caller {
  readonly uid: number;
  /** `SUDO_UID`: who became root with sudo. */
  readonly sudoUid: string | undefined;
  /** The system was started a moment ago. */
  readonly isFreshBoot: boolean;
}

/** Milliseconds that a graphical session gets to come up after the system was started. */
const BOOT_MS = 60_000;
const FIRST_POLL_MS = 250;
const LAST_POLL_MS = 2000;

/**
 * The session of the caller.
 * @throws LaunchportError ERR_LAUNCHD_COMMAND for a kind of session that is not known
 */
export async function readManager(tool: LaunchctlTool, budget: Budget): Promise<ManagerName> {
  const call = { arguments: ['managername'] };
  const text = await tool.read(call, budget);
  const name = parseManagerName(text);
  if (name !== undefined) return name;
  const printed = JSON.stringify(text.trim().slice(0, 100));
  throw new LaunchportError('ERR_LAUNCHD_COMMAND', `launchctl names an unknown session type: ${printed}`, {
    hint: 'Name a domain yourself: system, user/UID or gui/UID.',
    details: { ...call, stdout: text.slice(0, 4096), meaning: 'unsupportedDomain' },
  });
}

/**
 * The domain of the caller's session. An Aqua session whose domain launchd does not show is no place for jobs: then,
 * as over ssh, they go to `user/UID`. Shortly after a start of the system the domain is waited for.
 * @throws LaunchportError ERR_LAUNCHD_NO_DOMAIN as {@link domainForManager}; those of launchctl
 */
export async function chooseDomain(
  tool: LaunchctlTool,
  caller: Caller,
  logger: Logger,
  budget: Budget,
): Promise<DomainTarget> {
  const { uid, sudoUid, isFreshBoot } = caller;
  const domain = domainForManager(await readManager(tool, budget), uid, sudoUid);
  if (uid === 0 && sudoUid !== undefined) {
    logger.warn(`under sudo jobs belong to ${domain}, not to user ${sudoUid}`, { domain });
  }
  if (!domain.startsWith('gui/')) return domain;
  const waiting = budget.within(isFreshBoot ? BOOT_MS : 0);
  for (let pause = FIRST_POLL_MS; ; pause = Math.min(pause * 2, LAST_POLL_MS)) {
    if (await tool.hasDomain(domain, budget)) return domain;
    if (!(await waiting.pause(pause)) || budget.remaining === 0) break;
  }
  logger.warn(`there is no domain ${domain}; jobs go to user/${uid}`, { domain });
  return `user/${uid}`;
}
