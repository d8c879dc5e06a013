/** Finds the config file of a bundle and reads it, within bounds. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { errorText, LaunchportError } from '../base/index.js';
import { CONFIG_FORMATS, type ConfigFormat } from './config.js';
import { type CheckedConfig, checkConfig } from './config-schema.js';
import { parseConfigSyntax } from './config-syntax.js';

/** Largest config file that is read, in bytes. */
export const MAX_CONFIG_BYTES = 1 << 20;

/** A config file that was read and found good. */
export interface ConfigFile extends CheckedConfig {
  readonly format: ConfigFormat;
  readonly path: string;
}

/**
 * Reads the config in `directory`: the first of {@link CONFIG_FORMATS} that exists. Undefined when there is none.
 * @throws LaunchportError ERR_PLUGIN_CONFIG when that file cannot be read, is too large or is wrong
 */
export async function readConfigFile(directory: string): Promise<ConfigFile | undefined> {
  return readConfigFileSync(directory);
}

/**
 * As {@link readConfigFile}, at once: a config is a few lines, and handing each step of reading it to another thread takes
 * many times what the step takes.
 */
export function readConfigFileSync(directory: string): ConfigFile | undefined {
  for (const format of CONFIG_FORMATS) {
    const path = join(directory, format);
    const bytes = readBounded(path);
    if (bytes !== undefined) return { ...parseConfig(bytes, format, path), format, path };
  }
  return undefined;
}

/**
 * Parses and checks the content of a config file; `path` is for messages.
 * @throws LaunchportError ERR_PLUGIN_CONFIG
 */
export function parseConfig(data: string | Uint8Array, format: ConfigFormat, path: string): CheckedConfig {
  const text = typeof data === 'string' ? data : decodeText(data, path);
  return checkConfig(parseConfigSyntax(text, format, path), format, path);
}

/**
 * The tables of a TOML file; undefined when there is none.
 * @throws LaunchportError ERR_PLUGIN_CONFIG
 */
export async function readTomlFile(path: string): Promise<unknown> {
  const bytes = readBounded(path);
  return bytes === undefined ? undefined : parseConfigSyntax(decodeText(bytes, path), 'config.toml', path);
}

function decodeText(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw configError(path, 'not UTF-8 text', 'Save the file as UTF-8.', cause);
  }
}

function readBounded(path: string): Uint8Array | undefined {
  let file: number;
  try {
    // Without O_NONBLOCK, opening a FIFO would wait for a writer and hold this process for ever.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw configError(
      path,
      `cannot be read: ${errorText(error)}`,
      'Check the permissions of the path.',
      error,
    );
  }
  try {
    const status = fstatSync(file);
    if (!status.isFile())
      throw configError(path, 'not a regular file', 'Replace it by the config file itself.');
    if (status.size > MAX_CONFIG_BYTES) throw tooLarge(path);
    const bytes = new Uint8Array(status.size + 1);
    let length = 0;
    for (;;) {
      const bytesRead = readSome(file, bytes, length, path);
      length += bytesRead;
      // A regular file gives less than is asked for only at its end.
      if (bytesRead === 0 || length === status.size) return bytes.subarray(0, length);
      if (length === bytes.length) throw configError(path, 'grew while it was read', 'Try again.');
    }
  } finally {
    closeSync(file);
  }
}

function readSome(file: number, bytes: Uint8Array, from: number, path: string): number {
  try {
    return readSync(file, bytes, from, bytes.length - from, from);
  } catch (error) {
    throw configError(path, `cannot be read: ${errorText(error)}`, 'Replace the file.', error);
  }
}

function tooLarge(path: string): LaunchportError {
  return configError(path, `larger than ${MAX_CONFIG_BYTES} bytes`, 'A config file is a few lines of text.');
}

function configError(path: string, reason: string, hint: string, cause?: unknown): LaunchportError {
  return new LaunchportError('ERR_PLUGIN_CONFIG', `${path}: ${reason}`, { hint, details: { path }, cause });
}
