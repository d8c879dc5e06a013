/** `launchport rm`: removes containers. */
import { assertContainerId } from '../../plugin/index.js';
import { changeEach, chosen } from '../containers/each.js';
import { about } from '../containers/failure.js';
import { type ServerOptions, withServices } from '../containers/server.js';
import { isRunning } from '../containers/snapshot.js';
import type { CliContext, GlobalOptions } from '../context.js';

/** Options of `rm`. */
export interface RemoveOptions extends GlobalOptions, ServerOptions {
  readonly all?: boolean;
  readonly force?: boolean;
}

/** Removes containers side by side; those that run only with `force`, and `all` leaves them alone without it. */
export async function removeContainers(
  context: CliContext,
  names: readonly string[],
  options: RemoveOptions,
): Promise<void> {
  for (const name of names) assertContainerId(name);
  await withServices(context, options, async ({ containers, wait }) => {
    const ids = await chosen('container', names, options.all, async () =>
      (await containers.list({}, wait))
        .filter((snapshot) => options.force || !isRunning(snapshot))
        .map(({ configuration }) => configuration.id),
    );
    await changeEach(context, options, ids, (id) =>
      about('container', id, async () => {
        await containers.delete(id, options.force ?? false, wait);
        return { result: 'removed' };
      }),
    );
  });
}
