/** `--ulimit` and `--cap-add`: what a container's process may use and do. */
import type { Rlimit } from '../../compat/index.js';
import { badValue } from './usage.js';

const LIMITS = [
  'core',
  'cpu',
  'data',
  'fsize',
  'locks',
  'memlock',
  'msgqueue',
  'nice',
  'nofile',
  'nproc',
  'rss',
  'rtprio',
  'rttime',
  'sigpending',
  'stack',
] as const;

/** The capabilities of Linux 6 (capabilities(7)), without their prefix. */
const CAPABILITIES =
  `AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE DAC_READ_SEARCH
  FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN
  NET_BIND_SERVICE NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN SYS_BOOT SYS_CHROOT
  SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM`.split(
    /\s+/,
  );

/** Limits of the form `nofile=SOFT[:HARD]`. @throws LaunchportError ERR_USAGE */
export function parseUlimits(texts: readonly string[]): Rlimit[] {
  const limits = texts.map(parseUlimit);
  limits.forEach(({ limit }, index) => {
    if (limits.findIndex((other) => other.limit === limit) !== index) {
      throw badValue('--ulimit', texts[index] ?? '', 'each limit once');
    }
  });
  return limits;
}

function parseUlimit(text: string): Rlimit {
  const [name = '', values = ''] = text.split(/=(.*)/s);
  const [softText = '', hardText = softText, ...rest] = values.split(':');
  const [soft, hard] = [parseLimit(softText), parseLimit(hardText)];
  const isKnown = LIMITS.some((known) => known === name.toLowerCase());
  if (!isKnown || soft === undefined || hard === undefined || soft > hard || rest.length > 0) {
    throw badValue('--ulimit', text, `NAME=SOFT[:HARD] with a NAME of ${LIMITS.join(', ')}`);
  }
  return { limit: `RLIMIT_${name.toUpperCase()}`, soft, hard };
}

function parseLimit(text: string): number | undefined {
  if (text === 'unlimited' || text === '-1') return Number.POSITIVE_INFINITY;
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Capabilities as `CAP_NAME` or `ALL`, from any spelling. @throws LaunchportError ERR_USAGE */
export function parseCapabilities(option: string, texts: readonly string[]): string[] {
  return texts.map((text) => {
    const name = text.toUpperCase().replace(/^CAP_/, '');
    if (name === 'ALL') return name;
    if (CAPABILITIES.includes(name)) return `CAP_${name}`;
    throw badValue(option, text, 'a capability such as NET_RAW, or ALL');
  });
}
