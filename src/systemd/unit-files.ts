/** The unit files of our jobs on disk. */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../base/index.js';
import { isUnitOf, UNIT_PREFIX } from './unit-names.js';
import { type KeptStatus, OWN_SECTION, type SystemdUnit } from './units.js';

/** A directory in which the user manager looks for units. */
export class UnitFiles {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Names of a job's unit files, sorted, numbered ones by their number. */
  async of(stem: string): Promise<string[]> {
    const names = (await this.#names()).filter((name) => isUnitOf(stem, name));
    return names.sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  }

  /** Those of a job's units that are started at login, when installed. */
  async installable(stem: string): Promise<string[]> {
    const names: string[] = [];
    for (const name of await this.of(stem)) {
      const text = await readFile(join(this.directory, name), 'utf8');
      if (text.includes('\n[Install]\n')) names.push(name);
    }
    return names;
  }

  /** What is kept about each job, by the name of its service. */
  async jobs(): Promise<ReadonlyMap<string, KeptStatus>> {
    const names = await this.#names();
    const services = names.filter((name) => name.startsWith(UNIT_PREFIX) && name.endsWith('.service'));
    const jobs = new Map<string, KeptStatus>();
    for (const service of services.sort()) {
      const kept = await this.kept(service);
      if (kept !== undefined) jobs.set(service, kept);
    }
    return jobs;
  }

  /** What the file of a service keeps; undefined when there is no such file, or it is not one of ours. */
  async kept(service: string): Promise<KeptStatus | undefined> {
    try {
      const text = await readFile(join(this.directory, service), 'utf8');
      const own = text.split(`[${OWN_SECTION}]\n`)[1] ?? '';
      const status: unknown = JSON.parse(/^Status=(.*)$/m.exec(own)?.[1] ?? '');
      return isKeptStatus(status) ? status : undefined;
    } catch {
      return undefined;
    }
  }

  /**
   * Writes all files, or none. A mark beside them tells, after a crash, that they were not all in use yet: `commit` takes
   * it away. Mode 0600, for their environment may hold credentials.
   * @throws the system's error
   */
  async write(stem: string, units: readonly SystemdUnit[]): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    try {
      await writeFileAtomic(this.#mark(stem), '');
      for (const { name, content } of units) await writeFileAtomic(join(this.directory, name), content);
    } catch (error) {
      await this.remove(stem).catch(() => {});
      throw error;
    }
  }

  /** The job is loaded: its files stay. */
  async commit(stem: string): Promise<void> {
    await rm(this.#mark(stem), { force: true });
  }

  /** Whether the files of a job were written but never committed. */
  async isUncommitted(stem: string): Promise<boolean> {
    return (await this.#names()).includes(`${stem}.pending`);
  }

  /** Removes a job's files; the mark goes last. @throws the system's error */
  async remove(stem: string): Promise<void> {
    for (const name of await this.of(stem)) await rm(join(this.directory, name), { force: true });
    await this.commit(stem);
  }

  #mark(stem: string): string {
    return join(this.directory, `${stem}.pending`);
  }

  async #names(): Promise<string[]> {
    return readdir(this.directory).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
  }
}

function isKeptStatus(value: unknown): value is KeptStatus {
  if (typeof value !== 'object' || value === null) return false;
  const { label, arguments: words, endpoints } = value as Readonly<Record<string, unknown>>;
  return typeof label === 'string' && Array.isArray(words) && Array.isArray(endpoints);
}
