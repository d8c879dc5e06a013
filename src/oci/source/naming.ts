/** What an image is called when nobody says: by what its layout notes, or by its file. */
import { basename } from 'node:path';
import { LaunchportError } from '../../base/index.js';
import { nameToKeep } from '../reference.js';

/**
 * Full names: those among `noted` that are whole names, or else bare tags behind the name of the file.
 * @throws LaunchportError ERR_USAGE when neither makes a name
 */
export function namesFor(path: string, noted: readonly string[]): readonly string[] {
  const whole = noted.filter((name) => /[:/]/.test(name)).flatMap(valid);
  if (whole.length > 0) return [...new Set(whole)];
  const file = basename(path)
    .replace(/\.(?:tar(?:\.(?:gz|zst))?|tgz|tzst)$/i, '')
    .toLowerCase();
  const tags = noted.length > 0 ? noted : ['latest'];
  const named = [...new Set(tags.flatMap((tag) => valid(`${file}:${tag}`)))];
  if (named.length > 0) return named;
  throw new LaunchportError('ERR_USAGE', `${path} does not say what the image is called`, {
    hint: 'Give it a name with --name.',
  });
}

function valid(name: string): string[] {
  try {
    return [nameToKeep(name)];
  } catch {
    return [];
  }
}
