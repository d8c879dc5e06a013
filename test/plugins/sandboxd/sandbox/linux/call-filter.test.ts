/** The system call filter, run as the kernel would run it. */
import { describe, expect, it } from 'vitest';
import { callFilter } from '../../../../../src/plugins/sandboxd/sandbox/linux/call-filter.js';
import { capabilityMask } from '../../../../../src/plugins/sandboxd/sandbox/linux/capabilities.js';

interface Call {
  readonly number: number;
  readonly architecture: number;
  readonly arguments?: readonly number[];
}

/** Classic BPF, as far as filters of this kind use it. Throws for an instruction that it does not know. */
function run(filter: Uint8Array, call: Call): number {
  const program = Buffer.from(filter);
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call.number, 0);
  data.writeUInt32LE(call.architecture, 4);
  for (const [at, value] of (call.arguments ?? []).entries()) data.writeUInt32LE(value, 16 + 8 * at);
  let accumulator = 0;
  for (let at = 0; ; at += 1) {
    const value = program.readUInt32LE(at * 8 + 4);
    const jump = (holds: boolean) => {
      at += program.readUInt8(at * 8 + (holds ? 2 : 3));
    };
    switch (program.readUInt16LE(at * 8)) {
      case 0x20:
        accumulator = data.readUInt32LE(value);
        break;
      case 0x15:
        jump(accumulator === value);
        break;
      case 0x35:
        jump(accumulator >= value);
        break;
      case 0x45:
        jump((accumulator & value) !== 0);
        break;
      case 0x06:
        return value;
      default:
        throw new Error(`instruction ${at}`);
    }
  }
}

const ALLOWED = 0x7fff_0000;
const REFUSED = 0x0005_0001;
const UNKNOWN = 0x0005_0026;
const DEFAULT = capabilityMask({ add: [], drop: [] });
const ADMIN = capabilityMask({ add: ['SYS_ADMIN'], drop: [] });

describe.each([
  [
    'x64',
    0xc000_003e,
    { read: 0, mount: 165, setns: 308, clone: 56, unshare: 272, ioctl: 16, keyctl: 250, bpf: 321 },
  ],
  [
    'arm64',
    0xc000_00b7,
    { read: 63, mount: 40, setns: 268, clone: 220, unshare: 97, ioctl: 29, keyctl: 219, bpf: 280 },
  ],
] as const)('the filter of %s', (name, architecture, numbers) => {
  const answer = (mask: bigint, number: number, args: readonly number[] = []) =>
    run(callFilter(mask, name), { number, architecture, arguments: args });

  it('refuses what administrators do, and lets everything else through', () => {
    for (const call of ['mount', 'setns', 'keyctl', 'bpf'] as const) {
      expect([call, answer(DEFAULT, numbers[call])]).toEqual([call, REFUSED]);
    }
    expect(answer(DEFAULT, numbers.read)).toBe(ALLOWED);
    expect(answer(DEFAULT, 999)).toBe(ALLOWED);
  });

  it('refuses new user namespaces, and no other process or thread', () => {
    for (const call of ['clone', 'unshare'] as const) {
      expect(answer(DEFAULT, numbers[call], [0x1000_0011])).toBe(REFUSED);
      expect(answer(DEFAULT, numbers[call], [0x003d_0f00])).toBe(ALLOWED);
      expect(answer(ADMIN, numbers[call], [0x1000_0011])).toBe(ALLOWED);
    }
    expect(answer(DEFAULT, 435)).toBe(UNKNOWN);
    expect(answer(ADMIN, 435)).toBe(ALLOWED);
  });

  it('refuses typing into a terminal', () => {
    expect(answer(DEFAULT, numbers.ioctl, [0, 0x5412])).toBe(REFUSED);
    expect(answer(DEFAULT, numbers.ioctl, [0, 0x541c])).toBe(REFUSED);
    expect(answer(DEFAULT, numbers.ioctl, [0x5412, 0x5413])).toBe(ALLOWED);
  });

  it('gives back what a capability is for', () => {
    expect(answer(ADMIN, numbers.mount)).toBe(ALLOWED);
    expect(answer(ADMIN, numbers.bpf)).toBe(REFUSED);
    expect(answer(ADMIN, numbers.keyctl)).toBe(REFUSED);
  });

  it('knows no calls of other architectures', () => {
    const other = run(callFilter(DEFAULT, name), { number: numbers.read, architecture: 0x4000_0003 });
    expect([other, answer(DEFAULT, 0x4000_0000)]).toEqual([UNKNOWN, UNKNOWN]);
  });
});

it('is none where the numbers are not known', () => {
  expect(callFilter(DEFAULT, 'mips')).toHaveLength(0);
});
