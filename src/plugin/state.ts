/** Records of what was registered, so that a later process finds the job in the domain it was loaded into. */
import { constants, type Stats } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { errorText, LaunchportError, type Logger, silentLogger, writeFileAtomic } from '../base/index.js';
import {
  assertLabel,
  type DomainTarget,
  parseServiceTarget,
  type ServiceTarget,
  serviceTarget,
} from '../launchd/index.js';
import { boundedMap } from './bounded-map.js';

/** Largest record that is read, in bytes; a real one has under two thousand. */
const MAX_RECORD_BYTES = 1 << 16;

/** Records read at the same time. */
const CONCURRENCY = 16;

const file = z.object({ dev: z.number(), ino: z.number(), size: z.number(), mtimeMs: z.number() });

const schema = z.object({
  version: z.literal(1),
  label: z.string(),
  target: z.string(),
  plugin: z.string(),
  kind: z.enum(['singleton', 'container', 'network']),
  instance: z.optional(z.string()),
  owner: z.string(),
  services: z.array(z.string()),
  plistPath: z.string(),
  stateRoot: z.string(),
  bundlePath: z.string(),
  digest: z.string(),
  binary: file,
  registeredAt: z.string(),
});

/** Identity of a file's content, as far as it shows without reading the file. */
export type FileIdentity = z.infer<typeof file>;

/** One registration, as its record on disk has it. */
export interface RegistrationRecord {
  readonly label: string;
  readonly target: ServiceTarget;
  readonly domain: DomainTarget;
  /** Name of the plugin. */
  readonly plugin: string;
  readonly kind: 'singleton' | 'container' | 'network';
  readonly instance?: string | undefined;
  readonly owner: string;
  readonly services: readonly string[];
  readonly plistPath: string;
  readonly stateRoot: string;
  readonly bundlePath: string;
  /** SHA-256, in hex, of the plist that was loaded. The plist itself may hold credentials and is not copied. */
  readonly digest: string;
  /** The executable that was registered. */
  readonly binary: FileIdentity;
  /** RFC 3339, UTC. */
  readonly registeredAt: string;
}

/** A directory of records, one JSON file per label. Files are written atomically, mode 0600. */
export class RegistrationStore {
  readonly #directory: string;
  readonly #logger: Logger;

  constructor(directory: string, logger: Logger = silentLogger) {
    this.#directory = directory;
    this.#logger = logger;
  }

  /**
   * The record of a label. A record that cannot be used is logged and counts as absent, never as a target: what
   * it says ends in an argument of launchctl.
   * @throws LaunchportError ERR_LAUNCHD_LABEL
   */
  async read(label: string): Promise<RegistrationRecord | undefined> {
    const path = this.#path(label);
    try {
      const text = await readSmall(path);
      return text === undefined ? undefined : parseRecord(text, label);
    } catch (error) {
      this.#logger.warn(`ignoring the registration record ${path}: ${errorText(error)}`, { path, label });
      return undefined;
    }
  }

  /** @throws LaunchportError ERR_PLUGIN_DIRECTORY when it cannot be written */
  async write(record: RegistrationRecord): Promise<void> {
    const path = this.#path(record.label);
    const { domain: _, ...rest } = record;
    try {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      await writeFileAtomic(path, `${JSON.stringify({ version: 1, ...rest }, undefined, 2)}\n`);
    } catch (error) {
      throw new LaunchportError('ERR_PLUGIN_DIRECTORY', `cannot write ${path}: ${errorText(error)}`, {
        hint: 'Check the owner and the free space of the application root.',
        details: { path, label: record.label },
        cause: error,
      });
    }
  }

  /** Forgets a label; it need not be known. */
  async remove(label: string): Promise<void> {
    await rm(this.#path(label), { force: true });
  }

  /** All usable records, sorted by label. */
  async list(): Promise<RegistrationRecord[]> {
    const names = await readdir(this.#directory).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw new LaunchportError(
        'ERR_PLUGIN_DIRECTORY',
        `cannot read ${this.#directory}: ${errorText(error)}`,
        {
          hint: 'Check the owner of the application root.',
          details: { path: this.#directory },
          cause: error,
        },
      );
    });
    const labels = names
      .filter((name) => name.endsWith('.json'))
      .map((name) => name.slice(0, -'.json'.length));
    // A name that is no label was not written by us.
    const records = await boundedMap(labels.sort(), CONCURRENCY, (label) =>
      this.read(label).catch(() => undefined),
    );
    return records.filter((record) => record !== undefined);
  }

  #path(label: string): string {
    assertLabel(label);
    return join(this.#directory, `${label}.json`);
  }
}

function parseRecord(text: string, label: string): RegistrationRecord {
  const { version: _, ...record } = schema.parse(JSON.parse(text));
  const target = parseServiceTarget(record.target);
  if (record.label !== label || target.label !== label) throw new Error('it is about another label');
  return { ...record, domain: target.domain, target: serviceTarget(target.domain, label) };
}

/** A record says which job to unload and which file to remove: only its owner, this user or root, may say so. */
function assertTrusted({ uid, mode }: Stats): void {
  if (uid !== 0 && uid !== process.getuid?.()) throw new Error(`it belongs to user ${uid}`);
  if ((mode & 0o022) !== 0) throw new Error('others may write it');
}

async function readSmall(path: string): Promise<string | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const status = await handle.stat();
    if (!status.isFile() || status.size > MAX_RECORD_BYTES) throw new Error('not a record');
    assertTrusted(status);
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}
