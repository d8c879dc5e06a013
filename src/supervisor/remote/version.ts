/** What is said when the two ends speak different editions of the protocol. */
import { LaunchportError } from '../../base/index.js';

/** The error for a client and a daemon that do not fit; says which of the two to update. */
export function protocolError(client: number, daemon: number): LaunchportError {
  const isDaemonOlder = daemon < client;
  return new LaunchportError(
    'ERR_SUPERVISOR_PROTOCOL',
    `the supervisor daemon speaks protocol ${daemon}, this program ${client}`,
    {
      hint: isDaemonOlder
        ? 'The daemon is older: end it and start it again with this version of launchport (launchport system restart).'
        : 'This program is older: update the launchport it uses, or restart the daemon with its version.',
      details: { client, daemon, update: isDaemonOlder ? 'daemon' : 'client' },
    },
  );
}
