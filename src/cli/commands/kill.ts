/** `launchport kill`: sends a signal to the first process of containers. */
import { assertContainerId } from '../../plugin/index.js';
import { changeEach, chosen } from '../containers/each.js';
import { about } from '../containers/failure.js';
import { type ServerOptions, withServices } from '../containers/server.js';
import { isRunning } from '../containers/snapshot.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { parseSignal } from '../signals.js';

/** Options of `kill`. */
export interface KillOptions extends GlobalOptions, ServerOptions {
  readonly all?: boolean;
  readonly signal: string;
}

/** Signals containers side by side. */
export async function killContainers(
  context: CliContext,
  names: readonly string[],
  options: KillOptions,
): Promise<void> {
  for (const name of names) assertContainerId(name);
  const signal = parseSignal(options.signal);
  await withServices(context, options, async ({ containers, wait }) => {
    const ids = await chosen('container', names, options.all, async () =>
      (await containers.list({}, wait)).filter(isRunning).map(({ configuration }) => configuration.id),
    );
    await changeEach(context, options, ids, (id) =>
      about('container', id, async () => {
        await containers.kill(id, signal, id, wait);
        return { result: `sent ${signal}` };
      }),
    );
  });
}
