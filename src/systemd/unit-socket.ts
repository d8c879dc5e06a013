/** The .socket units of a job: one per Mach service, for a name is given to all sockets of a unit. */
import type { JobDefinition } from '../launchd/index.js';
import { bootstrapPath } from '../native/index.js';
import { type Setting, wholeLine } from './unit-text.js';

/** A Mach service as systemd serves it. */
export interface SocketPlan {
  readonly service: string;
  readonly path: string;
  readonly settings: readonly Setting[];
}

/**
 * The sockets of all advertised Mach services, where launchport's clients look for them, sorted by name.
 * @throws LaunchportError ERR_XPC_NAME, ERR_LAUNCHD_SOCKET_PATH, ERR_LAUNCHD_PLIST
 */
export function planSockets(
  { MachServices = {} }: JobDefinition,
  bootstrap: string,
  serviceUnit: string,
  warn: (key: string, message: string) => void,
): SocketPlan[] {
  const names = Object.keys(MachServices).filter((name) => MachServices[name] !== false);
  return names.sort().map((service) => {
    const options = MachServices[service];
    const { ResetAtClose, HideUntilCheckIn, DrainMessagesOnCrash } =
      typeof options === 'object' ? options : {};
    const key = `MachServices.${service}`;
    if (HideUntilCheckIn === true)
      warn(`${key}.HideUntilCheckIn`, 'has no equivalent: the name is there at once');
    if (DrainMessagesOnCrash !== undefined)
      warn(`${key}.DrainMessagesOnCrash`, 'has no equivalent: waiting requests are kept');
    const path = bootstrapPath(bootstrap, service);
    const settings: Setting[] = [
      ['ListenSequentialPacket', wholeLine(path, 'the runtime directory')],
      ['FileDescriptorName', service],
      ['Service', serviceUnit],
      ['Accept', 'no'],
      ['SocketMode', '0600'],
      ['DirectoryMode', '0700'],
      ['RemoveOnStop', 'yes'],
      // Otherwise twenty starts in two seconds put the socket out of order until somebody restarts it.
      ['TriggerLimitIntervalSec', '0'],
      ...(ResetAtClose === true ? [['FlushPending', 'yes'] as const] : []),
    ];
    return { service, path, settings };
  });
}
