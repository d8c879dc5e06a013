/**
 * The system calls that no process of a sandbox needs: refused by the kernel before it does anything (seccomp(2)).
 *
 * A list of what is refused, not of what is allowed: programs of containers are of all kinds. What only administrators can
 * do is refused to everyone, so that a fault in the kernel's own check is no way out; a container that was given the
 * capability for it gets it back.
 */
import { capabilityMask } from './capabilities.js';

/** Numbers on one architecture; of the calls that are looked at by argument, and of those that are refused. */
interface Architecture {
  /** AUDIT_ARCH_*. */
  readonly audit: number;
  readonly clone: number;
  readonly unshare: number;
  readonly ioctl: number;
  /** By the capability that gives them back; under '' the ones that nothing does. */
  readonly refused: Readonly<Record<string, readonly number[]>>;
}

// clone3 hides its flags from filters: programs then use clone, as on a kernel that does not have it.
const CLONE3 = 435;
/** Mounts of the newer interface and io_uring have the same numbers everywhere. */
const NEW_MOUNT = [428, 429, 430, 431, 432, 433, 442, 443];
const IO_URING = [425, 426, 427];

const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  x64: {
    audit: 0xc000_003e,
    clone: 56,
    unshare: 272,
    ioctl: 16,
    refused: {
      // Keys, userfaultfd, and remains of old kernels.
      '': [248, 249, 250, 323, 174, 180, 212, ...IO_URING],
      // mount umount2 pivot_root setns quotactl swapon swapoff vhangup
      SYS_ADMIN: [165, 166, 155, 308, 179, 167, 168, 153, ...NEW_MOUNT],
      SYS_MODULE: [175, 313, 176],
      SYS_BOOT: [169, 246, 320],
      // settimeofday clock_settime clock_adjtime
      SYS_TIME: [164, 227, 305],
      SYS_PACCT: [163],
      SYS_RAWIO: [172, 173],
      SYSLOG: [103],
      DAC_READ_SEARCH: [304],
      BPF: [321],
      PERFMON: [298],
    },
  },
  arm64: {
    audit: 0xc000_00b7,
    clone: 220,
    unshare: 97,
    ioctl: 29,
    refused: {
      '': [217, 218, 219, 282, 18, ...IO_URING],
      SYS_ADMIN: [40, 39, 41, 268, 60, 224, 225, 58, ...NEW_MOUNT],
      SYS_MODULE: [105, 273, 106],
      SYS_BOOT: [142, 104, 294],
      SYS_TIME: [170, 112, 266],
      SYS_PACCT: [89],
      SYSLOG: [116],
      DAC_READ_SEARCH: [265],
      BPF: [280],
      PERFMON: [241],
    },
  },
};

const CLONE_NEWUSER = 0x1000_0000;
/** Type into a terminal, and paste on a console, as if its user had. */
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;
/** The first number of the x32 interface, which has numbers of its own for the same calls. */
const X32 = 0x4000_0000;

/** Instructions (linux/filter.h), and what a filter ends with (linux/seccomp.h). */
const LOAD = 0x20;
const IF_EQUAL = 0x15;
const IF_AT_LEAST = 0x35;
const IF_ANY_BIT = 0x45;
const RETURN = 0x06;
const ALLOW = 0x7fff_0000;
const NOT_PERMITTED = 0x0005_0000 + 1;
const NO_SUCH_CALL = 0x0005_0000 + 38;
/** Where the kernel has the number, the architecture and the lower halves of the arguments. */
const NUMBER = 0;
const ARCHITECTURE = 4;
const ARGUMENTS = [16, 24] as const;

type Instruction = readonly [code: number, value: number, ifTrue?: number, ifFalse?: number];

/**
 * The filter for processes with these capabilities, as an array of `struct sock_filter`; empty on an architecture that is
 * not known. Programs of another architecture, as 32-bit ones, get "no such system call".
 */
export function callFilter(capabilities: bigint, architecture: string = process.arch): Uint8Array {
  const known = ARCHITECTURES[architecture];
  if (known === undefined) return new Uint8Array();
  const has = (name: string) =>
    name !== '' && (capabilities & capabilityMask({ add: [name], drop: ['ALL'] })) !== 0n;
  const refused = Object.entries(known.refused).flatMap(([name, numbers]) => (has(name) ? [] : numbers));
  return encode([
    [LOAD, ARCHITECTURE],
    [IF_EQUAL, known.audit, 1, 0],
    [RETURN, NO_SUCH_CALL],
    [LOAD, NUMBER],
    [IF_AT_LEAST, X32, 0, 1],
    [RETURN, NO_SUCH_CALL],
    ...refused.flatMap((number) => answer(number, NOT_PERMITTED)),
    ...(has('SYS_ADMIN')
      ? []
      : [
          ...answer(CLONE3, NO_SUCH_CALL),
          ...refuseByArgument(known.clone, ARGUMENTS[0], [[IF_ANY_BIT, CLONE_NEWUSER]]),
          ...refuseByArgument(known.unshare, ARGUMENTS[0], [[IF_ANY_BIT, CLONE_NEWUSER]]),
        ]),
    ...refuseByArgument(known.ioctl, ARGUMENTS[1], [
      [IF_EQUAL, TIOCSTI],
      [IF_EQUAL, TIOCLINUX],
    ]),
    [RETURN, ALLOW],
  ]);
}

function answer(number: number, result: number): Instruction[] {
  return [
    [IF_EQUAL, number, 0, 1],
    [RETURN, result],
  ];
}

/** Refuses the call when one of the tests holds for an argument of it. */
function refuseByArgument(
  number: number,
  argument: number,
  tests: readonly (readonly [number, number])[],
): Instruction[] {
  return [
    [IF_EQUAL, number, 0, tests.length + 3],
    [LOAD, argument],
    ...tests.map(([code, value], at): Instruction => [code, value, tests.length - at, 0]),
    [RETURN, ALLOW],
    [RETURN, NOT_PERMITTED],
  ];
}

function encode(program: readonly Instruction[]): Uint8Array {
  const bytes = Buffer.alloc(program.length * 8);
  for (const [at, [code, value, ifTrue = 0, ifFalse = 0]] of program.entries()) {
    bytes.writeUInt16LE(code, at * 8);
    bytes.writeUInt8(ifTrue, at * 8 + 2);
    bytes.writeUInt8(ifFalse, at * 8 + 3);
    bytes.writeUInt32LE(value, at * 8 + 4);
  }
  return bytes;
}
