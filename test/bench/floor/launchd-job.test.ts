import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFloor } from '../../../src/bench/floor/floor.js';
import type { CommandRunner } from '../../../src/launchd/index.js';
import { FakeControl, type FakeJob } from '../../helpers/fake-control.js';
import { rejectionOf } from '../../helpers/thrown.js';

const RATE = '{"messagesPerSecond":10,"megabytesPerSecond":0.5}';

describe('the floor on macOS', () => {
  let cache: string;
  let control: FakeControl;
  /** The jobs that were loaded when the program ran, and its command lines. */
  let seen: { readonly job: FakeJob; readonly args: readonly string[] }[];
  let isBroken: boolean;
  const runner: CommandRunner = async (file, args) => {
    const result = { exitStatus: 0, signal: undefined, isTimedOut: false, stdout: 'cc 1\n', stderr: '' };
    if (args[0] === '--version') return result;
    if (file === 'cc') await writeFile(args[args.indexOf('-o') + 1] as string, 'program');
    else {
      const [job] = control.jobs.values();
      if (job !== undefined) seen.push({ job, args });
      if (isBroken) return { ...result, exitStatus: 1, stderr: 'no reply: Connection invalid\n' };
    }
    return { ...result, stdout: RATE };
  };
  const open = () =>
    openFloor(undefined, { runner, control, platform: 'darwin', environment: { XDG_CACHE_HOME: cache } });
  const work = { workload: 'in flight', payload: 64, count: 10, inFlight: 8 } as const;

  beforeEach(async () => {
    cache = await mkdtemp(join(tmpdir(), 'launchport-darwin-floor-'));
    control = new FakeControl();
    seen = [];
    isBroken = false;
  });
  afterEach(() => rm(cache, { recursive: true, force: true }));

  it('serves each measurement from a job of its own, which is gone afterwards', async () => {
    const floor = await open();
    expect(floor.name).toBe('C, libxpc');
    for (let i = 0; i < 2; i++) expect(await floor.measure(work)).toEqual({ value: 10, unit: 'messages/s' });
    expect(seen).toHaveLength(2);
    for (const { job, args } of seen) {
      const { Label: label, MachServices, ProgramArguments, LimitLoadToSessionType } = job.definition;
      expect(MachServices).toEqual({ [label]: true });
      expect(ProgramArguments?.slice(1)).toEqual(['serve', '--service', label]);
      expect(LimitLoadToSessionType).toBe('Background');
      expect(args).toEqual([
        'flight',
        '--payload',
        '64',
        '--count',
        '10',
        '--in-flight',
        '8',
        '--service',
        label,
      ]);
      expect(existsSync(job.path)).toBe(false);
    }
    expect(seen[0]?.job.target).not.toBe(seen[1]?.job.target);
    expect(control.jobs.size).toBe(0);
  });

  it('leaves no job behind when the measurement fails', async () => {
    const floor = await open();
    isBroken = true;
    expect((await rejectionOf(floor.measure(work))).message).toContain('Connection invalid');
    expect(seen).toHaveLength(1);
    expect(control.jobs.size).toBe(0);
  });

  it('has no activator beside launchd', async () => {
    const floor = await open();
    expect((await rejectionOf(floor.measureActivation({ count: 1 }))).code).toBe('ERR_UNSUPPORTED');
  });
});
