/** The first process of a container: prepared, started, and waited for. */
import { errorText, LaunchportError } from '../../base/index.js';
import type { CliContext } from '../context.js';
import { ExitStatus, reportFailure } from '../failure.js';
import { type RemoteProcess, runAttached } from './attached-run.js';
import { about } from './failure.js';
import type { Services } from './server.js';
import { type Attachment, withStdio } from './stdio.js';
import { waitForExit } from './wait.js';

/** Exit status of a command that could not be started, as shells have it. */
const NOT_STARTED = 127;

/** Prepares the sandbox and starts the process with nothing connected. */
export async function startDetached({ containers, wait }: Services, id: string): Promise<void> {
  await about('container', id, async () => {
    await containers.bootstrap(id, {}, wait);
    await containers.startProcess(id, id, wait);
  });
}

/**
 * Prepares the sandbox with this command's descriptors, starts the process, and settles with its exit code.
 * `onFailure` runs when there is no process in the end, and hears whether this command has prepared the sandbox:
 * one that it has not may be another's, and running.
 * @throws ExitStatus 127, with the failure told, when it cannot be started; ExitStatus when the user leaves it
 */
export async function runFirstProcess(
  context: CliContext,
  services: Services,
  id: string,
  options: {
    readonly attachment: Attachment;
    readonly isJson: boolean;
    readonly onFailure: (isPrepared: boolean) => Promise<void>;
  },
): Promise<number> {
  const { containers, wait } = services;
  const { attachment } = options;
  let isPrepared = false;
  let isStarted = false;
  try {
    await withStdio(context, attachment, (stdio) =>
      about('container', id, () => containers.bootstrap(id, { stdio }, wait)),
    );
    isPrepared = true;
    return await runAttached(
      context,
      remoteProcess(services, id, id, async (signal) => {
        await about('container', id, () => containers.startProcess(id, id, { signal }));
        isStarted = true;
      }),
      attachment,
    );
  } catch (error) {
    if (isStarted) throw error;
    await options.onFailure(isPrepared);
    throw notStarted(context, error, options.isJson);
  }
}

/** A process as {@link runAttached} drives it. */
export function remoteProcess(
  { containers }: Services,
  id: string,
  process: string,
  start: RemoteProcess['start'],
): RemoteProcess {
  return {
    name: id,
    start,
    wait: (signal) => about('container', id, () => waitForExit(containers, id, process, signal)),
    kill: (signal) => containers.kill(id, signal, process),
    resize: ({ columns, rows }) => containers.resize(id, { width: columns, height: rows }, process),
  };
}

/** Tells why there is no process. Of an interrupt, and of a server that is gone, the usual exit status says more. */
export function notStarted(context: CliContext, error: unknown, isJson: boolean): unknown {
  if (context.signal.aborted || error instanceof ExitStatus) return error;
  const failure =
    error instanceof LaunchportError
      ? error
      : new LaunchportError('ERR_INTERNAL', errorText(error), { cause: error });
  if (failure.kind === 'notRunning') return error;
  reportFailure(context, failure, isJson);
  return new ExitStatus(NOT_STARTED);
}
