/** `launchport exec`: runs a further command in a running container. */
import { randomUUID } from 'node:crypto';
import { LaunchportError, printable } from '../../base/index.js';
import { assertContainerId } from '../../plugin/index.js';
import type { CallOptions } from '../../routes/index.js';
import { assertTerminal, runAttached } from '../containers/attached-run.js';
import { about, noContainer } from '../containers/failure.js';
import { notStarted, remoteProcess } from '../containers/first-process.js';
import { furtherProcess, type ProcessOptions } from '../containers/process-configuration.js';
import { type ServerOptions, withServices } from '../containers/server.js';
import { isRunning } from '../containers/snapshot.js';
import { withStdio } from '../containers/stdio.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { ExitStatus } from '../failure.js';
import { writeJson } from '../output/json.js';

/** Options of `exec`. */
export interface ExecOptions extends ProcessOptions, GlobalOptions, ServerOptions {
  readonly detach?: boolean;
}

/** Ends with the exit code of the command, or with 127 when it could not be started. */
export async function execInContainer(
  context: CliContext,
  id: string,
  command: readonly string[],
  options: ExecOptions,
): Promise<void> {
  assertContainerId(id);
  const attachment = { isInteractive: options.interactive ?? false, isTerminal: options.tty ?? false };
  if (!options.detach) assertTerminal(context, attachment);
  const code = await withServices(context, options, async (services) => {
    const { containers, wait } = services;
    const [snapshot] = await containers.list({ ids: [id] }, wait);
    if (snapshot === undefined) throw noContainer(id);
    if (!isRunning(snapshot)) {
      throw new LaunchportError('ERR_CONTAINER_STATE', `container ${id} does not run`, {
        hint: `Start it: launchport start ${id}`,
        details: { id, status: snapshot.status },
      });
    }
    const { initProcess } = snapshot.configuration;
    const process = await furtherProcess(context, initProcess, command, options);
    const name = randomUUID();
    const create = (stdio = {}) => containers.createProcess(id, name, process, stdio, wait);
    const start = (bounds: CallOptions) =>
      about('container', id, () => containers.startProcess(id, name, bounds));
    let isStarted = false;
    try {
      if (options.detach) {
        await about('container', id, () => create());
        await start(wait);
        if (options.json) writeJson(context, { id, process: name });
        else context.stdout.write(`${printable(id)}\n`);
        return 0;
      }
      await withStdio(context, attachment, (stdio) => about('container', id, () => create(stdio)));
      const remote = remoteProcess(services, id, name, async (signal) => {
        await start({ signal });
        isStarted = true;
      });
      return await runAttached(context, remote, attachment);
    } catch (error) {
      throw isStarted ? error : notStarted(context, error, options.json ?? false);
    }
  });
  if (code !== 0) throw new ExitStatus(code);
}
