/** Which jobs were enabled or disabled by hand, kept in a file beside the sockets. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { errorText, LaunchportError, type Logger } from '../base/index.js';
import { type DomainTarget, parseDomainTarget, type ServiceTarget, serviceTarget } from '../launchd/index.js';

/**
 * The override database of a supervisor: `disabled.json` in its directory, mode 0600. It outlives the supervisor and
 * the plists. Written whole and atomically, on the disk before a call that changes it returns.
 */
export class OverrideStore {
  readonly #path: string;
  readonly #overrides = new Map<ServiceTarget, boolean>();

  /** Reads the file. One that is damaged is put aside as `disabled.json.damaged`, and the log says so. */
  constructor(directory: string, logger: Logger) {
    this.#path = join(directory, 'disabled.json');
    try {
      for (const [target, isDisabled] of readFile(this.#path)) this.#overrides.set(target, isDisabled);
    } catch (error) {
      const damaged = `${this.#path}.damaged`;
      logger.error(`supervisor: enabled and disabled jobs were forgotten: ${errorText(error)}`, { damaged });
      try {
        renameSync(this.#path, damaged);
      } catch {
        // It cannot be read and not be moved: the next change says what is the matter.
      }
    }
  }

  /** True for disabled, false for enabled, undefined when the plist decides. */
  get(target: ServiceTarget): boolean | undefined {
    return this.#overrides.get(target);
  }

  /** Labels of a domain, true for disabled. */
  of(domain: DomainTarget): ReadonlyMap<string, boolean> {
    const start = `${domain}/`;
    const own = [...this.#overrides].filter(([target]) => target.startsWith(start));
    return new Map(own.map(([target, isDisabled]) => [target.slice(start.length), isDisabled]));
  }

  /**
   * Keeps an override. Returns whether that changed anything.
   * @throws LaunchportError ERR_LAUNCHD_STATE when it cannot be written; nothing is then changed
   */
  set(target: ServiceTarget, isDisabled: boolean): boolean {
    if (this.#overrides.get(target) === isDisabled) return false;
    const next = new Map(this.#overrides).set(target, isDisabled);
    try {
      writeFile(this.#path, next);
    } catch (cause) {
      throw new LaunchportError('ERR_LAUNCHD_STATE', `cannot write ${this.#path}: ${errorText(cause)}`, {
        hint: 'Check that the directory still exists and takes files.',
        details: { target },
        cause,
      });
    }
    this.#overrides.set(target, isDisabled);
    return true;
  }
}

function readFile(path: string): [ServiceTarget, boolean][] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
  const file: unknown = JSON.parse(text);
  if (!isDictionary(file) || file.version !== 1) throw new Error(`${path} is not of version 1`);
  return entriesOf(file.disabled).flatMap(([domain, labels]) =>
    entriesOf(labels).map(([label, isDisabled]): [ServiceTarget, boolean] => {
      if (typeof isDisabled !== 'boolean') throw new Error(`${path} is damaged at ${domain}/${label}`);
      return [serviceTarget(parseDomainTarget(domain), label), isDisabled];
    }),
  );
}

function isDictionary(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function entriesOf(value: unknown): [string, unknown][] {
  if (isDictionary(value)) return Object.entries(value);
  throw new Error('a dictionary is missing');
}

function writeFile(path: string, overrides: ReadonlyMap<ServiceTarget, boolean>): void {
  const disabled: Record<string, Record<string, boolean>> = {};
  for (const [target, isDisabled] of [...overrides].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const at = target.lastIndexOf('/');
    const domain = target.slice(0, at);
    disabled[domain] = { ...disabled[domain], [target.slice(at + 1)]: isDisabled };
  }
  const temporary = `${path}.new`;
  rmSync(temporary, { force: true });
  const descriptor = openSync(temporary, 'wx', 0o600);
  try {
    writeSync(descriptor, `${JSON.stringify({ version: 1, disabled }, undefined, 2)}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, path);
  // The rename itself is on the disk only with the directory.
  const directory = openSync(join(path, '..'), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
