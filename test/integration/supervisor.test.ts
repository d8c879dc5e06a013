/** The supervisor with the addon and real processes. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rejectionOf } from '../helpers/thrown.js';
import { eventually } from '../native/eventually.js';
import { isRunning, LABEL, Rig, SERVICE } from './supervisor/rig.js';

describe.runIf(process.platform === 'linux')('supervisor with real processes', () => {
  it('launchd case 15: fifty first messages at once start one process and get fifty replies', async () => {
    await using rig = await new Rig().supervise();
    await rig.load();
    const numbers = Array.from({ length: 50 }, (_, n) => BigInt(n));
    const replies = await Promise.all(numbers.map((n) => rig.connect().request({ n })));
    expect(replies.map(({ n }) => n)).toEqual(numbers);
    const [pid] = rig.started;
    expect(rig.started).toHaveLength(1);
    expect(new Set(replies.map((reply) => reply.pid))).toEqual(new Set([BigInt(pid ?? 0)]));
    const status = await rig.supervisor.print(`${await rig.supervisor.defaultDomain()}/${LABEL}`);
    expect(status).toMatchObject({
      state: 'running',
      pid,
      runs: 1,
      reason: 'ipc (mach)',
      endpoints: [{ name: SERVICE, isActive: true }],
    });
  });

  it('gives the job three streams and its listeners, and no other descriptor', async () => {
    await using rig = await new Rig().supervise();
    const output = await rig.run('ls -l /proc/$$/fd; :', {
      MachServices: { 'com.example.a': true, 'com.example.b': true },
      StandardErrorPath: join(rig.root, `${LABEL}.out`),
    });
    const links = new Map([...output.matchAll(/ (\d+) -> (.*)/g)].map(([, fd, to]) => [fd, to] as const));
    expect([...links.keys()].sort()).toEqual(['0', '1', '2', '3', '4']);
    expect(links.get('0')).toBe('/dev/null');
    expect(links.get('1')).toBe(join(rig.root, `${LABEL}.out`));
    expect(links.get('2')).toBe(join(rig.root, `${LABEL}.out`));
    expect(links.get('3')).toMatch(/^socket:/);
    expect(links.get('4')).toMatch(/^socket:/);
  });

  it.each([
    ['18', 18],
    ['"022"', '022'],
  ])(
    'launchd case 11: Umask %s is 0022 in the job; directory, nice value and environment too',
    async (_text, Umask) => {
      await using rig = await new Rig().supervise();
      const output = await rig.run('umask; pwd; nice; env', {
        Umask,
        WorkingDirectory: '/usr',
        Nice: 5,
        EnvironmentVariables: { OWN: 'yes' },
      });
      expect(output).toMatch(/^0022\n\/usr\n5\n/);
      const names = [...output.matchAll(/^(\w+)=/gm)].map(([, name]) => name);
      for (const name of ['PATH', 'OWN', 'LAUNCHPORT_BOOTSTRAP', 'LISTEN_FDS']) expect(names).toContain(name);
      expect(output).toContain(`XPC_SERVICE_NAME=${LABEL}\n`);
      expect(output).toContain(`LISTEN_FDNAMES=${SERVICE}\n`);
      // Of this process's own environment, nothing else comes through.
      expect(names).not.toContain('VITEST');
    },
  );

  it('serves again after the job exited, and watches no sooner', async () => {
    await using rig = await new Rig().supervise();
    await rig.load();
    const connection = rig.connect();
    expect(await connection.request({ exit: 3n })).toMatchObject({ pid: BigInt(rig.started[0] ?? 0) });
    await eventually('exit', () => rig.transitions.some(({ kind }) => kind === 'exited'));
    const reply = await rig.connect().request({ n: 2n });
    expect(reply.pid).toBe(BigInt(rig.started[1] ?? 0));
    expect(rig.started).toHaveLength(2);
    const kinds = () => rig.transitions.map(({ kind }) => kind).filter((kind) => kind !== 'throttled');
    await eventually('the second check-in', () => kinds().length === 6);
    const once = ['spawned', 'checked in'];
    expect(kinds()).toEqual(['loaded', ...once, 'exited', ...once]);
    expect(rig.transitions).toContainEqual(
      expect.objectContaining({ kind: 'exited', exit: { kind: 'exited', code: 3 }, checkedIn: [SERVICE] }),
    );
  });

  it('launchd case 18: a crash interrupts the request, and the same connection works again', async () => {
    await using rig = await new Rig().supervise();
    await rig.load();
    const connection = rig.connect();
    await connection.request({ n: 1n });
    expect((await rejectionOf(connection.request({ fail: 'SIGKILL' }))).code).toBe('ERR_XPC_INTERRUPTED');
    expect((await connection.request({ n: 2n })).n).toBe(2n);
    expect(rig.started).toHaveLength(2);
    expect(rig.transitions).toContainEqual(
      expect.objectContaining({ kind: 'exited', exit: { kind: 'signaled', signal: 'SIGKILL' } }),
    );
  });

  it('launchd case 17: a client waits through a run that exits before check-in', async () => {
    await using rig = await new Rig().supervise();
    const flag = join(rig.root, 'flag');
    const script = `[ -e ${flag} ] || { touch ${flag}; exit 7; }; exec "$@"`;
    const job = join(import.meta.dirname, 'supervisor', 'job.mjs');
    await rig.load({ ProgramArguments: ['/bin/sh', '-c', script, 'sh', process.execPath, job] });
    expect((await rig.connect().request({ n: 1n })).n).toBe(1n);
    expect(rig.transitions).toContainEqual(
      expect.objectContaining({ kind: 'exited', exit: { kind: 'exited', code: 7 }, checkedIn: [] }),
    );
  });

  it('launchd case 35: a missing program keeps the client, and is found once it is there', async () => {
    await using rig = await new Rig().supervise();
    const program = join(rig.root, 'program');
    await rig.load({ ProgramArguments: [program] });
    const reply = rig.connect().request({ n: 1n });
    await eventually('failure', () => rig.transitions.some(({ kind }) => kind === 'spawn failed'));
    expect(rig.transitions).toContainEqual(
      expect.objectContaining({ kind: 'spawn failed', reason: `ENOENT: ${program} (execve)` }),
    );
    const job = join(import.meta.dirname, 'supervisor', 'job.mjs');
    writeFileSync(`${program}.new`, `#!/bin/sh\nexec ${process.execPath} ${job}\n`);
    chmodSync(`${program}.new`, 0o755);
    writeFileSync(program, readFileSync(`${program}.new`), { mode: 0o755 });
    expect((await reply).n).toBe(1n);
  });

  it.each([
    ['a missing directory', { WorkingDirectory: '/nowhere/at/all' }, 'ENOENT: /nowhere/at/all (chdir)'],
    ['a missing interpreter', { ProgramArguments: ['/etc/passwd'] }, 'EACCES: /etc/passwd (execve)'],
  ])('says that a job cannot start for %s', async (_case, changes, reason) => {
    await using rig = await new Rig().supervise();
    const target = await rig.load({ ...changes, RunAtLoad: true });
    expect((await rig.supervisor.print(target))?.lastExit).toEqual({ kind: 'spawn failed', reason });
  });

  it('launchd case 55: what remains of the process group gets SIGTERM', async () => {
    await using rig = await new Rig().supervise();
    const output = await rig.run('sleep 600 & echo $!');
    const helper = Number(output);
    await eventually('the end of the helper', () => !isRunning(helper));
  });

  it('launchd case 55: AbandonProcessGroup leaves it alone', async () => {
    await using rig = await new Rig().supervise();
    const helper = Number(await rig.run('sleep 600 & echo $!', { AbandonProcessGroup: true }));
    // By the time that another job's helper is gone, the signal would have arrived.
    const other = { Label: 'other', MachServices: {} };
    const signalled = Number(await rig.run('sleep 600 & echo $!', other));
    await eventually('the end of the other helper', () => !isRunning(signalled));
    expect(isRunning(helper)).toBe(true);
    process.kill(helper, 'SIGKILL');
  });

  it('launchd case 38: bootout kills a job that ignores SIGTERM', async () => {
    await using rig = await new Rig().supervise();
    const job = join(import.meta.dirname, 'supervisor', 'job.mjs');
    const target = await rig.load({
      ProgramArguments: [process.execPath, job, '--stubborn'],
      ExitTimeOut: 1,
    });
    await rig.connect().request({});
    await rig.supervisor.bootout(target);
    expect(isRunning(rig.started[0] ?? 0)).toBe(false);
    expect(rig.sockets).toEqual([]);
    expect(rig.transitions).toContainEqual(
      expect.objectContaining({ kind: 'exited', exit: { kind: 'signaled', signal: 'SIGKILL' } }),
    );
    expect((await rejectionOf(rig.connect().request({}))).code).toBe('ERR_XPC_INVALID');
  });

  it('launchd case 45: kickstart with kill gives a new process under the same name', async () => {
    await using rig = await new Rig().supervise();
    const target = await rig.load();
    const connection = rig.connect();
    const first = (await connection.request({})).pid;
    const pid = await rig.supervisor.kickstart(target, { kill: true });
    const second = (await rig.connect().request({})).pid;
    expect(second).toBe(BigInt(pid));
    expect(second).not.toBe(first);
  });

  it('leaves nothing behind after stop', async () => {
    await using rig = await new Rig().supervise();
    await rig.load();
    await rig.load({ Label: 'other', MachServices: { 'com.example.other': true }, RunAtLoad: true });
    await rig.connect().request({});
    await eventually('both jobs', () => rig.started.length === 2);
    await rig.supervisor.stop();
    expect(rig.started.map(isRunning)).toEqual([false, false]);
    expect(rig.sockets).toEqual([]);
    expect(existsSync(rig.supervisor.directory)).toBe(true);
  });
});
