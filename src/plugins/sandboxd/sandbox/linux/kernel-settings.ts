/** Kernel settings of a sandbox's own namespaces. */
import { spawn } from 'node:child_process';
import { LaunchportError } from '../../../../base/index.js';

/** Those that belong to the ipc namespace; all below `net.` belong to the network namespace. */
const IPC_SETTINGS =
  /^(kernel\.(shmmax|shmall|shmmni|shm_rmid_forced|msgmax|msgmnb|msgmni|sem)|fs\.mqueue\.[a-z_]+)$/;
const TIMEOUT_MS = 30_000;

/**
 * `PATH=VALUE` below /proc/sys for each setting; names are divided by dots, or by slashes where a part has dots.
 * @throws RangeError for one that is the whole machine's, or of a network namespace that is
 */
export function settingPaths(settings: Readonly<Record<string, string>>, hasNetwork: boolean): string[] {
  return Object.entries(settings).map(([name, value]) => {
    const path = name.includes('/') ? name : name.replaceAll('.', '/');
    const parts = path.split('/');
    const isWellFormed = parts.every((part) => /^[\w.@:-]+$/.test(part) && part !== '..' && part !== '.');
    const isOwn = (parts[0] === 'net' && parts.length > 2) || IPC_SETTINGS.test(parts.join('.'));
    if (!isWellFormed || !isOwn || value.includes('\0')) {
      throw new RangeError(`the kernel setting ${name} is not a container's to set`);
    }
    if (parts[0] === 'net' && !hasNetwork) {
      throw new RangeError(`${name} would be set for the host, whose network the container uses`);
    }
    return `${path}=${value}`;
  });
}

/** Sets them in the namespaces of `process`, an open descriptor of /proc/PID. @throws LaunchportError ERR_SANDBOX */
export async function setKernelSettings(
  helper: string,
  namespaces: string,
  process: number,
  settings: readonly string[],
): Promise<void> {
  if (settings.length === 0) return;
  const child = spawn(helper, ['sysctl', namespaces, ...settings], {
    stdio: ['ignore', 'ignore', 'pipe', 'ignore', process],
    env: {},
    timeout: TIMEOUT_MS,
  });
  let complaint = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new LaunchportError('ERR_SANDBOX', `kernel settings: ${complaint.trim() || code}`);
}
