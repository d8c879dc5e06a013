/** Checks of the network namespace that a client sends. */
import { fstat, stat } from 'node:fs';
import { promisify } from 'node:util';
import { routeError } from '../../../sdk/index.js';

/**
 * A descriptor must be of a namespace, and not of this process's own network: an interface moved there would be the
 * machine's. Whether it is a network's is up to setns(2).
 * @throws routeError invalidArgument
 */
export async function assertOtherNetns(descriptor: number): Promise<void> {
  const own = await promisify(stat)('/proc/self/ns/net');
  const theirs = await promisify(fstat)(descriptor).catch(() => undefined);
  // All namespaces are files of one file system, and the network is one of them.
  if (theirs === undefined || theirs.dev !== own.dev) {
    throw routeError('invalidArgument', 'netns is no descriptor of a network namespace');
  }
  if (theirs.ino === own.ino) {
    throw routeError('invalidArgument', 'netns is the network of the machine, not one of a container');
  }
}
