/** The addon in worker threads: one environment each, which may end at any moment. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addonPaths } from '../../src/native/index.js';
import { Bench } from '../conformance/bench.js';
import { letGo } from '../conformance/rights.js';
import { memory, rightsBody } from '../conformance/rights-body.js';
import type { TestPort } from '../conformance/test-port.js';
import { addonPath, nativeEnvironment } from './native-environment.js';

const SCRIPT = new URL('./fixtures/worker.mjs', import.meta.url);
const TRAFFIC = new URL('./fixtures/traffic-worker.mjs', import.meta.url);

describe.runIf(process.platform === 'linux')('workers', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'lp-'));
  });

  afterEach(() => rmSync(directory, { recursive: true }));

  function start(index: number, end: string): Worker {
    const addon = addonPaths().find((path) => existsSync(path));
    return new Worker(SCRIPT, { workerData: { addon, directory, name: `com.example.worker${index}`, end } });
  }

  function ready(worker: Worker): Promise<void> {
    return new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
  }

  function ended(worker: Worker): Promise<number> {
    return new Promise((resolve) => {
      worker.once('exit', resolve);
    });
  }

  it('are terminated with live connections, several at once', async () => {
    const workers = [0, 1, 2, 3].map((index) => start(index, 'wait'));
    await Promise.all(workers.map(ready));
    expect(await Promise.all(workers.map((worker) => worker.terminate()))).toEqual([1, 1, 1, 1]);
  });

  it('are terminated in mid-traffic, several at once, and no descriptor is left open', async () => {
    const bench = new Bench(nativeEnvironment(addonPath(existsSync)));
    const { name, target, descriptor } = bench.service();
    bench.server.listen({ name, descriptor });
    bounce(bench.server);
    const { files } = bench.environment;
    const addon = addonPath(existsSync);
    const workerData = { addon, name, address: target.address };
    const run = async (count: number) => {
      const workers = Array.from({ length: count }, () => new Worker(TRAFFIC, { workerData }));
      await Promise.all(workers.map(ready));
      await Promise.all(workers.map((worker) => worker.terminate()));
    };
    const isQuiet = () => bench.server.port.statistics().connections === 0;
    // The first has what the process keeps for all.
    await run(1);
    await bench.until('the end of its connections', isQuiet);
    await bench.settle();
    const before = files.count();
    await run(4);
    await run(4);
    await bench.until('the end of their connections', isQuiet);
    await bench.until(
      () => `${files.count()} descriptors to become ${before}`,
      () => files.count() === before,
    );
    expect(bench.server.port.statistics()).toMatchObject({ connections: 0, openTokens: 0, rights: 0 });
    await bench.close();
  });

  it('load the addon again after all that had it are gone', async () => {
    for (let index = 0; index < 3; index += 1) {
      const worker = start(index, 'wait');
      await ready(worker);
      await worker.terminate();
    }
  });

  it.each(['exit', 'return', 'close'])('end by %s', async (end) => {
    const worker = start(0, end);
    const exit = ended(worker);
    await ready(worker);
    expect(await exit).toBe(0);
  });

  it('report what deliver throws', async () => {
    const worker = start(0, 'throw');
    const exit = ended(worker);
    const error = new Promise<Error>((resolve) => {
      worker.once('error', resolve);
    });
    expect((await error).message).toBe('thrown by deliver');
    expect(await exit).toBe(1);
  });
});

/** Answers every request with a memory of its own, and keeps nothing of what comes. */
function bounce(server: TestPort): void {
  server.onRecord = (record) => {
    server.received.length = 0;
    if (record.type !== 'request' && record.type !== 'message') return;
    letGo(server, record.rights ?? []);
    if (record.type !== 'request') return;
    const handle = server.port.createMemory(100);
    server.reply(record, rightsBody([memory(handle, 100)]), [memory(handle, 100)]);
    server.port.release(handle);
  };
}
