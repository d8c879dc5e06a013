/** Names of images, each in a small file of its own: written atomically, and never two names in one process's hands. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { type Logger, writeFileAtomic } from '../../base/index.js';
import { isDigest } from '../digest.js';
import { invalidImage } from '../limits.js';
import { ifThere, syncDirectory } from './files.js';

const recordSchema = z.object({
  /** A name in its full spelling; of the index of paths, a path. */
  name: z.string(),
  digest: z.string().refine(isDigest),
  mediaType: z.string(),
  size: z.number(),
  /** Milliseconds since 1970. */
  importedAt: z.number(),
  /** Of a path: what it looked like when it was read, and for which platform. */
  stamp: z.string().optional(),
});

/** A name, and the descriptor of the manifest it stands for. */
export type NameRecord = Readonly<z.output<typeof recordSchema>>;

/** Names in one directory. */
export class NameIndex {
  readonly #directory: string;
  readonly #logger: Logger;

  constructor(directory: string, logger: Logger) {
    this.#directory = directory;
    this.#logger = logger;
  }

  async set(record: NameRecord): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    await writeFileAtomic(this.#file(record.name), JSON.stringify(record));
  }

  /** Undefined for a name that is not given. @throws LaunchportError ERR_IMAGE_INVALID for a damaged file */
  async get(name: string): Promise<NameRecord | undefined> {
    const text = await ifThere(readFile(this.#file(name), 'utf8'));
    if (text === undefined) return undefined;
    const record = parseRecord(text);
    if (record?.name === name) return record;
    throw invalidImage(`the record of the image ${name} is damaged: ${this.#file(name)}`);
  }

  /** All of them, by name; damaged files are told of and left out. */
  async list(): Promise<NameRecord[]> {
    const records: NameRecord[] = [];
    for (const file of (await ifThere(readdir(this.#directory))) ?? []) {
      if (!file.endsWith('.json')) continue;
      const text = await ifThere(readFile(join(this.#directory, file), 'utf8'));
      // Taken away meanwhile.
      if (text === undefined) continue;
      const record = parseRecord(text);
      if (record !== undefined) records.push(record);
      else this.#logger.warn('the record of an image is damaged', { path: join(this.#directory, file) });
    }
    return records.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Whether the name was given. */
  async remove(name: string): Promise<boolean> {
    const gone = await ifThere(rm(this.#file(name)).then(() => true));
    if (gone) await syncDirectory(this.#directory);
    return gone ?? false;
  }

  #file(name: string): string {
    return join(this.#directory, `${createHash('sha256').update(name).digest('hex')}.json`);
  }
}

function parseRecord(text: string): NameRecord | undefined {
  try {
    return recordSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
