/** `launchport events`. */
import { expect, it } from 'vitest';
import type { CliControl } from '../../src/cli/context.js';
import { run } from '../../src/cli/run.js';
import type { EventOptions, JobEvent } from '../../src/supervisor/index.js';
import { captureContext } from '../helpers/cli-context.js';
import { FakeControl } from '../helpers/fake-control.js';

const job = { target: 'user/501/a', label: 'a', time: 1_700_000_000_000 } as const;
const EVENTS: readonly JobEvent[] = [
  { ...job, kind: 'loaded', services: ['a', 'b'] },
  { ...job, kind: 'spawned', pid: 7, run: 1, reason: 'ipc (mach)' },
  { ...job, kind: 'checked in', pid: 7, service: 'a' },
  { kind: 'dropped', count: 3, time: 1_700_000_000_000 },
  { ...job, kind: 'exited', pid: 7, run: 1, exit: { kind: 'signaled', signal: 'SIGKILL' }, checkedIn: [] },
  { ...job, kind: 'throttled', milliseconds: 9000, reason: 'semaphore' },
  { ...job, kind: 'spawn failed', run: 2, reason: 'ENOENT' },
  { kind: 'dropped', count: 2, time: 1_700_000_000_000 },
  { ...job, kind: 'removed' },
];

function controlWith(events: NonNullable<CliControl['events']>): CliControl {
  return Object.assign(new FakeControl(), { events });
}

const all = controlWith(async function* () {
  yield* EVENTS;
});

it('writes a line for each event, and at the end how many were missed', async () => {
  const context = captureContext({}, '/', { control: all });
  expect(await run(['events'], context)).toBe(0);
  const time = '2023-11-14T22:13:20.000Z';
  expect(context.output().split('\n')).toEqual([
    `${time} user/501/a loaded: a, b`,
    `${time} user/501/a spawned: pid 7, run 1, ipc (mach)`,
    `${time} user/501/a checked in: pid 7, a`,
    `${time} 3 events missed here`,
    `${time} user/501/a exited: pid 7, run 1, SIGKILL`,
    `${time} user/501/a throttled: for 9000 ms, semaphore`,
    `${time} user/501/a spawn failed: run 2, ENOENT`,
    `${time} 2 events missed here`,
    `${time} user/501/a removed`,
    '',
  ]);
  expect(context.errors()).toBe('launchport: 5 events were missed\n');
});

it('writes one JSON value a line', async () => {
  const context = captureContext({}, '/', { control: all });
  expect(await run(['events', '--json'], context)).toBe(0);
  const lines = context.output().trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual(EVENTS);
});

it('ends with 0 when the user interrupts it', async () => {
  const endless = async function* ({ signal }: EventOptions): AsyncGenerator<JobEvent> {
    yield EVENTS[0] as JobEvent;
    context.abort();
    if (signal?.aborted === false) await new Promise(() => {});
  };
  const context = captureContext({}, '/', { control: controlWith(endless) });
  expect(await run(['events', '--json'], context)).toBe(0);
  expect(context.output()).toContain('"loaded"');
});

it('takes no further event while its reader is behind', async () => {
  let asked = 0;
  const counting = async function* (): AsyncGenerator<JobEvent> {
    for (const event of EVENTS) {
      asked += 1;
      yield event;
    }
  };
  const context = captureContext({}, '/', { control: controlWith(counting) });
  const taken: (() => void)[] = [];
  let wrote: () => void = () => {};
  const stdout = {
    write: (_text: unknown, done: () => void) => {
      taken.push(done);
      wrote();
      return false;
    },
  } as unknown as typeof context.stdout;
  const nextWrite = () =>
    new Promise<void>((resolve) => {
      wrote = resolve;
    });
  let written = nextWrite();
  const result = run(['events', '--json'], { ...context, stdout });
  for (let count = 1; count <= EVENTS.length; count += 1) {
    await written;
    expect(asked).toBe(count);
    written = nextWrite();
    taken.at(-1)?.();
  }
  expect(await result).toBe(0);
});

it('says where there are no events, with exit status 8', async () => {
  const context = captureContext({}, '/', { control: new FakeControl({ kind: 'launchctl' }) });
  expect(await run(['events'], context)).toBe(8);
  expect(context.errors()).toContain('launchctl tells of no events');
});
