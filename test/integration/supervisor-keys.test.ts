/** Keys of a plist that the kernel has a part in. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rejectionOf } from '../helpers/thrown.js';
import { eventually } from '../native/eventually.js';
import { isRunning, LABEL, Rig, SERVICE } from './supervisor/rig.js';

const JOB = join(import.meta.dirname, 'supervisor', 'job.mjs');
const XPC = new URL('../../dist/xpc/index.js', import.meta.url).href;
const isRoot = process.getuid?.() === 0;

describe.runIf(process.platform === 'linux')('plist keys with real processes', () => {
  it('resource limits: soft, hard, both, none, and more than is allowed', async () => {
    await using rig = await new Rig().supervise();
    const output = await rig.run('ulimit -Sn; ulimit -Hn; ulimit -Sc; ulimit -Hs; ulimit -Ss', {
      SoftResourceLimits: { NumberOfFiles: 64, Core: 0 },
      HardResourceLimits: { NumberOfFiles: 128, Stack: 9_223_372_036_854_775_807n },
    });
    const [softFiles, hardFiles, core] = output.trim().split('\n');
    expect([softFiles, hardFiles, core]).toEqual(['64', '128', '0']);
  });

  it('a soft limit above the hard one is lowered to it', async () => {
    await using rig = await new Rig().supervise();
    const output = await rig.run('ulimit -Sn; ulimit -Hn', {
      SoftResourceLimits: { NumberOfFiles: 256 },
      HardResourceLimits: { NumberOfFiles: 128 },
    });
    expect(output).toBe('128\n128\n');
  });

  it('ProcessType Background is nice', async () => {
    await using rig = await new Rig().supervise();
    expect(await rig.run('nice', { ProcessType: 'Background' })).toBe('10\n');
  });

  it.runIf(isRoot)('UserName, in the system domain, is who the job runs as', async () => {
    await using rig = await new Rig().supervise();
    const output = join(rig.root, 'out');
    const plist = await rig.plist({
      ProgramArguments: ['/bin/sh', '-c', 'id -un; id -Gn; echo $USER $HOME'],
      UserName: 'nobody',
      RunAtLoad: true,
      StandardOutPath: output,
    });
    await rig.supervisor.bootstrap('system', plist);
    await eventually('the end', () => rig.transitions.some(({ kind }) => kind === 'exited'));
    const groups = execFileSync('id', ['-Gn', 'nobody'], { encoding: 'utf8' });
    expect(readFileSync(output, 'utf8')).toMatch(new RegExp(`^nobody\n${groups}nobody /`));
  });

  it.runIf(isRoot)('a user that nobody is cannot be run as', async () => {
    await using rig = await new Rig().supervise();
    const plist = await rig.plist({ UserName: 'no-such-user', RunAtLoad: true });
    const target = await rig.supervisor.bootstrap('system', plist);
    expect((await rig.supervisor.print(target))?.lastExit).toEqual({
      kind: 'spawn failed',
      reason: 'ENOENT: no-such-user (getpwnam)',
    });
  });

  it('launchd case 21: a hidden name is found while a process has it, and only then', async () => {
    await using rig = await new Rig().supervise();
    const target = await rig.load({ MachServices: { [SERVICE]: { HideUntilCheckIn: true } } });
    expect((await rejectionOf(rig.connect().request({}))).code).toBe('ERR_XPC_INVALID');
    await rig.supervisor.kickstart(target);
    await eventually('the check-in', () => rig.transitions.some(({ kind }) => kind === 'checked in'));
    expect((await rig.connect().request({ exit: 0n })).pid).toBe(BigInt(rig.started[0] ?? 0));
    await eventually('the exit', () => rig.transitions.some(({ kind }) => kind === 'exited'));
    expect((await rejectionOf(rig.connect().request({}))).code).toBe('ERR_XPC_INVALID');
    await rig.supervisor.bootout(target);
    expect(rig.sockets).toEqual([]);
  });

  it('ResetAtClose resets those who wait when the process ends, and serves who comes next', async () => {
    await using rig = await new Rig().supervise();
    const flag = join(rig.root, 'flag');
    const script = `[ -e ${flag} ] && exec "$@"; touch ${flag}; exec sleep 600`;
    const target = await rig.load({
      ProgramArguments: ['/bin/sh', '-c', script, 'sh', process.execPath, JOB],
      MachServices: { [SERVICE]: { ResetAtClose: true } },
    });
    const waiting = rejectionOf(rig.connect().request({ n: 1n }));
    await eventually('the first run', () => existsSync(flag));
    await rig.supervisor.kill(target, 'SIGKILL');
    expect((await waiting).code).toBe('ERR_XPC_INTERRUPTED');
    expect((await rig.connect().request({ n: 2n })).n).toBe(2n);
    expect(rig.sockets).toEqual([SERVICE]);
  });

  it('WatchPaths and QueueDirectories follow the file system', async () => {
    await using rig = await new Rig().supervise();
    const [path, queue] = [join(rig.root, 'deep', 'watched'), join(rig.root, 'queue')];
    mkdirSync(queue);
    const starts = (label: string) =>
      rig.transitions.filter((each) => each.kind === 'spawned' && each.label === label).length;
    await rig.load({ ProgramArguments: ['/bin/true'], MachServices: {}, WatchPaths: [path] });
    await rig.load({
      Label: 'queue',
      ProgramArguments: ['/bin/sh', '-c', `sleep 0.05; rm -f ${queue}/*`],
      MachServices: {},
      QueueDirectories: [queue],
    });
    mkdirSync(join(rig.root, 'deep'));
    writeFileSync(path, '1');
    writeFileSync(join(queue, 'item'), '');
    await eventually('both', () => starts(LABEL) > 0 && starts('queue') > 0);
    await eventually('an empty queue', () => !existsSync(join(queue, 'item')));
    const before = starts(LABEL);
    rmSync(path);
    await eventually('the next', () => starts(LABEL) > before);
  });

  it('launchd case 63: a request of 250 kB reaches an idle job, and its reply comes back', async () => {
    await using rig = await new Rig().supervise();
    await rig.load();
    const data = new Uint8Array(250_000).fill(7);
    expect((await rig.connect().request({ data })).data).toEqual(data);
  });

  it('launchd case 26: KeepAlive starts a real job again and again, for ever', async () => {
    await using rig = await new Rig().supervise();
    await rig.load({ ProgramArguments: ['/bin/true'], KeepAlive: true, MachServices: {} });
    const starts = () => rig.transitions.filter(({ kind }) => kind === 'spawned').length;
    await eventually('25 starts', () => starts() >= 25);
  });

  it('launchd case 39: ExitTimeOut 0 waits for a job that ignores SIGTERM', async () => {
    await using rig = await new Rig().supervise();
    const target = await rig.load({
      ProgramArguments: [process.execPath, JOB, '--stubborn'],
      ExitTimeOut: 0,
    });
    await rig.connect().request({});
    const error = await rejectionOf(rig.supervisor.bootout(target, { timeout: 100 }));
    expect(error.code).toBe('ERR_LAUNCHD_UNKNOWN_OUTCOME');
    expect(isRunning(rig.started[0] ?? 0)).toBe(true);
    expect((await rig.supervisor.print(target))?.state).toBe('exiting');
    await rig.supervisor.kill(target, 'SIGKILL');
    await rig.supervisor.bootout(target).catch(() => {});
    expect(isRunning(rig.started[0] ?? 0)).toBe(false);
  });

  it('launchd case 57: descriptors that were meant for another process are not taken, and the error says so', async () => {
    await using rig = await new Rig().supervise();
    const script = `import { XpcTransport } from ${JSON.stringify(XPC)};
      const listener = XpcTransport.default().listen('${SERVICE}', () => ({}));
      const error = await listener.closed;
      process.stdout.write(error.code + ': ' + error.message);`;
    const node = [process.execPath, '--input-type=module', '-e', script];
    const output = await rig.run('', {
      ProgramArguments: ['/bin/sh', '-c', 'LISTEN_PID=1 exec "$@"', 'sh', ...node],
    });
    expect(output).toMatch(/^ERR_XPC_\w+: .*com\.example\.job\.service/);
    expect(rig.transitions).toContainEqual(expect.objectContaining({ kind: 'exited', checkedIn: [] }));
  });
});
