/** Job plists on disk: who may have written them, and writing them whole. */
import { constants } from 'node:fs';
import { lstat, open, readFile } from 'node:fs/promises';
import { errorText, LaunchportError, writeFileAtomic } from '../base/index.js';
import { buildJobPlist, type ParsedJobPlist, parseJobPlist } from './plist.js';
import { MAX_PLIST_BYTES } from './plist-decode.js';
import type { JobDefinitionInput } from './plist-schema.js';

const WRITABLE_BY_OTHERS = 0o022;

/**
 * Reads a job plist under launchd's rules: a regular file that belongs to `uid` or to root and that neither its group
 * nor others may write. The checks and the content come from one open descriptor, so they are of the same file.
 * @param uid default: the effective user id of this process
 * @throws LaunchportError ERR_LAUNCHD_PERMISSION, ERR_LAUNCHD_PLIST (also when it cannot be read)
 */
export async function readJobPlist(path: string, uid = process.geteuid?.() ?? 0): Promise<ParsedJobPlist> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  try {
    const status = await file.stat();
    if (!status.isFile())
      throw refused(path, 'not a regular file', 'Name the plist itself.', status.mode, status.uid);
    if (status.uid !== uid && status.uid !== 0) {
      throw refused(path, `owned by user ${status.uid}`, `Run chown ${uid} on it.`, status.mode, status.uid);
    }
    if ((status.mode & WRITABLE_BY_OTHERS) !== 0) {
      throw refused(path, 'writable by group or others', 'Run chmod go-w on it.', status.mode, status.uid);
    }
    if (status.size > MAX_PLIST_BYTES) {
      throw new LaunchportError(
        'ERR_LAUNCHD_PLIST',
        `bad job plist ${path}: larger than ${MAX_PLIST_BYTES} bytes`,
        {
          details: { path, size: status.size },
        },
      );
    }
    const data = await file.readFile().catch((error: unknown) => {
      throw unreadable(path, error);
    });
    return parseJobPlist(data, path);
  } finally {
    await file.close();
  }
}

/**
 * Writes a job plist atomically with mode 0600, for its environment may hold credentials. A file that already has
 * this content is left alone, because macOS announces each rewrite to the user.
 * @returns whether the file was written
 * @throws LaunchportError ERR_LAUNCHD_PLIST; the system's error when the file cannot be written
 */
export async function writeJobPlist(path: string, definition: JobDefinitionInput): Promise<boolean> {
  const text = buildJobPlist(definition);
  // Whatever is wrong with the old file, its permissions included, is cured by replacing it.
  const old = await readTrusted(path).catch(() => undefined);
  if (old === text) return false;
  await writeFileAtomic(path, text, 0o600);
  return true;
}

async function readTrusted(path: string): Promise<string | undefined> {
  const status = await lstat(path);
  return status.isFile() && (status.mode & WRITABLE_BY_OTHERS) === 0 ? readFile(path, 'utf8') : undefined;
}

function unreadable(path: string, error: unknown): LaunchportError {
  const isDenied = (error as NodeJS.ErrnoException).code === 'EACCES';
  const code = isDenied ? 'ERR_LAUNCHD_PERMISSION' : 'ERR_LAUNCHD_PLIST';
  return new LaunchportError(code, `cannot read job plist ${path}: ${errorText(error)}`, {
    hint: 'Check that the file exists and that you may read it.',
    details: { path },
    cause: error,
  });
}

function refused(path: string, what: string, hint: string, mode: number, owner: number): LaunchportError {
  return new LaunchportError('ERR_LAUNCHD_PERMISSION', `launchd refuses job plist ${path}: ${what}`, {
    hint,
    details: { path, mode: (mode & 0o7777).toString(8).padStart(4, '0'), owner },
  });
}
