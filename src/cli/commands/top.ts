/** `launchport top`: the processes of a container. */
import { assertContainerId } from '../../plugin/index.js';
import { about } from '../containers/failure.js';
import { assertOwnServer, type ServerOptions, withServices } from '../containers/server.js';
import { sizeText } from '../containers/sizes.js';
import type { CliContext } from '../context.js';
import { type FormatOptions, wantsJson, writeJson } from '../output/json.js';
import { writeTable } from '../output/table.js';

/** Writes what runs in the container. The route is ours: apple/container's own server does not have it. */
export async function containerProcesses(
  context: CliContext,
  name: string,
  options: FormatOptions & ServerOptions,
): Promise<void> {
  assertContainerId(name);
  const processes = await withServices(context, options, async (services) => {
    await assertOwnServer(services, 'tell of processes');
    return about('container', name, () => services.containers.processes(name, services.wait));
  });
  if (wantsJson(options)) return writeJson(context, processes);
  writeTable(
    context,
    [
      { heading: 'PID', cell: ({ pid }) => String(pid) },
      { heading: 'HOST PID', cell: ({ hostPid }) => String(hostPid) },
      { heading: 'USER', cell: ({ user }) => user ?? '-' },
      { heading: 'STARTED', cell: ({ startedAt }) => startedAt?.toISOString() ?? '-' },
      { heading: 'CPU', cell: ({ cpuUsec }) => `${(cpuUsec / 1e6).toFixed(2)}s` },
      { heading: 'MEMORY', cell: ({ memoryBytes }) => sizeText(memoryBytes) },
      { heading: 'COMMAND', cell: ({ command }) => command },
    ],
    processes,
  );
}
