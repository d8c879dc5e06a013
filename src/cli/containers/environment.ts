/** The environment of a container's process: the image's, then files, then options; the last one of a name counts. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { errorText, LaunchportError } from '../../base/index.js';
import type { CliContext } from '../context.js';
import { badValue } from './usage.js';

/** Where variables come from, least important first. */
export interface EnvironmentSources {
  /** Of the image. What is there without a value is dropped: an image may not read the user's environment. */
  readonly image: readonly string[];
  readonly files: readonly string[];
  /** `NAME=VALUE`, or `NAME` for the value that the user's environment has. */
  readonly options: readonly string[];
}

/** The environment as `NAME=VALUE`. @throws LaunchportError ERR_USAGE */
export async function processEnvironment(
  context: Pick<CliContext, 'environment' | 'cwd'>,
  { image, files, options }: EnvironmentSources,
): Promise<readonly string[]> {
  const variables = new Map<string, string>();
  const set = (entry: string) => variables.set(nameOf(entry), entry);
  for (const entry of image) if (entry.includes('=')) set(entry);
  for (const file of files) for (const entry of await readVariables(context, file)) set(entry);
  for (const entry of options) {
    if (nameOf(entry) === '') throw badValue('--env', entry, 'NAME=VALUE or NAME');
    const given = inherited(context, entry);
    if (given !== undefined) set(given);
  }
  return [...variables.values()];
}

/** The lines of a file of variables: `#` begins a comment, blank lines are nothing. */
async function readVariables(
  context: Pick<CliContext, 'environment' | 'cwd'>,
  path: string,
): Promise<readonly string[]> {
  const text = await readFile(resolve(context.cwd, path), 'utf8').catch((error: unknown) => {
    throw new LaunchportError('ERR_USAGE', `--env-file: cannot read ${path}: ${errorText(error)}`, {
      hint: 'Give a file that you may read, with NAME=VALUE on each line.',
      details: { path },
      cause: error,
    });
  });
  return text.split(/\r?\n/).flatMap((line) => {
    const entry = line.trimStart();
    if (entry === '' || entry.startsWith('#')) return [];
    const name = nameOf(entry);
    if (name === '' || /\s/.test(name)) {
      throw badValue('--env-file', entry, 'a name without blanks before the =, on each line');
    }
    return inherited(context, entry) ?? [];
  });
}

/** The entry, with the value of the user's environment when it has none; undefined when that has none either. */
function inherited({ environment }: Pick<CliContext, 'environment'>, entry: string): string | undefined {
  if (entry.includes('=')) return entry;
  const value = environment[entry];
  return value === undefined ? undefined : `${entry}=${value}`;
}

/** The name of a variable in `NAME=VALUE`. */
export function nameOf(entry: string): string {
  const split = entry.indexOf('=');
  return split < 0 ? entry : entry.slice(0, split);
}
