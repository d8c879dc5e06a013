/** Sandboxes of macOS, as far as they are text: the rules, the commands, the table of processes. */
import { describe, expect, it } from 'vitest';
import { sandboxCommand } from '../../../../../src/plugins/sandboxd/sandbox/darwin/command.js';
import { darwinNotes } from '../../../../../src/plugins/sandboxd/sandbox/darwin/darwin-sandbox.js';
import {
  descendants,
  parseProcessTable,
} from '../../../../../src/plugins/sandboxd/sandbox/darwin/process-table.js';
import { sandboxProfile } from '../../../../../src/plugins/sandboxd/sandbox/darwin/profile.js';
import type { ProcessSpec, SandboxSpec } from '../../../../../src/plugins/sandboxd/sandbox/index.js';

const SPEC: SandboxSpec = {
  ...{
    id: 'c1',
    root: '/roots/a "b"',
    isReadOnly: true,
    hostname: 'box',
    tmpfs: [],
    network: 'none',
    files: {},
  },
  ...{ resources: {}, capabilities: { add: [], drop: [] }, sysctls: {}, stateDirectory: '/state' },
  mounts: [
    { kind: 'bind', source: '/data', destination: '/data', options: [] },
    { kind: 'bind', source: '/fixed', destination: '/fixed', options: ['ro'] },
  ],
};

const PROCESS: ProcessSpec = {
  executable: 'tool',
  arguments: ['a b', '$c'],
  environment: ['PATH=/usr/bin:/opt/bin'],
  workingDirectory: '/work',
  user: { uid: 0, gid: 0 },
  supplementalGroups: [],
  rlimits: [],
  isTerminal: false,
};

/** The rules for an action, as one line. */
const rulesOf = (profile: string, action: string) =>
  profile
    .replaceAll(/\n {2}/g, ' ')
    .split('\n')
    .filter((line) => line.startsWith(`(${action}`));

describe('the profile', () => {
  it('denies by default, and is balanced', () => {
    const profile = sandboxProfile(SPEC);
    expect(profile.startsWith('(version 1)\n(deny default)\n')).toBe(true);
    const bare = profile.replaceAll(/"(\\.|[^"\\])*"/g, '');
    expect(bare.split('(').length).toBe(bare.split(')').length);
  });

  it('lets the root be read and the mounts be written as they say', () => {
    const profile = sandboxProfile(SPEC);
    expect(rulesOf(profile, 'allow file-write* ')).toEqual(['(allow file-write* (subpath "/data"))']);
    expect(profile).toContain('(subpath "/roots/a \\"b\\"")');
    expect(rulesOf(profile, 'deny file-write* ')).toEqual([
      '(deny file-write* (subpath "/roots/a \\"b\\"") (subpath "/fixed"))',
    ]);
    expect(rulesOf(sandboxProfile({ ...SPEC, isReadOnly: false }), 'allow file-write* ')).toEqual([
      '(allow file-write* (subpath "/roots/a \\"b\\"") (subpath "/data"))',
    ]);
  });

  it('hides masked paths, last of all', () => {
    const lines = sandboxProfile({ ...SPEC, maskedPaths: ['/secret'] })
      .trim()
      .split('\n');
    expect(lines.slice(-2)).toEqual([
      '(deny file-read* file-write* process-exec',
      '  (subpath "/roots/a \\"b\\"/secret"))',
    ]);
  });

  it.each([
    ['none', false],
    ['own', true],
    ['host', true],
  ] as const)('network %s: allowed %s', (network, isAllowed) => {
    expect(sandboxProfile({ ...SPEC, network }).includes('network*')).toBe(isAllowed);
  });
});

describe('the command', () => {
  it('is found in the PATH of the root, and its arguments are never read by the shell', () => {
    const command = sandboxCommand('/r', '/p.sb', PROCESS, (path) => path === '/r/opt/bin/tool');
    expect(command).toEqual([
      ...['-f', '/p.sb', '/bin/sh', '-c', 'cd "$0" || exit 126; exec "$@"'],
      ...['/r/work', '/r/opt/bin/tool', 'a b', '$c'],
    ]);
    expect(sandboxCommand('/r', '/p.sb', PROCESS, () => false)[6]).toBe('/r/tool');
  });

  it('stays in the root, whatever its path', () => {
    const of = (executable: string) => sandboxCommand('/r', '/p', { ...PROCESS, executable }, () => true)[6];
    expect([of('/bin/x'), of('./x'), of('../../../x')]).toEqual(['/r/bin/x', '/r/work/x', '/r/x']);
  });

  it('sets limits and takes the terminal first', () => {
    const rlimits = [{ limit: 'RLIMIT_CORE', soft: 512, hard: -1 }];
    expect(sandboxCommand('/r', '/p', { ...PROCESS, rlimits, isTerminal: true }, () => true)[4]).toBe(
      'exec <"$(/usr/bin/tty)"; ulimit -S -c 1 || exit 126; ulimit -H -c unlimited || exit 126; cd "$0" || exit 126; exec "$@"',
    );
    const unknown = { ...PROCESS, rlimits: [{ limit: 'RTTIME', soft: 1, hard: 1 }] };
    expect(() => sandboxCommand('/r', '/p', unknown, () => true)).toThrow(
      expect.objectContaining({ code: 'ERR_UNSUPPORTED' }),
    );
  });
});

describe('the table of processes', () => {
  const TEXT = [
    '    1     0     1     0  12000   1:02.03 01-02:03:04 /sbin/launchd',
    '  100     1   100   501   2048   0:00.50       01:10 /bin/sh -c  two  spaces',
    '  101   100   100   501   1024   0:00.00       00:09 sleep 5',
    '  102     1   100   501   1024   0:00.00       00:09 orphan of the group',
    '  200     1   200   501   1024   0:00.00       00:09 other',
    'what is this',
  ].join('\n');

  it('is read by columns', () => {
    const table = parseProcessTable(TEXT, 100_000_000);
    expect(table).toHaveLength(5);
    expect(table[1]).toEqual({
      ...{ pid: 100, hostPid: 100, parent: 1, group: 100, user: '501', command: '/bin/sh -c  two  spaces' },
      ...{ startedAt: new Date(99_930_000), cpuUsec: 500_000n, memoryBytes: 2_097_152n },
    });
    expect(table[0]).toMatchObject({ cpuUsec: 62_030_000n, startedAt: new Date(100_000_000 - 93_784_000) });
  });

  it('tells descendants, and orphans by their group', () => {
    const table = parseProcessTable(TEXT, 0);
    expect(descendants(table, [100]).map(({ pid }) => pid)).toEqual([100, 101, 102]);
    expect(descendants(table, [])).toEqual([]);
  });
});

it('says what macOS cannot do', () => {
  expect(darwinNotes({ ...SPEC, mounts: [] }, 0)).toEqual([]);
  expect(
    darwinNotes({ ...SPEC, network: 'own', resources: { pids: 1 }, files: { '/etc/hosts': '' } }, 501),
  ).toHaveLength(5);
});
