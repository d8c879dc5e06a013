/** A log that is followed by name: when the writer has begun a new file, what is left of the old one, then the new one. */
import { fstatSync } from 'node:fs';
import { LogTail } from './log-tail.js';

/** An open log, closed by whoever has it. */
export interface OpenLog extends Disposable {
  readonly fd: number;
}

/**
 * Follows one log. A writer that begins two new files between two looks takes what was in the first of them along:
 * they are large, and looks are often.
 */
export class FollowedLog implements Disposable {
  readonly #reopen: () => Promise<OpenLog>;
  #log: OpenLog;
  #tail: LogTail;
  /** Its change time, in milliseconds, when it was last seen to be the one with the name. */
  #changedAt: number;

  /** @param reopen opens what has the log's name now */
  constructor(log: OpenLog, reopen: () => Promise<OpenLog>) {
    this.#log = log;
    this.#reopen = reopen;
    this.#tail = new LogTail(log.fd);
    this.#changedAt = changeTime(log);
  }

  /** Goes to the last `count` lines. */
  seekLines(count: number): Promise<void> {
    return this.#tail.seekLines(count);
  }

  /** What has been written since, to the end of now. @throws what `reopen` throws */
  async *added(): AsyncGenerator<Uint8Array> {
    for (;;) {
      let isQuiet = true;
      // Before it is read: what changes meanwhile is seen the next time.
      const changedAt = changeTime(this.#log);
      for await (const bytes of this.#tail.added()) {
        isQuiet = false;
        yield bytes;
      }
      // A file that has changed, and has nothing more to say, may have been given another name.
      if (!isQuiet || changedAt === this.#changedAt) return;
      this.#changedAt = changedAt;
      if (!(await this.#advance())) return;
    }
  }

  [Symbol.dispose](): void {
    this.#log[Symbol.dispose]();
  }

  /** Goes on to the file that has the name now; false when it is still the same. */
  async #advance(): Promise<boolean> {
    const next = await this.#reopen();
    if (isSame(next, this.#log)) {
      next[Symbol.dispose]();
      return false;
    }
    this.#log[Symbol.dispose]();
    this.#log = next;
    this.#tail = new LogTail(next.fd);
    this.#changedAt = changeTime(next);
    return true;
  }
}

function changeTime({ fd }: OpenLog): number {
  return fstatSync(fd).ctimeMs;
}

function isSame(one: OpenLog, other: OpenLog): boolean {
  const [a, b] = [fstatSync(one.fd), fstatSync(other.fd)];
  return a.ino === b.ino && a.dev === b.dev;
}
