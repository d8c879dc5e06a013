/** The lines of the journal: how one is written, and what is believed of a file. */
import { readFileSync, renameSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { errorText, type Logger } from '../base/index.js';
import type { ServiceTarget } from '../launchd/index.js';
import type { ProcessIdentity } from '../native/index.js';
import type { JobRecord } from './job-history.js';

/** Changes when an older supervisor could not read what this one writes, or the reverse. */
export const JOURNAL_VERSION = 1;

/** The process of a job. */
export interface ProcessRecord {
  readonly pid: number;
  readonly identity: ProcessIdentity;
}

/** One change. */
export type JournalEntry =
  | {
      readonly do: 'load';
      readonly target: ServiceTarget;
      readonly path: string;
      readonly definition: string;
    }
  | { readonly do: 'unload'; readonly target: ServiceTarget }
  | {
      readonly do: 'state';
      readonly target: ServiceTarget;
      readonly record: JobRecord;
      readonly process?: ProcessRecord;
    };

/** One line: CRC-32 of what follows in eight hexadecimal digits, a blank, JSON. */
export function encodeEntry(
  entry: JournalEntry | { readonly format: string; readonly version: number },
): Buffer {
  const text = JSON.stringify(entry);
  return Buffer.from(`${crc32(text).toString(16).padStart(8, '0')} ${text}\n`);
}

/** The first line of every journal. */
export const HEADER = encodeEntry({ format: 'launchport jobs', version: JOURNAL_VERSION });

/**
 * The entries of a journal up to the first line that is damaged: a write that was cut off leaves one, always the
 * last. A file that does not begin as a journal of this version is set aside as `PATH.unreadable`. Never throws.
 */
export function readJournal(path: string, logger: Logger): readonly JournalEntry[] {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      logger.error(`supervisor: the journal ${path} cannot be read: ${errorText(error)}`);
    return [];
  }
  if (bytes.length === 0) return [];
  if (!bytes.subarray(0, HEADER.length).equals(HEADER)) {
    setAside(path, logger);
    return [];
  }
  const entries: JournalEntry[] = [];
  for (let at = HEADER.length; at < bytes.length; ) {
    const end = bytes.indexOf(0x0a, at);
    const entry = end < 0 ? undefined : decodeLine(bytes.toString('utf8', at, end));
    if (entry === undefined) {
      logger.warn(`supervisor: the journal ${path} ends in a damaged line, which is left out`, {
        offset: at,
        bytes: bytes.length - at,
      });
      break;
    }
    entries.push(entry);
    at = end + 1;
  }
  return entries;
}

function decodeLine(line: string): JournalEntry | undefined {
  const text = line.slice(9);
  if (line[8] !== ' ' || Number.parseInt(line.slice(0, 8), 16) !== crc32(text)) return undefined;
  try {
    return JSON.parse(text) as JournalEntry;
  } catch {
    return undefined;
  }
}

function setAside(path: string, logger: Logger): void {
  const aside = `${path}.unreadable`;
  logger.error(
    `supervisor: ${path} is no journal of version ${JOURNAL_VERSION}; it is kept as ${aside}, and nothing is recovered`,
  );
  try {
    renameSync(path, aside);
  } catch (error) {
    logger.error(`supervisor: it could not be renamed: ${errorText(error)}`);
  }
}
