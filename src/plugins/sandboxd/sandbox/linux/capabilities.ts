/** The capabilities of a container's processes: the set containers usually have, changed as asked. */

/** By number, from capability(7), without the prefix. */
const NAMES = (
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE ' +
  'NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN ' +
  'SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE ' +
  'MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'
).split(' ');

/** What a container has when nothing is asked for: enough for package managers and servers, nothing of the host's. */
export const DEFAULT_CAPABILITIES: readonly string[] = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'SETGID',
  'SETUID',
  'SETPCAP',
  'NET_BIND_SERVICE',
  'NET_RAW',
  'SYS_CHROOT',
  'MKNOD',
  'AUDIT_WRITE',
  'SETFCAP',
];

/** Bit of CAP_SYS_ADMIN. */
const SYS_ADMIN = 21n;

/**
 * The set as a mask, a bit per capability. Names are in either case, with or without `CAP_`; `ALL` is every one. Dropping
 * wins over adding, except that a name that is added survives dropping `ALL`.
 * @throws RangeError for a name that is none
 */
export function capabilityMask(change: {
  readonly add: readonly string[];
  readonly drop: readonly string[];
}): bigint {
  const added = maskOf(change.add);
  const dropsAll = change.drop.some((name) => plainName(name) === 'ALL');
  const dropped = maskOf(change.drop.filter((name) => plainName(name) !== 'ALL'));
  return ((dropsAll ? 0n : maskOf(DEFAULT_CAPABILITIES)) | added) & ~dropped;
}

/** Whether a process with this effective set, hexadecimal as in /proc/PID/status, may make namespaces. */
export function mayMakeNamespaces(effective: string): boolean {
  return ((BigInt(`0x${effective}`) >> SYS_ADMIN) & 1n) === 1n;
}

function maskOf(names: readonly string[]): bigint {
  return names.reduce((mask, name) => mask | bitsOf(name), 0n);
}

function bitsOf(name: string): bigint {
  const plain = plainName(name);
  if (plain === 'ALL') return (1n << BigInt(NAMES.length)) - 1n;
  const number = NAMES.indexOf(plain);
  if (number < 0) throw new RangeError(`there is no capability "${name}"`);
  return 1n << BigInt(number);
}

const plainName = (name: string) => name.toUpperCase().replace(/^CAP_/, '');
