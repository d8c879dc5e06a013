/** The files that a runtime gives its container: kept on the host, bound into the sandbox. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { SandboxFile, SandboxSpec } from '../sandbox.js';

/** Paths on the host by path in the sandbox, in `etc` of the state directory. */
export class SandboxFiles {
  readonly paths: ReadonlyMap<string, string>;
  readonly #directory: string;

  private constructor(directory: string, paths: ReadonlyMap<string, string>) {
    this.#directory = directory;
    this.paths = paths;
  }

  static async make(spec: SandboxSpec): Promise<SandboxFiles> {
    const directory = join(spec.stateDirectory, 'etc');
    await mkdir(directory, { recursive: true, mode: 0o755 });
    const paths = new Map<string, string>();
    for (const [path, content] of Object.entries(spec.files)) {
      const host = join(directory, basename(path));
      await writeFile(host, content, { mode: 0o644 });
      paths.set(path, host);
    }
    return new SandboxFiles(directory, paths);
  }

  /** In place: the file that is bound stays the same one. */
  async write(path: SandboxFile, content: string): Promise<void> {
    const host = this.paths.get(path);
    if (host === undefined) throw new RangeError(`${path} is not one of this sandbox's files`);
    await writeFile(host, content);
  }

  async remove(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }
}
