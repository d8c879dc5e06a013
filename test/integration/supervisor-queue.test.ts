/** What becomes of clients that wait in the socket when the job in front of them dies. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rejectionOf } from '../helpers/thrown.js';
import { eventually } from '../native/eventually.js';
import { isRunning, Rig } from './supervisor/rig.js';

const JOB = join(import.meta.dirname, 'supervisor', 'stalling-job.mjs');

describe.runIf(process.platform === 'linux')('clients that wait', () => {
  it('launchd case 19: those behind a request that crashes the job are served by the next run', async () => {
    await using rig = await new Rig().supervise();
    const file = join(rig.root, 'go');
    await rig.load({ ProgramArguments: [process.execPath, JOB, file] });
    const crashing = rejectionOf(rig.connect().request({ n: 0n }));
    await eventually('the stall', () => existsSync(`${file}.stalled`));
    const waiting = [1n, 2n, 3n].map((n) => rig.connect().request({ n }));
    // Connecting and sending need the loop of this process only; the job's is blocked.
    await new Promise((next) => setImmediate(next));
    writeFileSync(file, '');
    expect((await crashing).code).toBe('ERR_XPC_INTERRUPTED');
    const replies = await Promise.all(waiting);
    expect(replies.map(({ n }) => n)).toEqual([1n, 2n, 3n]);
    expect(rig.started).toHaveLength(2);
    expect(new Set(replies.map(({ pid }) => pid))).toEqual(new Set([BigInt(rig.started[1] ?? 0)]));
  });

  it('launchd case 42: are reset by a bootout, also while the job takes none of them', async () => {
    await using rig = await new Rig().supervise();
    const target = await rig.load({ ProgramArguments: [process.execPath, JOB, join(rig.root, 'never')] });
    const inside = rejectionOf(rig.connect().request({ n: 0n }));
    await eventually('the stall', () => existsSync(join(rig.root, 'never.stalled')));
    const outside = rejectionOf(rig.connect().request({ n: 1n }));
    // The SIGTERM ends it, for its handler is the default one.
    await rig.supervisor.bootout(target);
    expect((await inside).code).toBe('ERR_XPC_INTERRUPTED');
    expect((await outside).code).toMatch(/^ERR_XPC_IN(TERRUPTED|VALID)$/);
    expect(rig.started.map(isRunning)).toEqual([false]);
    expect(rig.sockets).toEqual([]);
  });

  it('launchd case 62: a client that comes and goes starts the job once, and leaves it well', async () => {
    await using rig = await new Rig().supervise();
    await rig.load();
    const connection = rig.connect();
    connection.send({ n: 1n });
    await new Promise((next) => setImmediate(next));
    connection.cancel();
    await eventually('the start', () => rig.started.length > 0);
    expect((await rig.connect().request({ n: 2n })).n).toBe(2n);
    expect(rig.started).toHaveLength(1);
  });
});
