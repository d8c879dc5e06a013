/** Sandboxes with real namespaces: what is in them, and what cannot be reached from them. */
import { randomInt } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { processesWith, SandboxFixture, sandboxProblem } from '../helpers/sandbox-fixture.js';

const problem = sandboxProblem();
if (problem !== undefined) console.log(`sandboxes are not tested: ${problem}`);

const isRoot = process.getuid?.() === 0;
const IDLE = ['sleep', '1000'];

describe.skipIf(problem !== undefined)('a sandbox', { timeout: 180_000 }, () => {
  let fixture: SandboxFixture;

  beforeAll(async () => {
    fixture = await SandboxFixture.make();
  }, 60_000);
  afterEach(() => fixture.destroyAll(), 120_000);
  afterAll(() => fixture.remove());

  it('tells exit codes and signals exactly, and why a command cannot be run', async () => {
    const sandbox = await fixture.sandbox();
    const command = await fixture.run(sandbox, 'start', IDLE);
    for (const [script, code] of [
      ['exit 0', 0],
      ['exit 255', 255],
      ['kill -9 $$', 137],
      ['kill -15 $$', 143],
      ['kill -2 $$', 130],
    ] as const) {
      expect([script, (await fixture.output(sandbox, 'exec', script))[0]]).toEqual([script, code]);
    }
    expect(await fixture.output(sandbox, 'exec', ['missing'])).toEqual([
      127,
      'launchport: cannot run missing: no such file or directory\n',
    ]);
    expect((await fixture.output(sandbox, 'exec', ['/bin/missing']))[0]).toBe(127);
    expect(await fixture.output(sandbox, 'exec', ['/not-a-program'])).toEqual([
      126,
      'launchport: cannot run /not-a-program: permission denied\n',
    ]);
    const before = Date.now();
    command.process.kill(15);
    const { code, exitedAt } = await command.process.exited;
    expect(code).toBe(143);
    expect(exitedAt.getTime()).toBeGreaterThanOrEqual(before);
    await sandbox.ended;
    expect(await sandbox.processes()).toEqual([]);
    await expect(fixture.run(sandbox, 'exec', IDLE)).rejects.toMatchObject({ code: 'ERR_SANDBOX' });
    // An ended process is not signalled; its id may be another's.
    command.process.kill(9);
  });

  it('ends with its command, whatever else runs in it', async () => {
    const mark = `1${randomInt(1e8, 1e9)}`;
    const sandbox = await fixture.sandbox();
    const command = await fixture.run(sandbox, 'start', `sleep ${mark} & sleep ${mark} & wait`);
    const other = await fixture.run(sandbox, 'exec', ['sleep', mark]);
    expect((await sandbox.processes()).length).toBeGreaterThanOrEqual(2);
    command.process.kill(9);
    expect((await command.process.exited).code).toBe(137);
    expect((await other.process.exited).code).toBe(137);
    await sandbox.ended;
    expect(processesWith(mark)).toEqual([]);
  });

  it('has its own host name, files, processes and network, and nothing of the environment', async () => {
    const sandbox = await fixture.sandbox({
      files: { '/etc/hosts': '127.0.0.1 localhost\n', '/etc/hostname': 'box\n' },
      network: 'own',
      tmpfs: ['/scratch'],
      ...(isRoot ? { sysctls: { 'net.ipv4.ip_forward': '1' } } : {}),
    });
    await fixture.run(sandbox, 'start', IDLE);
    const script =
      'busybox hostname; cat /etc/hosts /etc/hostname; cat /proc/net/dev | busybox tail -n +3 | busybox wc -l; busybox env';
    const [code, text] = await fixture.output(sandbox, 'exec', script, { environment: ['PATH=/bin', 'A=1'] });
    expect(code).toBe(0);
    expect(text.split('\n').slice(0, 4)).toEqual(['box', '127.0.0.1 localhost', 'box', '1']);
    expect(new Set(text.trim().split('\n').slice(4))).toEqual(
      new Set(['PATH=/bin', 'A=1', 'SHLVL=1', 'PWD=/']),
    );
    await sandbox.writeFile('/etc/hosts', '127.0.0.1 changed\n');
    expect(await fixture.output(sandbox, 'exec', 'cat /etc/hosts')).toEqual([0, '127.0.0.1 changed\n']);
    await expect(sandbox.writeFile('/etc/resolv.conf', '')).rejects.toThrow(RangeError);
    if (isRoot)
      expect(await fixture.output(sandbox, 'exec', 'cat /proc/sys/net/ipv4/ip_forward')).toEqual([0, '1\n']);
    const netns = sandbox.netns() as number;
    expect(await readFile(`/proc/self/fdinfo/${netns}`, 'utf8')).toContain('flags');

    const processes = await sandbox.processes();
    expect(processes.map(({ command, user }) => [command, user])).toEqual([['sleep 1000', '0']]);
    expect(processes[0]?.pid).toBe(2);
    const statistics = await sandbox.statistics();
    expect(statistics).toMatchObject({ networkRxBytes: 0n, networkTxBytes: 0n });
    expect(statistics.memoryUsageBytes).toBeGreaterThan(0n);
    expect(statistics.numProcesses).toBeGreaterThan(0n);
  });

  it('cannot be written out of, nor see or signal the host, nor gain rights', async () => {
    const secret = join(fixture.directory, 'secret');
    await writeFile(secret, 'secret\n');
    const sandbox = await fixture.sandbox();
    const command = await fixture.run(sandbox, 'start', IDLE);
    const attempts = [
      // Writes to the root, to the host by a link of the root, and to what the kernel shares.
      'echo x > /bin/x',
      'echo x > /x',
      'echo x > /proc/sys/kernel/hostname',
      'echo x > /proc/sysrq-trigger',
      `cat ${secret}`,
      `cat /proc/1/root${secret}`,
      `cat /proc/1/cwd${secret}`,
      `kill -0 ${process.pid + 100_000}`,
      // The first process is not its to end, nor the namespaces its to leave.
      'kill -9 1 && cat /proc/1/exe',
      'mount -t tmpfs none /tmp',
      'mount -o remount,rw /',
      'busybox mknod /tmp/disk b 254 0 && cat /tmp/disk',
      'echo x > /dev/.launchport',
      'busybox nsenter -t 1 -m cat /etc/shadow',
      'busybox unshare -U true',
    ];
    for (const attempt of attempts) {
      const [code] = await fixture.output(sandbox, 'exec', attempt);
      expect([attempt, code === 0]).toEqual([attempt, false]);
    }
    const rights = await fixture.output(
      sandbox,
      'exec',
      'busybox grep -E "^(NoNewPrivs|CapBnd|CapEff|Seccomp):" /proc/self/status',
    );
    expect(rights[1]).toBe(
      'CapEff:\t00000000a80425fb\nCapBnd:\t00000000a80425fb\nNoNewPrivs:\t1\nSeccomp:\t2\n',
    );
    const descriptors = await fixture.output(sandbox, 'exec', ['busybox', 'ls', '/proc/self/fd']);
    // The fourth is of ls itself.
    expect(descriptors[1]).toBe('0\n1\n2\n3\n');
    expect(await readdir(fixture.root)).not.toContain('x');
    expect((await sandbox.processes()).map(({ hostPid }) => hostPid)).toEqual([command.process.hostPid]);
  });

  it('gives a process the user, groups, limits and directory that were asked for, and no rights by setuid', async () => {
    const root = join(fixture.directory, 'setuid-root');
    await fixture.makeRoot(root);
    await chmod(join(root, 'bin/busybox'), 0o4755);
    const sandbox = await fixture.sandbox({
      root,
      isReadOnly: false,
      capabilities: { add: ['net_admin'], drop: ['ALL'] },
    });
    await fixture.run(sandbox, 'start', IDLE);
    const script =
      'busybox id -u; busybox id -g; pwd; ulimit -n; ulimit -Hn; busybox grep -E "^Cap(Eff|Bnd)" /proc/self/status';
    const [code, text] = await fixture.output(sandbox, 'exec', script, {
      user: { uid: 1234, gid: 2345 },
      ...(isRoot ? { supplementalGroups: [7, 8] } : {}),
      rlimits: [{ limit: 'RLIMIT_NOFILE', soft: 50, hard: 60 }],
      workingDirectory: '/tmp/made/for/it',
    });
    expect([code, text]).toEqual([
      0,
      '1234\n2345\n/tmp/made/for/it\n50\n60\nCapEff:\t0000000000000000\nCapBnd:\t0000000000001000\n',
    ]);
    const status = await fixture.output(
      sandbox,
      'exec',
      'busybox grep -E "^(Uid|Groups)" /proc/self/status',
      {
        user: { uid: 1234, gid: 2345 },
        ...(isRoot ? { supplementalGroups: [7, 8] } : {}),
      },
    );
    expect(status[1]).toMatch(/^Uid:\t1234\t1234\t1234\t1234\n/);
    if (isRoot) expect(status[1]).toMatch(/Groups:\t7 8 /);
    await expect(fixture.run(sandbox, 'exec', IDLE, { environment: ['A=\0'] })).rejects.toThrow(RangeError);
  });

  it('keeps a read-only root as it is, also where mount points are missing, and follows no link out of it', async () => {
    const root = join(fixture.directory, 'bare-root');
    await fixture.makeRoot(root, ['etc', 'data']);
    await writeFile(join(root, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\n');
    const outside = join(fixture.directory, 'outside');
    await mkdir(outside);
    // Both would lead to the host if they were followed from outside.
    await symlink(join(outside, 'run'), join(root, 'run'));
    await symlink(join(outside, 'hosts'), join(root, 'etc/hosts'));
    const before = (await readdir(root, { recursive: true })).sort();
    const shared = join(fixture.directory, 'shared');
    await mkdir(shared);
    const sandbox = await fixture.sandbox({
      root,
      files: { '/etc/hosts': 'hosts\n', '/etc/resolv.conf': 'resolv\n' },
      mounts: [
        { kind: 'bind', source: shared, destination: '/data/deep/shared', options: [] },
        { kind: 'bind', source: shared, destination: '/data/fixed', options: ['ro'] },
        { kind: 'tmpfs', source: '', destination: '/memory', options: ['size=64k'] },
      ],
    });
    await fixture.run(sandbox, 'start', IDLE);
    const good =
      'cat /etc/passwd /etc/hosts /etc/resolv.conf && echo x > /data/deep/shared/file && echo x > /memory/x';
    expect(await fixture.output(sandbox, 'exec', good)).toEqual([
      0,
      'root:x:0:0::/:/bin/sh\nhosts\nresolv\n',
    ]);
    expect(await readFile(join(shared, 'file'), 'utf8')).toBe('x\n');
    for (const bad of [
      'echo x > /data/fixed/y',
      'echo x > /y',
      'echo x > /etc/y',
      'busybox dd if=/dev/zero of=/memory/y bs=1k count=100',
    ]) {
      expect([bad, (await fixture.output(sandbox, 'exec', bad))[0] === 0]).toEqual([bad, false]);
    }
    await sandbox.destroy();
    expect((await readdir(root, { recursive: true })).sort()).toEqual(before);
    expect(await readdir(outside)).toEqual([]);
  });
});
