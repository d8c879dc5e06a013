/** Services that are hidden, reset, or taken. */
import { describe, expect, it } from 'vitest';
import type { LaunchportError } from '../../src/base/index.js';
import { parsePrint, renderPrint } from '../../src/launchd/index.js';
import { XpcTransport } from '../../src/xpc/index.js';
import { rejectionOf } from '../helpers/thrown.js';
import { Bench, DOMAIN, echo, LABEL, SERVICE } from './bench.js';

/** Long enough for the supervisor to see a check-in. */
const CHECK_IN_MS = 60;

describe('HideUntilCheckIn', () => {
  const hidden = { MachServices: { [SERVICE]: { HideUntilCheckIn: true } }, ThrottleInterval: 0 } as const;

  it('launchd case 21: the name is not found while idle, is after check-in, and is not after the exit', async () => {
    await using bench = await Bench.start();
    const target = await bench.load(hidden);
    expect((await rejectionOf(bench.connect().request({ n: 1 }))).code).toBe('ERR_XPC_INVALID');
    expect((await bench.print()).runs).toBe(0);
    await bench.supervisor.kickstart(target);
    await bench.settled();
    await bench.advance(CHECK_IN_MS);
    expect(bench.kinds).toContain('checked in');
    expect((await bench.connect().request({ n: 2 })).n).toBe(2);
    await bench.end(0);
    expect((await rejectionOf(bench.connect().request({ n: 3 }))).code).toBe('ERR_XPC_INVALID');
    await bench.supervisor.kickstart(target);
    await bench.settled();
    await bench.advance(CHECK_IN_MS);
    expect((await bench.connect().request({ n: 4 })).n).toBe(4);
  });

  it('the name is reserved while it is hidden', async () => {
    await using bench = await Bench.start();
    await bench.load(hidden);
    const error = await rejectionOf(bench.load({ Label: 'com.example.other' }));
    expect(error.code).toBe('ERR_LAUNCHD_SERVICE_TAKEN');
    expect(error.details).toMatchObject({ owner: `${DOMAIN}/${LABEL}` });
  });
});

describe('ResetAtClose', () => {
  const resetting = { MachServices: { [SERVICE]: { ResetAtClose: true } }, ThrottleInterval: 0 } as const;
  const keeping = { ThrottleInterval: 0 } as const;

  it.each([
    ['resets clients that wait when the job ends', resetting, 1],
    ['is what keeps them waiting when absent', keeping, 2],
  ] as const)('%s', async (_case, changes, runs) => {
    await using bench = await Bench.start();
    bench.runs(() => {});
    await bench.load(changes);
    const waiting = bench.connect().request({ n: 1 });
    const outcome = waiting.then(
      () => 'served',
      (error: { code: string }) => error.code,
    );
    await bench.settled();
    expect((await bench.print()).runs).toBe(1);
    bench.runs(echo);
    await bench.end(0);
    expect((await bench.print()).runs).toBe(runs);
    expect(await outcome).toBe(runs === 1 ? 'ERR_XPC_INTERRUPTED' : 'served');
    // Either way the name works again at once.
    expect((await bench.connect().request({ n: 2 })).n).toBe(2);
  });

  it('resets clients of a job that cannot be started', async () => {
    await using bench = await Bench.start();
    bench.world.failSpawn('/mock/missing', 'ENOENT');
    await bench.load({ ...resetting, ProgramArguments: ['/mock/missing'] });
    const error = await rejectionOf(bench.connect().request({ n: 1 }));
    expect(error.code).toBe('ERR_XPC_INTERRUPTED');
  });

  it('leaves no descriptor behind, however often', async () => {
    await using bench = await Bench.start();
    const target = await bench.load(resetting);
    await bench.supervisor.kickstart(target);
    await bench.settled();
    await bench.end(0);
    const before = bench.world.openDescriptors();
    for (let run = 0; run < 20; run += 1) {
      await bench.supervisor.kickstart(target);
      await bench.settled();
      await bench.end(0);
    }
    expect(bench.world.openDescriptors()).toBe(before);
  });
});

describe('who may have a name', () => {
  it('launchd case 13: a name that nobody has is not found', async () => {
    await using bench = await Bench.start();
    expect((await rejectionOf(bench.connect('com.example.unknown').request({}))).code).toBe(
      'ERR_XPC_INVALID',
    );
  });

  it('launchd case 22: nobody else takes the service of a job', async () => {
    await using bench = await Bench.start();
    await bench.load();
    let code: unknown;
    try {
      bench.supervisor.checkIn(SERVICE);
    } catch (error) {
      code = (error as { code: unknown }).code;
    }
    expect(code).toBe('ERR_LAUNCHD_SERVICE_TAKEN');
  });
});

describe('a job that checks in', () => {
  it('launchd case 23: twice has its name once: the second listener ends, the first serves on', async () => {
    await using bench = await Bench.start();
    const second: Promise<LaunchportError | undefined>[] = [];
    bench.runs((job) => {
      echo(job);
      second.push(new XpcTransport(job.binding).listen(SERVICE, () => ({ request: () => ({}) })).closed);
    });
    await bench.load();
    expect((await bench.connect().request({ n: 1 })).n).toBe(1);
    expect(await second[0]).toMatchObject({ code: 'ERR_XPC_INVALID' });
    expect((await bench.connect().request({ n: 2 })).n).toBe(2);
  });
});

describe('print', () => {
  it('says in the layout of launchctl all that it says', async () => {
    await using bench = await Bench.start();
    const target = await bench.load({
      MachServices: { [SERVICE]: { HideUntilCheckIn: true, ResetAtClose: true }, 'com.example.more': true },
      KeepAlive: {
        SuccessfulExit: false,
        PathState: { '/nowhere': true },
        OtherJobEnabled: { other: false },
      },
      EnvironmentVariables: { ONE: '1' },
      StandardOutPath: '/dev/null',
      Umask: '022',
      Nice: 3,
      StartInterval: 600,
      LaunchOnlyOnce: false,
    });
    const check = async () => {
      const status = await bench.print();
      expect(parsePrint(renderPrint(status), target)).toEqual(status);
      return status.state;
    };
    expect(await check()).toBe('running');
    await bench.settled();
    await bench.end(1);
    expect(await check()).toBe('spawn scheduled');
    await bench.advance(10_000);
    const gone = bench.supervisor.bootout(target);
    await bench.settled();
    await gone;
  });

  it('so too for a job that cannot be started', async () => {
    await using bench = await Bench.start();
    bench.world.failSpawn('/mock/missing', 'ENOENT');
    const target = await bench.load({ ProgramArguments: ['/mock/missing'], RunAtLoad: true });
    const status = await bench.print();
    expect(status).toMatchObject({ jobState: 'spawn failed', lastExit: { kind: 'spawn failed' } });
    expect(parsePrint(renderPrint(status), target)).toEqual(status);
  });
});
