/** `KEY=VALUE` options: labels and options of plugins. */
import { badValue } from './usage.js';

/** Pairs as typed. Without `=` the whole text is the key and the value is empty. @throws LaunchportError ERR_USAGE */
export function parsePairs(option: string, texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map((text) => {
      const split = text.indexOf('=');
      const key = split < 0 ? text : text.slice(0, split);
      if (key === '') throw badValue(option, text, 'KEY=VALUE with a key');
      return [key, split < 0 ? '' : text.slice(split + 1)];
    }),
  );
}
