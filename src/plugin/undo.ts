/** Steps that can be taken back: directories made and files written on the way to something that then failed. */
import { mkdir, readFile, rm, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorText, LaunchportError, type Logger, writeFileAtomic } from '../base/index.js';
import { type JobDefinitionInput, writeJobPlist } from '../launchd/index.js';

/** Does things, remembers how to take them back, and takes them back in reverse order. */
export class Undo {
  readonly #steps: (() => Promise<void>)[] = [];
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Remembers a step to take back. */
  add(step: () => Promise<void>): void {
    this.#steps.push(step);
  }

  /**
   * Makes a directory, and those above it that are missing, with mode 0700.
   * @throws LaunchportError ERR_PLUGIN_DIRECTORY
   */
  async makeDirectory(path: string): Promise<void> {
    const first = await mkdir(path, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
      throw fileError(`cannot make the directory ${path}`, path, error);
    });
    if (first !== undefined) this.add(() => removeEmpty(path, first));
  }

  /**
   * Writes a job plist; taking it back restores the content it had, or removes it.
   * @throws LaunchportError ERR_LAUNCHD_PLIST, ERR_PLUGIN_DIRECTORY
   */
  async writePlist(path: string, definition: JobDefinitionInput): Promise<void> {
    const before = await readFile(path).catch(() => undefined);
    this.add(() => (before === undefined ? rm(path, { force: true }) : writeFileAtomic(path, before)));
    await writeJobPlist(path, definition).catch((error: unknown) => {
      throw error instanceof LaunchportError ? error : fileError(`cannot write ${path}`, path, error);
    });
  }

  /** Removes a file that is of no more use. A failure is logged: the file does no harm. */
  async discardFile(path: string): Promise<void> {
    await rm(path, { force: true }).catch((error: unknown) => {
      this.#logger.warn(`cannot remove ${path}: ${errorText(error)}`, { path });
    });
  }

  /** Takes everything back. Resolves to false when a step failed; failures are logged. */
  async run(): Promise<boolean> {
    let isClean = true;
    for (const step of this.#steps.splice(0).reverse()) {
      await step().catch((error: unknown) => {
        isClean = false;
        this.#logger.warn(`could not take back a step of a failed registration: ${errorText(error)}`);
      });
    }
    return isClean;
  }
}

/** Removes directories upward from `path` to `first`, while they are empty: another may have begun to use one. */
async function removeEmpty(path: string, first: string): Promise<void> {
  for (let directory = path; ; directory = dirname(directory)) {
    const isRemoved = await rmdir(directory).then(
      () => true,
      () => false,
    );
    if (!isRemoved || directory === first) return;
  }
}

function fileError(what: string, path: string, cause: unknown): LaunchportError {
  return new LaunchportError('ERR_PLUGIN_DIRECTORY', `${what}: ${errorText(cause)}`, {
    hint: 'Check the owner, the permissions and the free space of the path.',
    details: { path },
    cause,
  });
}
