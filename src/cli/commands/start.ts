/** `launchport start`: starts containers that do not run. */
import { LaunchportError } from '../../base/index.js';
import { assertContainerId } from '../../plugin/index.js';
import { assertTerminal } from '../containers/attached-run.js';
import { changeEach } from '../containers/each.js';
import { noContainer } from '../containers/failure.js';
import { runFirstProcess, startDetached } from '../containers/first-process.js';
import { type ServerOptions, withServices } from '../containers/server.js';
import { isRunning } from '../containers/snapshot.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { ExitStatus } from '../failure.js';

/** Options of `start`. */
export interface StartOptions extends GlobalOptions, ServerOptions {
  readonly attach?: boolean;
  readonly interactive?: boolean;
}

/** Starts containers side by side, or one with this command's streams; that ends with the exit code of its command. */
export async function startContainers(
  context: CliContext,
  names: readonly string[],
  options: StartOptions,
): Promise<void> {
  for (const name of names) assertContainerId(name);
  if (options.attach || options.interactive) return startAttached(context, names, options);
  await withServices(context, options, (services) =>
    changeEach(context, options, names, async (id) => {
      await startDetached(services, id);
      return { result: 'started' };
    }),
  );
}

async function startAttached(
  context: CliContext,
  [name = '', ...others]: readonly string[],
  options: StartOptions,
): Promise<void> {
  if (others.length > 0) {
    throw new LaunchportError('ERR_USAGE', '--attach is for one container', {
      hint: 'Start the others without it.',
    });
  }
  const code = await withServices(context, options, async (services) => {
    const { containers, wait } = services;
    const [snapshot] = await containers.list({ ids: [name] }, wait);
    if (snapshot === undefined) throw noContainer(name);
    if (isRunning(snapshot)) {
      throw new LaunchportError(
        'ERR_CONTAINER_STATE',
        `container ${name} runs already: its streams are taken`,
        {
          hint: `launchport logs -f ${name} shows what it writes.`,
          details: { id: name },
        },
      );
    }
    const isTerminal = snapshot.configuration.initProcess.terminal;
    const attachment = { isTerminal, isInteractive: options.interactive ?? false };
    assertTerminal(context, attachment);
    return runFirstProcess(context, services, name, {
      attachment,
      isJson: options.json ?? false,
      // The server puts away what was prepared; this is for one that could not.
      onFailure: async (isPrepared) => {
        if (!isPrepared) return;
        await containers.stop(name, { timeoutInSeconds: 0 }, { timeout: 30_000 }).catch(() => {});
      },
    });
  });
  if (code !== 0) throw new ExitStatus(code);
}
