/** The logs of a container, as open files. */
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText } from '../base/index.js';
import { routeError } from '../routes/index.js';
import type { ContainerEntry } from './container-entry.js';
import { BOOT_LOG, STDIO_LOG } from './container-store.js';

/** Two open files; whoever gets them closes them. */
export interface OpenLogs {
  /** Output of the command. */
  readonly stdio: FileHandle;
  /** What the runtime has to say; empty when it says nothing. */
  readonly boot: FileHandle;
}

/**
 * Opens both. The first is made when the container has written nothing yet, so that a reader may follow it.
 * @throws LaunchportError, code `internalError` on the wire, as upstream
 */
export async function openLogs({ directory }: Pick<ContainerEntry, 'directory'>): Promise<OpenLogs> {
  try {
    const stdio = await open(join(directory, STDIO_LOG), 'a+', 0o600);
    try {
      const boot = await open(join(directory, BOOT_LOG), 'r').catch(() => open('/dev/null', 'r'));
      return { stdio, boot };
    } catch (error) {
      await stdio.close();
      throw error;
    }
  } catch (error) {
    throw routeError('internalError', `failed to open container logs: ${errorText(error)}`);
  }
}
