/** The journal: what is loaded and what runs, so that the next supervisor can go on where a killed one stopped. */
import { closeSync, fdatasyncSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorText, type Logger } from '../base/index.js';
import type { ServiceTarget } from '../launchd/index.js';
import type { JobRecord } from './job-history.js';
import { encodeEntry, HEADER, type JournalEntry, type ProcessRecord, readJournal } from './journal-file.js';

/** What the journal knows of a loaded job. */
export interface StoredJob {
  readonly target: ServiceTarget;
  /** The plist it was loaded from, which may have changed since. */
  readonly path: string;
  /** The definition as loaded, as an XML plist. */
  readonly definition: string;
  readonly record: JobRecord;
  /** Started, and not known to have ended. */
  readonly process?: ProcessRecord;
}

/** Bytes that a journal may have before what is outdated in it is left out. */
const COMPACTION_BYTES = 256 * 1024;

/**
 * One file of lines, each with its checksum: a line is added for each change, and what a torn write leaves is not
 * read. What is loaded is on the disk when the call returns (fdatasync). Starts and exits are only handed to the
 * kernel, which is enough for a supervisor that is killed; after a crash of the machine the pids mean nothing.
 *
 * A journal that cannot be written is told once per failure and written anew with the next change: jobs go on.
 */
export class JobStore {
  /** What was found, and is kept up to date. */
  readonly #jobs = new Map<ServiceTarget, StoredJob>();
  readonly #path: string;
  readonly #logger: Logger;
  #descriptor = -1;
  #size = 0;
  /** The size after the last compaction. */
  #liveSize = 0;

  /**
   * Reads the journal at `path` and writes it anew, or begins one. One that makes no sense from its first line on
   * (another version, another file) is renamed to `PATH.unreadable` and told.
   */
  constructor(path: string, logger: Logger) {
    this.#path = path;
    this.#logger = logger;
    for (const entry of readJournal(path, logger)) this.#apply(entry);
    this.#attempt(() => this.#compact());
  }

  /** Jobs, in the order in which they were loaded. */
  get jobs(): readonly StoredJob[] {
    return [...this.#jobs.values()];
  }

  /** A job was loaded. On the disk when this returns. */
  load(target: ServiceTarget, path: string, definition: string): void {
    this.#append({ do: 'load', target, path, definition }, true);
  }

  /** A job is gone. On the disk when this returns. */
  unload(target: ServiceTarget): void {
    if (this.#jobs.has(target)) this.#append({ do: 'unload', target }, true);
  }

  /** The job got a process, which has not executed yet, or has lost it. */
  state(target: ServiceTarget, record: JobRecord, process?: ProcessRecord): void {
    if (!this.#jobs.has(target)) return;
    this.#append({ do: 'state', target, record, ...(process === undefined ? {} : { process }) }, false);
  }

  /** Closes the file and leaves it for the next supervisor. */
  close(): void {
    if (this.#descriptor >= 0) closeSync(this.#descriptor);
    this.#descriptor = -1;
  }

  /** Closes and removes it: nothing is left to recover. */
  discard(): void {
    this.close();
    rmSync(this.#path, { force: true });
  }

  #append(entry: JournalEntry, isDurable: boolean): void {
    this.#apply(entry);
    this.#attempt(() => {
      if (this.#descriptor < 0 || this.#size > Math.max(COMPACTION_BYTES, 4 * this.#liveSize)) {
        this.#compact();
        return;
      }
      this.#write(this.#descriptor, encodeEntry(entry));
      if (isDurable) fdatasyncSync(this.#descriptor);
    });
  }

  #apply(entry: JournalEntry): void {
    if (entry.do === 'unload') {
      this.#jobs.delete(entry.target);
      return;
    }
    const { target } = entry;
    if (entry.do === 'load') {
      const { path, definition } = entry;
      this.#jobs.set(target, { target, path, definition, record: { runs: 0 } });
      return;
    }
    const known = this.#jobs.get(target);
    if (known === undefined) return;
    const { path, definition } = known;
    const { record, process } = entry;
    this.#jobs.set(target, {
      ...{ target, path, definition, record },
      ...(process === undefined ? {} : { process }),
    });
  }

  /** Everything that is true now, in a new file that takes the old one's place. */
  #compact(): void {
    this.close();
    const temporary = `${this.#path}.new`;
    const lines = [HEADER, ...this.jobs.flatMap((job) => entriesOf(job).map(encodeEntry))];
    rmSync(temporary, { force: true });
    const descriptor = openSync(temporary, 'ax', 0o600);
    try {
      this.#size = 0;
      this.#write(descriptor, Buffer.concat(lines));
      fsyncSync(descriptor);
      renameSync(temporary, this.#path);
      syncDirectory(dirname(this.#path));
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
    this.#descriptor = descriptor;
    this.#liveSize = this.#size;
  }

  #write(descriptor: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
    this.#size += bytes.length;
  }

  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      // What comes after a torn line would not be read: the next change writes all anew.
      this.close();
      this.#logger.error(`supervisor: the journal ${this.#path} cannot be written: ${errorText(error)}`);
    }
  }
}

function entriesOf({ target, path, definition, ...state }: StoredJob): readonly JournalEntry[] {
  return [
    { do: 'load', target, path, definition },
    { do: 'state', target, ...state },
  ];
}

function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
