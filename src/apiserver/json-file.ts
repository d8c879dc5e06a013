/** Small JSON files of state: read with a schema and a limit, written atomically and synced. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { z } from 'zod';
import { errorText, LaunchportError, writeFileAtomic } from '../base/index.js';
import { decodeJson, encodeJson } from '../compat/index.js';

/** Largest file that is read, in bytes. */
const MAX_BYTES = 16 << 20;

/**
 * Reads a file; undefined when there is none.
 * @throws LaunchportError ERR_PLUGIN_CONFIG when it cannot be read or does not fit the schema, naming the file
 */
export async function readJsonFile<T>(path: string, schema: z.ZodType<T, unknown>): Promise<T | undefined> {
  try {
    const text = await readText(path);
    return text === undefined ? undefined : decodeJson(schema, text);
  } catch (error) {
    const issue = (error as { readonly issues?: readonly { path: PropertyKey[]; message: string }[] })
      .issues?.[0];
    const reason = issue === undefined ? errorText(error) : `${issue.path.join('.')}: ${issue.message}`;
    throw new LaunchportError('ERR_PLUGIN_CONFIG', `cannot use ${path}: ${reason}`, {
      hint: 'Nothing was deleted. Repair the file and restart the server, or delete what it belongs to.',
      details: { path },
      cause: error,
    });
  }
}

/** Writes a value through its schema, readable by its owner alone. @throws the system's error, ZodError */
export async function writeJsonFile<T>(path: string, schema: z.ZodType<T, unknown>, value: T): Promise<void> {
  await writeFileAtomic(path, `${encodeJson(schema, value, 2)}\n`);
}

async function readText(path: string): Promise<string | undefined> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const status = await handle.stat();
    if (!status.isFile()) throw new Error('not a file');
    if (status.size > MAX_BYTES) throw new Error(`larger than ${MAX_BYTES} bytes`);
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}
