/** The rules of a sandbox on macOS, in the language of sandbox-exec(1): nothing is allowed but what is said. */
import type { SandboxSpec } from '../sandbox.js';

/** What a program needs of the system to be loaded at all. */
const SYSTEM_READ = [
  '/System/Library',
  '/System/Volumes/Preboot/Cryptexes',
  '/System/Cryptexes',
  '/usr/lib',
  '/usr/share',
  '/private/var/db/dyld',
  '/private/var/db/timezone',
];
/** The start of every process: sets limits and the terminal, then becomes the command. */
const SYSTEM_EXECUTE = ['/bin/sh', '/bin/bash', '/usr/bin/tty'];
const DEVICES = ['/dev/null', '/dev/zero', '/dev/random', '/dev/urandom', '/dev/tty', '/dev/dtracehelper'];

/**
 * The profile for a container. Files: its root and mounts, the system's libraries for reading. Network: none, or the
 * host's. Signals: to processes of the same sandbox.
 */
export function sandboxProfile(spec: SandboxSpec): string {
  const binds = spec.mounts.filter(({ kind }) => kind === 'bind');
  const writable = [
    ...(spec.isReadOnly ? [] : [spec.root]),
    ...binds.filter(({ options }) => !options.includes('ro')).map(({ source }) => source),
  ];
  const readOnly = [
    ...(spec.isReadOnly ? [spec.root] : []),
    ...binds.filter(({ options }) => options.includes('ro')).map(({ source }) => source),
  ];
  const masked = (spec.maskedPaths ?? []).map((path) => spec.root + path);
  const fixed = (spec.readonlyPaths ?? []).map((path) => spec.root + path);
  return [
    '(version 1)',
    '(deny default)',
    '(allow process-fork)',
    '(allow signal (target same-sandbox))',
    '(allow process-info* (target same-sandbox))',
    '(allow sysctl-read)',
    '(allow file-read-metadata)',
    rule('allow file-read* process-exec', 'subpath', [...readOnly, ...writable]),
    rule('allow file-write*', 'subpath', writable),
    rule('allow file-read* file-map-executable', 'subpath', SYSTEM_READ),
    rule('allow file-read* process-exec', 'literal', ['/', ...SYSTEM_EXECUTE]),
    rule('allow file-read* file-write-data file-ioctl', 'literal', DEVICES),
    '(allow file-read* file-write-data file-ioctl (regex #"^/dev/ttys[0-9]+$"))',
    // The later rule wins.
    rule('deny file-write*', 'subpath', [...readOnly, ...fixed]),
    rule('deny file-read* file-write* process-exec', 'subpath', masked),
    ...(spec.network === 'none' ? [] : ['(allow network*)', '(allow system-socket)']),
    '',
  ]
    .filter((line) => line !== undefined)
    .join('\n');
}

function rule(action: string, match: string, paths: readonly string[]): string | undefined {
  if (paths.length === 0) return undefined;
  return `(${action}\n${paths.map((path) => `  (${match} ${quoted(path)})`).join('\n')})`;
}

/** A string of the profile language. */
function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
