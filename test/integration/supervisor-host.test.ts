/** What becomes of jobs and sockets when the host of a supervisor ends, one way or another. */
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { rejectionOf } from '../helpers/thrown.js';
import { eventually } from '../native/eventually.js';
import { isRunning, Rig, SERVICE } from './supervisor/rig.js';

describe.runIf(process.platform === 'linux')('the end of a host', () => {
  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'launchd case 58: %s takes the jobs along, and the next supervisor takes over',
    async (signal) => {
      await using rig = new Rig();
      const { child, line } = await rig.host();
      expect(line).toBe('ready');
      const reply = await rig.connect().request({ n: 1n });
      const [pid] = rig.started;
      expect(reply.pid).toBe(BigInt(pid ?? 0));
      child.kill(signal);
      expect(await once(child, 'exit')).toEqual([null, signal]);
      await eventually('the end of the job', () => !isRunning(pid ?? 0));
      // Nothing can be done about SIGKILL: the socket stays behind, but nobody answers. A last thread of the job may
      // still hold it for a moment.
      expect(rig.sockets).toEqual(signal === 'SIGKILL' ? [SERVICE] : []);
      const { code } = await rejectionOf(rig.connect().request({}));
      expect(code).toMatch(/^ERR_XPC_(INVALID|INTERRUPTED)$/);
      await rig.supervise();
      expect(rig.sockets).toEqual([]);
      await rig.load();
      expect((await rig.connect().request({ n: 2n })).n).toBe(2n);
    },
  );

  it('launchd case 58: takes over at once, while the old jobs are still dying', async () => {
    await using rig = new Rig();
    const { child } = await rig.host();
    await rig.connect().request({});
    child.kill('SIGKILL');
    await once(child, 'exit');
    await rig.supervise();
    await rig.load();
    const reply = await rig.connect().request({});
    expect(reply.pid).toBe(BigInt(rig.started[1] ?? 0));
  });

  it('exit kills the jobs and removes the sockets', async () => {
    await using rig = new Rig();
    const { child } = await rig.host();
    await rig.connect().request({});
    child.stdin?.write('\n');
    await once(child, 'exit');
    expect(rig.sockets).toEqual([]);
    await eventually('the end of the job', () => !rig.started.some(isRunning));
  });

  it('a host that stops on SIGTERM ends its jobs in good order and then itself', async () => {
    await using rig = new Rig();
    const { child } = await rig.host('--stop-on-sigterm');
    await rig.connect().request({});
    child.kill('SIGTERM');
    const [code, signal] = await once(child, 'exit');
    expect([code, signal]).toEqual([0, null]);
    expect(rig.started.map(isRunning)).toEqual([false]);
    expect(rig.sockets).toEqual([]);
  });

  it('launchd case 59: a second supervisor is refused, names the first, and harms nothing', async () => {
    await using rig = new Rig();
    const { child } = await rig.host();
    const second = await rig.host();
    expect(second.line).toContain('ERR_SUPERVISOR_RUNNING');
    expect(second.line).toContain(JSON.stringify({ directory: rig.directory, pid: child.pid }));
    expect((await rig.connect().request({ n: 1n })).n).toBe(1n);
    expect(rig.started).toHaveLength(1);
  });
});
