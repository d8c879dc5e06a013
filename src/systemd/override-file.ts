/** Which jobs were enabled or disabled by hand: kept in a file, for a mask alone cannot say "enabled". */
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorText, LaunchportError, writeFileAtomic } from '../base/index.js';

/** The file: labels, true for disabled. */
export class OverrideFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** @throws LaunchportError ERR_LAUNCHD_STATE when the file is damaged: a disabled job is never taken for enabled */
  async read(): Promise<ReadonlyMap<string, boolean>> {
    try {
      const text = await readFile(this.#path, 'utf8');
      const file: unknown = JSON.parse(text);
      const { version, disabled } = file as { version?: unknown; disabled?: unknown };
      if (version !== 1 || typeof disabled !== 'object' || disabled === null)
        throw new Error('not of version 1');
      const entries = Object.entries(disabled);
      if (!entries.every(([, value]) => typeof value === 'boolean'))
        throw new Error('a value is not a boolean');
      return new Map(entries as [string, boolean][]);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
      throw this.#failure('read', error);
    }
  }

  /** On the disk before it returns. @throws LaunchportError ERR_LAUNCHD_STATE */
  async set(label: string, isDisabled: boolean): Promise<void> {
    const overrides = new Map(await this.read());
    if (overrides.get(label) === isDisabled) return;
    const entries = [...overrides.set(label, isDisabled)].sort(([a], [b]) => (a < b ? -1 : 1));
    const text = `${JSON.stringify({ version: 1, disabled: Object.fromEntries(entries) }, undefined, 2)}\n`;
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
      await writeFileAtomic(this.#path, text);
    } catch (error) {
      throw this.#failure('write', error);
    }
  }

  #failure(what: string, cause: unknown): LaunchportError {
    return new LaunchportError('ERR_LAUNCHD_STATE', `cannot ${what} ${this.#path}: ${errorText(cause)}`, {
      hint: 'Repair the file or remove it; without it, no job counts as disabled.',
      details: { path: this.#path },
      cause,
    });
  }
}
