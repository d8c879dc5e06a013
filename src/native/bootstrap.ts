/** The Linux bootstrap namespace: one directory of sockets, one socket per Mach service. */
import { join } from 'node:path';
import { assertServiceName, LaunchportError } from '../base/index.js';

/** Longest socket path the kernel takes, in bytes (unix(7): sun_path is 108 with its NUL). */
export const MAX_SOCKET_PATH_BYTES = 107;

/**
 * The socket path of a Mach service in a bootstrap directory. A name that would make the path too long is
 * replaced by a digest, so the path depends on nothing but the directory and the name.
 * @throws LaunchportError ERR_XPC_NAME, or ERR_LAUNCHD_SOCKET_PATH when even the digest does not fit
 */
export function bootstrapPath(directory: string, name: string): string {
  assertServiceName(name);
  const plain = join(directory, name);
  if (Buffer.byteLength(plain) <= MAX_SOCKET_PATH_BYTES) return plain;
  // Loaded when needed, which is hardly ever: it takes a starting process 7 ms.
  const { createHash } = process.getBuiltinModule('node:crypto');
  // '@' cannot start a service name, so a digest never collides with one.
  const digest = join(directory, `@${createHash('sha256').update(name).digest('hex').slice(0, 32)}`);
  if (Buffer.byteLength(digest) <= MAX_SOCKET_PATH_BYTES) return digest;
  throw new LaunchportError('ERR_LAUNCHD_SOCKET_PATH', `socket path too long for ${name}: ${digest}`, {
    hint: `Use a shorter runtime directory: at most ${MAX_SOCKET_PATH_BYTES - 34} bytes.`,
    details: { name, directory, limit: MAX_SOCKET_PATH_BYTES },
  });
}

/**
 * The bootstrap directory of this process: `LAUNCHPORT_BOOTSTRAP` (a supervisor sets it for its jobs), else
 * `bootstrap` in {@link runtimeDirectory}.
 */
export function bootstrapDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  return environment.LAUNCHPORT_BOOTSTRAP || join(runtimeDirectory(environment), 'bootstrap');
}

/**
 * Where a user's supervisor keeps its lock and its sockets: `LAUNCHPORT_RUNTIME_DIR`, else
 * `$XDG_RUNTIME_DIR/launchport` (XDG base directory specification), else `launchport-UID` in /tmp.
 */
export function runtimeDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  if (environment.LAUNCHPORT_RUNTIME_DIR) return environment.LAUNCHPORT_RUNTIME_DIR;
  if (environment.XDG_RUNTIME_DIR) return join(environment.XDG_RUNTIME_DIR, 'launchport');
  return join('/tmp', `launchport-${process.getuid?.() ?? 0}`);
}
