/** Mounts as typed: `-v SRC:DST[:ro]`, `--mount type=…`, `--tmpfs DST`. */
import { existsSync } from 'node:fs';
import { posix, resolve } from 'node:path';
import { LaunchportError } from '../../base/index.js';
import type { Filesystem } from '../../compat/index.js';
import { parseSize } from './sizes.js';
import { badValue } from './usage.js';

/** Options that a mount of a directory may have; what is writable needs no word. */
const BIND_OPTIONS = ['ro', 'rw', 'nosuid', 'nodev', 'noexec'] as const;

/** Options about mounts, as typed. */
export interface MountOptions {
  readonly volume: readonly string[];
  readonly mount: readonly string[];
  readonly tmpfs: readonly string[];
}

/** All mounts of a container, in the order tmpfs, volumes, mounts. @throws LaunchportError ERR_USAGE, ERR_UNSUPPORTED */
export function parseMounts(cwd: string, options: MountOptions): Filesystem[] {
  const mounts = [
    ...options.tmpfs.map(parseTmpfs),
    ...options.volume.map((text) => parseVolume(cwd, text)),
    ...options.mount.map((text) => parseMount(cwd, text)),
  ];
  const seen = new Set<string>();
  for (const { destination } of mounts) {
    if (seen.has(destination)) throw badValue('mount', destination, 'each place in the container once');
    seen.add(destination);
  }
  return mounts;
}

function parseTmpfs(text: string): Filesystem {
  const [destination = '', ...rest] = text.split(':');
  const options = rest.join(':').split(',');
  return tmpfs(
    '--tmpfs',
    destination,
    options.filter((option) => option !== ''),
  );
}

function parseVolume(cwd: string, text: string): Filesystem {
  const [source = '', destination, options = '', ...rest] = text.split(':');
  if (destination === undefined || source === '' || rest.length > 0) {
    throw badValue('--volume', text, 'DIRECTORY:PLACE or DIRECTORY:PLACE:ro');
  }
  return bind(
    '--volume',
    cwd,
    source,
    destination,
    options.split(',').filter((option) => option !== ''),
  );
}

function parseMount(cwd: string, text: string): Filesystem {
  const option = '--mount';
  const given: Record<string, string> = { type: 'virtiofs' };
  const options: string[] = [];
  for (const part of text.split(',')) {
    const split = part.indexOf('=');
    const key = split < 0 ? part : part.slice(0, split);
    const value = split < 0 ? '' : part.slice(split + 1);
    const name = MOUNT_KEYS[key];
    if (name === undefined) throw badValue(option, part, `one of ${Object.keys(MOUNT_KEYS).join(', ')}`);
    if (name === 'ro') {
      if (value !== 'false') options.push('ro');
      continue;
    }
    if (value === '') throw badValue(option, part, `${key}=VALUE`);
    if (name === 'size' || name === 'mode') options.push(part);
    else given[name] = value;
  }
  const { type, source, destination = '' } = given;
  if (type === 'tmpfs') {
    if (source !== undefined) throw badValue(option, text, 'no source for a tmpfs');
    return tmpfs(option, destination, options);
  }
  if (type === 'volume') throw namedVolume(source ?? text);
  if (type !== 'virtiofs' && type !== 'bind') throw badValue(option, text, 'type=bind or type=tmpfs');
  if (source === undefined) throw badValue(option, text, 'source=DIRECTORY');
  return bind(option, cwd, source, destination, options);
}

const MOUNT_KEYS: Readonly<Record<string, string>> = {
  type: 'type',
  source: 'source',
  src: 'source',
  target: 'destination',
  destination: 'destination',
  dst: 'destination',
  readonly: 'ro',
  ro: 'ro',
  size: 'size',
  mode: 'mode',
};

/** A file or directory of the host; upstream calls such a mount virtiofs, whatever makes it. */
function bind(
  option: string,
  cwd: string,
  source: string,
  destination: string,
  options: readonly string[],
): Filesystem {
  if (!source.includes('/') && source !== '.' && source !== '..') throw namedVolume(source);
  for (const word of options) {
    if (!BIND_OPTIONS.some((known) => known === word)) {
      throw badValue(option, word, `one of ${BIND_OPTIONS.join(', ')}`);
    }
  }
  const path = resolve(cwd, source);
  if (!existsSync(path)) throw badValue(option, source, 'a file or directory that is there');
  return {
    type: { virtiofs: {} },
    source: path,
    destination: place(option, destination),
    options: options.filter((word) => word !== 'rw'),
  };
}

function tmpfs(option: string, destination: string, options: readonly string[]): Filesystem {
  const checked = options.map((word) => {
    const [key, value = ''] = word.split('=');
    if (key === 'size') return `size=${parseSize(option, value)}`;
    if (key === 'mode' && /^[0-7]{3,4}$/.test(value)) return word;
    if (['ro', 'nosuid', 'nodev', 'noexec'].includes(word)) return word;
    throw badValue(option, word, 'size=SIZE, mode=OCTAL, ro, nosuid, nodev or noexec');
  });
  return {
    type: { tmpfs: {} },
    source: 'tmpfs',
    destination: place(option, destination),
    options: checked,
  };
}

/** A path in the container, made plain. */
function place(option: string, destination: string): string {
  if (!destination.startsWith('/')) throw badValue(option, destination, 'an absolute path in the container');
  return posix.resolve(destination);
}

function namedVolume(name: string): LaunchportError {
  return new LaunchportError('ERR_UNSUPPORTED', `there are no named volumes: ${JSON.stringify(name)}`, {
    hint: 'Give the path of a directory, such as ./data.',
    details: { name },
  });
}
