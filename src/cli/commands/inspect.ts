/** `launchport inspect CONTAINER…`: everything known of containers. */
import type { LaunchportError } from '../../base/index.js';
import { assertContainerId } from '../../plugin/index.js';
import { together } from '../containers/each.js';
import { noContainer } from '../containers/failure.js';
import { type ServerOptions, withServices } from '../containers/server.js';
import { containerJson } from '../containers/snapshot.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { writeJson } from '../output/json.js';

/** Writes a JSON array of those that are there, and then fails for those that are not. @throws ERR_CONTAINER_NOT_FOUND */
export async function inspectContainers(
  context: CliContext,
  names: readonly string[],
  options: GlobalOptions & ServerOptions,
): Promise<void> {
  for (const name of names) assertContainerId(name);
  const all = await withServices(context, options, ({ containers, wait }) =>
    containers.list({ ids: [...names] }, wait),
  );
  const missing: LaunchportError[] = [];
  const found = names.flatMap((name) => {
    const snapshot = all.find(({ configuration }) => configuration.id === name);
    if (snapshot === undefined) missing.push(noContainer(name));
    return snapshot === undefined ? [] : [containerJson(snapshot)];
  });
  writeJson(context, found);
  if (missing.length > 0) throw together(missing);
}
