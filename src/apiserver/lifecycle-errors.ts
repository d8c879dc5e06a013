/** What containers refuse, and what may become of their runtimes. */
import { LaunchportError } from '../base/index.js';
import { routeError } from '../routes/index.js';
import type { ContainerEntry } from './container-entry.js';

/** @throws LaunchportError, code `invalidState` on the wire, for a container that is being made or removed */
export function assertReady(entry: ContainerEntry): void {
  if (entry.phase === 'ready') return;
  const what = entry.phase === 'creating' ? 'created' : 'removed';
  throw routeError('invalidState', `container ${entry.id} is being ${what}`);
}

/** The runtime is gone and left no word. */
export function unseen({ id, configuration }: ContainerEntry): LaunchportError {
  const message = `the runtime ${configuration.runtimeHandler} of ${id} ended by itself: nobody saw how the command ended`;
  return new LaunchportError('ERR_PLUGIN_EXITED', message, { hint: 'Its log may say why.' });
}
