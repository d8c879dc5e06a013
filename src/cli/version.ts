/** Which launchport this is. */
import { readFileSync } from 'node:fs';

/**
 * The version in package.json, which lies two folders above every file of the command, as source and as built: nothing
 * else of ours is loaded to find it.
 */
export function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
