/** From the text of a config file to plain values, with errors that name line and column. */
import { parse as parseToml, TomlError } from 'smol-toml';
import { errorText, LaunchportError } from '../base/index.js';
import type { ConfigFormat } from './config.js';
import { findJsonError, lineAndColumn } from './json-position.js';

/**
 * Parses the text of a config file; `path` is for messages.
 * @throws LaunchportError ERR_PLUGIN_CONFIG, message `PATH:LINE:COLUMN: …`
 */
export function parseConfigSyntax(text: string, format: ConfigFormat, path: string): unknown {
  return format === 'config.toml' ? fromToml(text, path) : fromJson(text, path);
}

function fromToml(text: string, path: string): unknown {
  try {
    // A large integer under a key that nothing reads must not make the plugin unusable.
    return parseToml(text, { integersAsBigInt: 'asNeeded' });
  } catch (error) {
    if (!(error instanceof TomlError)) throw syntaxError(path, undefined, errorText(error), error);
    const reason = (error.message.split('\n')[0] ?? '').replace(/^Invalid TOML document: /, '');
    throw syntaxError(path, error, `not TOML: ${reason}`, error);
  }
}

function fromJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const place = findJsonError(text);
    if (place === undefined) throw syntaxError(path, undefined, errorText(error), error);
    const found = text.codePointAt(place.offset);
    const what = found === undefined ? 'the end of the file' : JSON.stringify(String.fromCodePoint(found));
    const reason = `not JSON: found ${what}, expected ${place.expected}`;
    throw syntaxError(path, lineAndColumn(text, place.offset), reason, error);
  }
}

function syntaxError(
  path: string,
  place: { readonly line: number; readonly column: number } | undefined,
  reason: string,
  cause: unknown,
): LaunchportError {
  const where = place === undefined ? path : `${path}:${place.line}:${place.column}`;
  return new LaunchportError('ERR_PLUGIN_CONFIG', `${where}: ${reason}`, {
    hint: 'Correct the file at that place.',
    details: { path, ...(place === undefined ? {} : { line: place.line, column: place.column }) },
    cause,
  });
}
