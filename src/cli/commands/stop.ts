/** `launchport stop`: asks containers to end, and has those killed that do not. */
import { assertContainerId } from '../../plugin/index.js';
import { changeEach, chosen } from '../containers/each.js';
import { about } from '../containers/failure.js';
import { type ServerOptions, withServices } from '../containers/server.js';
import { isRunning } from '../containers/snapshot.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { parseSignal } from '../signals.js';

/** Options of `stop`. */
export interface StopOptions extends GlobalOptions, ServerOptions {
  readonly all?: boolean;
  readonly signal?: string;
  /** Seconds. */
  readonly time: number;
}

/** Stops containers side by side; one that has stopped already is no failure. */
export async function stopContainers(
  context: CliContext,
  names: readonly string[],
  options: StopOptions,
): Promise<void> {
  for (const name of names) assertContainerId(name);
  const stopOptions = {
    timeoutInSeconds: Math.min(options.time, 0x7fff_ffff),
    ...(options.signal === undefined ? {} : { signal: parseSignal(options.signal) }),
  };
  await withServices(context, options, async ({ containers, wait }) => {
    const ids = await chosen('container', names, options.all, async () =>
      (await containers.list({}, wait)).filter(isRunning).map(({ configuration }) => configuration.id),
    );
    await changeEach(context, options, ids, (id) =>
      about('container', id, async () => {
        await containers.stop(id, stopOptions, wait);
        return { result: 'stopped' };
      }),
    );
  });
}
