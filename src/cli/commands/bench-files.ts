/** Files of `bench`: reports read back, and pages written. */
import { constants, createReadStream } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { errorText, LaunchportError, writeFileAtomic } from '../../base/index.js';
import { type BenchReport, parseReport, renderReport } from '../../bench/index.js';
import type { CliContext } from '../context.js';

/** What `--json` printed, from a file or standard input (`-`). @throws LaunchportError ERR_USAGE when it cannot be read */
export async function readReport(context: CliContext, file: string): Promise<BenchReport> {
  let json: string;
  try {
    json = await text(file === '-' ? context.stdin() : createReadStream(resolve(context.cwd, file)));
  } catch (error) {
    if (context.signal.aborted) throw error;
    throw new LaunchportError('ERR_USAGE', `${file} cannot be read: ${errorText(error)}`, {
      hint: 'Check that the file exists and that you may read it.',
      cause: error,
    });
  }
  return parseReport(json);
}

/**
 * Where a page is to be written. Looked at before anything is measured: minutes later would be late.
 * @throws LaunchportError ERR_USAGE when it cannot be written there
 */
export async function pagePath(context: CliContext, file: string): Promise<string> {
  const path = resolve(context.cwd, file);
  try {
    await access(dirname(path), constants.W_OK | constants.X_OK);
    const isFolder = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (isFolder) throw new Error('it is a directory');
  } catch (error) {
    throw new LaunchportError('ERR_USAGE', `${file} cannot be written: ${errorText(error)}`, {
      hint: 'Give --report a file in a directory that exists and that you may write to.',
      cause: error,
    });
  }
  return path;
}

/** Writes the page, for everybody to read. */
export async function writePage(path: string, report: BenchReport): Promise<void> {
  await writeFileAtomic(path, renderReport(report), 0o644);
}
