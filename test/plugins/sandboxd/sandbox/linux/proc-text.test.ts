/** Texts of /proc and of control groups, as values. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  ControlGroup,
  findGroupPlace,
  parseGroupStatistics,
} from '../../../../../src/plugins/sandboxd/sandbox/linux/control-group.js';
import {
  commandText,
  mapId,
  parseBootTime,
  parseIo,
  parseNetDev,
  parseStat,
  parseStatus,
} from '../../../../../src/plugins/sandboxd/sandbox/linux/proc-text.js';

describe('/proc', () => {
  it('tells a process by its stat, whatever its name', () => {
    const rest = `S 1 ${'0 '.repeat(9)}11 12 13 14 20 0 1 0 987654 ${'0 '.repeat(30)}`;
    expect(parseStat(`42 (a) b (c)) ${rest}`)).toEqual({
      name: 'a) b (c)',
      state: 'S',
      ticks: 23n,
      childTicks: 27n,
      startTicks: 987_654n,
    });
    expect(parseStat('')).toBeUndefined();
    expect(parseStat('42 (short) S 1')).toBeUndefined();
  });

  it('tells users, ids in namespaces, memory and rights by the status', () => {
    const status = [
      'Name:\tsh',
      'Uid:\t1\t1234\t3\t4',
      'NSpid:\t4242\t7',
      'VmRSS:\t    1000 kB',
      'RssAnon:\t     100 kB',
      'RssFile:\t     900 kB',
      'RssShmem:\t       5 kB',
      'CapEff:\t00000000a80425fb',
    ].join('\n');
    expect(parseStatus(status)).toEqual({
      uid: 1234,
      pids: [4242, 7],
      residentBytes: 1_024_000n,
      ownBytes: 107_520n,
      capabilities: '00000000a80425fb',
    });
    // As of a kernel thread or a zombie, which has no memory.
    expect(parseStatus('Name:\tx\nUid:\t0\t0\t0\t0\nNSpid:\t3\n')).toMatchObject({
      residentBytes: 0n,
      ownBytes: 0n,
    });
  });

  it('maps ids as a user namespace does', () => {
    const map = '         0       1000          1\n         1     100000      65536\n';
    expect([999, 1000, 100_000, 165_535, 165_536].map((id) => mapId(map, id))).toEqual([
      undefined,
      0,
      1,
      65_536,
      undefined,
    ]);
    expect(mapId('', 0)).toBeUndefined();
  });

  it('counts what came and went by all interfaces but the local one', () => {
    const text = [
      'Inter-|   Receive                                                |  Transmit',
      ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets',
      '    lo:    9999       9    0    0    0     0          0         0     9999       9',
      '  eth0: 18446744073709551615 9    0    0    0     0          0         0     2000       9',
      'eth0.1:100       9    0    0    0     0          0         0     3       9',
      '',
    ].join('\n');
    expect(parseNetDev(text)).toEqual({ received: 18_446_744_073_709_551_715n, sent: 2003n });
    expect(parseNetDev('')).toEqual({ received: 0n, sent: 0n });
  });

  it('reads storage use, boot time and command lines', () => {
    expect(parseIo('rchar: 1\nread_bytes: 4096\nwrite_bytes: 8192\ncancelled_write_bytes: 1\n')).toEqual({
      read: 4096n,
      written: 8192n,
    });
    expect(parseBootTime('cpu 1\nbtime 1700000000\nprocesses 1\n')).toBe(1_700_000_000);
    expect(commandText('sh\0-c\0echo a b\0', 'sh')).toBe('sh -c echo a b');
    expect(commandText('', 'kworker')).toBe('[kworker]');
  });
});

describe('control groups', () => {
  const hybrid = [
    '25 20 0:21 / /sys/fs/cgroup rw - tmpfs tmpfs rw',
    '33 25 0:29 / /sys/fs/cgroup/unified rw,relatime shared:9 - cgroup2 cgroup2 rw',
  ].join('\n');
  const own = '8:pids:/\n0::/user.slice/user-1000.slice/app.scope\n';

  it('are looked for at the top by root, and above the own group by others', () => {
    const above = ['/user.slice/user-1000.slice/app.scope', '/user.slice/user-1000.slice', '/user.slice'];
    const parents = above.map((path) => `/sys/fs/cgroup/unified${path}`);
    expect(findGroupPlace(hybrid, own, 1000)).toEqual({ parents });
    expect(findGroupPlace(hybrid, own, 0)).toEqual({ parents: ['/sys/fs/cgroup/unified', ...parents] });
    expect(findGroupPlace('25 20 0:21 / / rw - tmpfs tmpfs rw', '8:pids:/\n', 0)).toMatchObject({
      parents: [],
    });
  });

  it('tell use and limits, and leave out what they do not know', () => {
    expect(
      parseGroupStatistics({
        current: '1048576\n',
        max: 'max\n',
        cpu: 'usage_usec 123\nuser_usec 100\n',
        pids: '3\n',
        io: '254:0 rbytes=10 wbytes=20 rios=1\n7:0 rbytes=1 wbytes=2\n',
      }),
    ).toEqual({
      memoryUsageBytes: 1_048_576n,
      cpuUsageUsec: 123n,
      numProcesses: 3n,
      blockReadBytes: 11n,
      blockWriteBytes: 22n,
    });
    expect(parseGroupStatistics({ current: '', max: '4096', cpu: '', pids: '', io: '' })).toEqual({
      memoryLimitBytes: 4096n,
    });
  });

  it('enforce what their controllers can, and say what they cannot', async () => {
    const parent = await mkdtemp(join(tmpdir(), 'launchport-group-'));
    try {
      // A directory with the files that the kernel would make: the second place is the first with controllers.
      const empty = join(parent, 'empty');
      const good = join(parent, 'good');
      for (const [place, controllers] of [
        [empty, ''],
        [good, 'memory pids hugetlb\n'],
      ] as const) {
        const group = join(place, 'launchport-c1');
        await mkdir(group, { recursive: true });
        for (const directory of [place, group]) {
          await writeFile(join(directory, 'cgroup.controllers'), controllers);
          await writeFile(join(directory, 'cgroup.subtree_control'), '');
          await writeFile(join(directory, 'cgroup.procs'), '');
        }
      }
      const notes: string[] = [];
      const resources = { memoryInBytes: 4096n, cpus: 0.5, pids: 10 };
      const group = await ControlGroup.make(
        { parents: [join(parent, 'none'), empty, good] },
        'c1',
        resources,
        notes,
      );
      expect(group?.path).toBe(join(good, 'launchport-c1'));
      expect(await readFile(join(good, 'launchport-c1/memory.max'), 'utf8')).toBe('4096');
      expect(await readFile(join(good, 'launchport-c1/pids.max'), 'utf8')).toBe('10');
      expect(notes).toEqual(['the processor limit is not enforced: the controller cpu is not available']);
      expect(group?.procs).toBeGreaterThan(2);
      await group?.remove();
      expect(group?.procs).toBeUndefined();

      const none: string[] = [];
      expect(await ControlGroup.make({ parents: [empty] }, 'c1', { pids: 1 }, none)).toBeUndefined();
      expect(none).toEqual([
        'the process limit is not enforced: the control groups of version 2 have no controllers here',
      ]);
    } finally {
      await rm(parent, { recursive: true });
    }
  });
});
