/** What 100,000 requests leave behind in two processes: nothing. */
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bench } from '../conformance/bench.js';
import { jsonOf, patternBody } from '../conformance/body.js';
import type { JobReport } from '../conformance/job.js';
import { letGo } from '../conformance/rights.js';
import { command, descriptor, memory } from '../conformance/rights-body.js';
import type { TestPort } from '../conformance/test-port.js';
import { collectGarbage } from '../helpers/garbage.js';
import { addonPath, nativeEnvironment } from './native-environment.js';
import { isSanitized } from './processes.js';

const MIB = 1024 * 1024;
const REQUESTS = isSanitized() ? 5000 : 100_000;
const WARM_UP = REQUESTS / 10;
/** Requests under way at any time. */
const WINDOW = 64;
/** Growth of a process that is no leak: what garbage collection, and the allocator of the C library, leave standing. */
const MAX_GROWTH_BYTES = 32 * MIB;
const MEMORY_BYTES = 8192;

describe.runIf(process.platform === 'linux')('accounting', { timeout: 300_000 }, () => {
  let bench: Bench;

  beforeEach(() => {
    bench = new Bench(nativeEnvironment(addonPath(existsSync)));
  });

  afterEach(() => bench.close());

  it(`${REQUESTS} requests with and without rights leave nothing open in either process`, async () => {
    const { client, supervisor, environment } = bench;
    const service = bench.service();
    const { name, descriptor: socket } = service;
    const job = environment.job?.('serve', 'default', name);
    if (job === undefined) throw new Error('the environment has no jobs');
    const { process: child } = supervisor.spawn({ ...job, listeners: [{ name, descriptor: socket }] });
    const connection = client.dial(service.target);
    const bytes = client.port.createMemory(MEMORY_BYTES);
    const file = environment.files.open();
    const traffic = new Traffic(client, connection, file, bytes);

    await traffic.run(WARM_UP);
    const before = await snapshot();
    await traffic.run(REQUESTS);
    const after = await snapshot();

    expect(traffic.answered).toBe(WARM_UP + REQUESTS);
    expect(traffic.withRights).toBeGreaterThan((WARM_UP + REQUESTS) / 5);
    expect({ ...after.mine, rss: 0 }).toEqual({ ...before.mine, rss: 0 });
    expect({ ...after.jobs, rss: 0 }).toEqual({ ...before.jobs, rss: 0 });
    expect(after.mine).toMatchObject({ openTokens: 0, rights: 1 });
    // The request for the report is one.
    expect(after.jobs).toMatchObject({ openTokens: 1, rights: 0 });
    const growth = [after.mine.rss - before.mine.rss, after.jobs.rss - before.jobs.rss];
    if (process.env.LAUNCHPORT_MEASURE) console.log({ growth: growth.map((bytes) => bytes / MIB) });
    if (!isSanitized()) for (const bytes of growth) expect(bytes).toBeLessThan(MAX_GROWTH_BYTES);

    supervisor.signal(child, constants.signals.SIGKILL, false);
    await bench.until('the end of the job', () => bench.exits.length === 1);

    /** What both processes hold while nothing is under way. */
    async function snapshot(): Promise<{ mine: Holdings; jobs: Holdings }> {
      const outcome = await client.outcome(client.request(connection));
      if (outcome.type !== 'reply') throw new Error(`the job did not answer: ${outcome.failure}`);
      client.received.length = 0;
      await collectGarbage();
      const { descriptors, openTokens, rights, rss = 0 } = jsonOf(outcome.body) as JobReport;
      const statistics = client.port.statistics();
      const mine = {
        descriptors: environment.files.count(),
        openTokens: statistics.openTokens,
        rights: statistics.rights,
        rss: process.memoryUsage.rss(),
      };
      return { mine, jobs: { descriptors, openTokens, rights, rss } };
    }
  });
});

interface Holdings {
  readonly descriptors: number;
  readonly openTokens: number;
  readonly rights: number;
  readonly rss: number;
}

/** A mix of requests, so many under way at once, each answered with what it brought. */
class Traffic {
  answered = 0;
  withRights = 0;
  readonly #client: TestPort;
  readonly #send: readonly (() => void)[];
  #sent = 0;

  constructor(client: TestPort, connection: number, file: number, bytes: number) {
    this.#client = client;
    const bodies = [64, 256, 4096].map((size) => patternBody(size, size));
    const withFile = command('bounce', descriptor(file));
    const withMemory = command('bounce', memory(bytes, MEMORY_BYTES));
    const withBoth = command('bounce', descriptor(file), memory(bytes, MEMORY_BYTES), descriptor(file));
    this.#send = [
      ...[0, 1, 0, 2, 0, 1, 0].map((index) => () => client.request(connection, bodies[index])),
      () => client.request(connection, ...withFile),
      () => client.request(connection, ...withMemory),
      () => client.request(connection, ...withBoth),
    ];
  }

  async run(count: number): Promise<void> {
    const end = this.#sent + count;
    this.#client.onRecord = (record) => {
      // The port keeps what it receives for tests that look at it.
      this.#client.received.length = 0;
      if (record.type !== 'reply') throw new Error(`received ${record.type}`);
      this.answered += 1;
      if (record.rights !== undefined) {
        this.withRights += 1;
        letGo(this.#client, record.rights);
      }
      this.#sendOne(end);
    };
    for (let index = 0; index < WINDOW; index += 1) this.#sendOne(end);
    await this.#client.until(`${end} replies`, () => this.answered === end, 60_000);
    this.#client.onRecord = undefined;
  }

  #sendOne(end: number): void {
    if (this.#sent === end) return;
    this.#send[this.#sent % this.#send.length]?.();
    this.#sent += 1;
  }
}
