/** A job that goes on where another supervisor left it. */
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/base/index.js';
import type { JobDefinition } from '../../src/launchd/index.js';
import { createMockWorld } from '../../src/native/mock/index.js';
import { Job } from '../../src/supervisor/job.js';
import type { JobRecord } from '../../src/supervisor/job-history.js';
import type { JobHost } from '../../src/supervisor/job-host.js';
import { jobSettings } from '../../src/supervisor/job-settings.js';
import { ServiceRegistry } from '../../src/supervisor/service-registry.js';
import { spawnJob } from '../../src/supervisor/spawn.js';
import type { JobTransition } from '../../src/supervisor/transition.js';
import { FakeClock } from './fake-clock.js';

const TARGET = 'user/1/com.example.job';

/** One job and all it needs, with no supervisor around it. */
function stand(changes: Partial<JobDefinition> = {}) {
  const world = createMockWorld();
  world.program('/p', () => {});
  const clock = new FakeClock();
  const transitions: JobTransition[] = [];
  let job: Job | undefined;
  const port = world.binding().openSupervisor({
    demand: () => job?.demand(),
    exit: (_process, exitCode, signal) => job?.exited(exitCode, signal),
  });
  const services = new ServiceRegistry(port, '/bootstrap');
  const host: JobHost = {
    ...{ port, clock, services, logger: silentLogger },
    environment: () => [],
    adopt: () => {},
    release: () => {},
    emit: (transition) => transitions.push(transition),
    isLoaded: () => false,
    isActive: () => false,
  };
  const { settings } = jobSettings({ Label: 'com.example.job', Program: '/p', ...changes }, 'user/1');
  const endpoints = services.register([{ name: 'com.example.service' }], TARGET);
  const inputs = { target: TARGET, path: '/job.plist', settings, endpoints } as const;
  job = new Job(inputs, host);
  const process = () => spawnJob(host, inputs, () => job.record());
  const kinds = () => transitions.map(({ kind }) => kind);
  return { world, clock, job, process, kinds };
}

const record = (clock: FakeClock, changes: Partial<JobRecord> = {}): JobRecord => ({
  runs: 7,
  lastExit: { kind: 'exited', code: 0 },
  reason: 'ipc (mach)',
  lastStart: clock.wallTime() - 4_000,
  ...changes,
});

describe('restore', () => {
  it('takes a process over, and knows of its end', async () => {
    const { world, clock, job, process, kinds } = stand({ RunAtLoad: true });
    const running = process();
    job.restore(record(clock), running);
    expect(job.status()).toMatchObject({ state: 'running', pid: running.pid, runs: 7, reason: 'ipc (mach)' });
    expect(job.isActive).toBe(true);
    world.kill(running.pid);
    await world.settled();
    expect(job.status()).toMatchObject({ state: 'not running', lastExit: { signal: 'SIGKILL' } });
    expect(kinds()).toEqual(['loaded', 'exited']);
    world.close();
  });

  it('does not count RunAtLoad again', () => {
    const { world, clock, job } = stand({ RunAtLoad: true });
    job.restore(record(clock));
    expect(job.status()).toMatchObject({ state: 'not running', runs: 7 });
    world.close();
  });

  it('keeps alive what KeepAlive is for, and ThrottleInterval from the start before', async () => {
    const { world, clock, job } = stand({ KeepAlive: true });
    job.restore(record(clock));
    expect(job.status().state).toBe('spawn scheduled');
    clock.advance(5_999);
    expect(job.status().runs).toBe(7);
    clock.advance(1);
    expect(job.status()).toMatchObject({ state: 'running', runs: 8 });
    world.close();
  });

  it('gives back what it was given', () => {
    const { world, clock, job } = stand();
    const given = record(clock);
    job.restore(given);
    clock.advance(1_234);
    expect(job.record()).toEqual(given);
    expect(JSON.parse(JSON.stringify(job.record()))).toEqual(given);
    world.close();
  });

  it('lets a wall clock that was set back hold a start back no longer than the interval', () => {
    const { world, clock, job } = stand({ KeepAlive: true });
    job.restore(record(clock, { lastStart: clock.wallTime() + 86_400_000 }));
    clock.advance(10_000);
    expect(job.status().runs).toBe(8);
    world.close();
  });
});
