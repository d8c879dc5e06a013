/** What a process of a sandbox gets, in the form in which it is passed on. */
import { describe, expect, it } from 'vitest';
import {
  capabilityMask,
  mayMakeNamespaces,
} from '../../../../../src/plugins/sandboxd/sandbox/linux/capabilities.js';
import { settingPaths } from '../../../../../src/plugins/sandboxd/sandbox/linux/kernel-settings.js';
import { describeProcess } from '../../../../../src/plugins/sandboxd/sandbox/linux/process-description.js';
import { limitList } from '../../../../../src/plugins/sandboxd/sandbox/linux/resource-limits.js';

const SPEC = {
  executable: '/bin/é',
  arguments: ['-c', ''],
  environment: ['PATH=/bin', 'no-name', '=x', 'A=a=b'],
  workingDirectory: '/work',
  user: { uid: 5, gid: 6 },
  supplementalGroups: [7, 8],
  rlimits: [{ limit: 'RLIMIT_NOFILE', soft: 1n, hard: 2n }],
  isTerminal: true,
};
const POLICY = { capabilities: 0x2fn, knowsRootOnly: false, filter: new Uint8Array(), defaultLimits: [] };

/** The fields of netstrings. */
function fields(bytes: Buffer): string[] {
  const result: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const colon = bytes.indexOf(':', at);
    const size = Number(bytes.toString('latin1', at, colon));
    result.push(bytes.toString('utf8', colon + 1, colon + 1 + size));
    expect(bytes.toString('latin1', colon + 1 + size, colon + 2 + size)).toBe(',');
    at = colon + 2 + size;
  }
  return result;
}

describe('a process description', () => {
  it('has every part in its place, and only environment entries that have a name', () => {
    const parts = ['tg', '5', '6', '7,8', '2f', '7:1:2', '/work', '', '/bin/é', '3', '/bin/é', '-c', ''];
    expect(fields(describeProcess(SPEC, POLICY))).toEqual([...parts, 'PATH=/bin', 'A=a=b']);
  });

  it('asks for a user namespace of its own where only root is known and another user is wanted', () => {
    const policy = { ...POLICY, knowsRootOnly: true };
    expect(fields(describeProcess(SPEC, policy))[0]).toBe('tn');
    const root = { ...SPEC, user: { uid: 0, gid: 0 }, isTerminal: false };
    expect(fields(describeProcess(root, policy))[0]).toBe('');
  });

  it("takes the sandbox's limits where the process has none of its own", () => {
    const defaultLimits = [
      { limit: 'NOFILE', soft: 9, hard: 9 },
      { limit: 'DATA', soft: 8, hard: 8 },
    ];
    expect(fields(describeProcess(SPEC, { ...POLICY, defaultLimits }))[5]).toBe('2:8:8,7:1:2');
  });

  it('refuses what no process can have', () => {
    for (const bad of [
      { executable: 'a\0b' },
      { user: { uid: -1, gid: 0 } },
      { user: { uid: 2 ** 32 - 1, gid: 0 } },
      { supplementalGroups: [1.5] },
      { arguments: ['x'.repeat(5 << 20)] },
    ]) {
      expect(() => describeProcess({ ...SPEC, ...bad }, POLICY)).toThrow(RangeError);
    }
  });
});

describe('resource limits', () => {
  it('are numbers of Linux, whichever way the name is written; what is too much means none', () => {
    const list = [
      { limit: 'nofile', soft: 1, hard: -1 },
      { limit: 'RLIMIT_AS', soft: 2n ** 63n, hard: Number.POSITIVE_INFINITY },
    ];
    expect(limitList(list)).toBe('7:1:18446744073709551615,9:9223372036854775808:18446744073709551615');
  });

  it('are refused when unknown or upside down', () => {
    expect(() => limitList([{ limit: 'THINGS', soft: 1, hard: 1 }])).toThrow('THINGS');
    expect(() => limitList([{ limit: 'CORE', soft: 2, hard: 1 }])).toThrow(RangeError);
  });
});

describe('capabilities', () => {
  it.each([
    [[], [], 0xa80425fbn],
    [['CAP_NET_ADMIN'], [], 0xa80435fbn],
    [[], ['chown', 'Cap_Kill'], 0xa80425dan],
    [['kill'], ['ALL'], 0x20n],
    [['kill'], ['kill'], 0xa80425dbn],
    [['ALL'], ['sys_admin'], 0x1ffffdfffffn],
  ])('add %j, drop %j', (add, drop, mask) => {
    expect(capabilityMask({ add, drop })).toBe(mask);
  });

  it('are refused by names that are none', () => {
    expect(() => capabilityMask({ add: ['CAP_FLY'], drop: [] })).toThrow('CAP_FLY');
  });

  it('tell whether namespaces can be made without one for users', () => {
    expect(mayMakeNamespaces('000001fffeffffff')).toBe(true);
    expect(mayMakeNamespaces('00000000a80425fb')).toBe(false);
  });
});

describe('kernel settings', () => {
  it("are those of the sandbox's own namespaces", () => {
    const settings = {
      'net.ipv4.ip_forward': '1',
      'net/ipv4/conf/eth0.1/forwarding': '0',
      'kernel.msgmax': '9',
    };
    expect(settingPaths(settings, true)).toEqual([
      'net/ipv4/ip_forward=1',
      'net/ipv4/conf/eth0.1/forwarding=0',
      'kernel/msgmax=9',
    ]);
  });

  it.each([
    'kernel.panic',
    'vm.swappiness',
    'net',
    'net/../kernel/panic',
    'net.ipv4',
    '/net/ipv4/ip_forward',
  ])('are refused for the whole machine: %s', (name) =>
    expect(() => settingPaths({ [name]: '1' }, true)).toThrow(RangeError),
  );

  it("are refused for the host's network", () => {
    expect(() => settingPaths({ 'net.ipv4.ip_forward': '1' }, false)).toThrow('host');
  });
});
