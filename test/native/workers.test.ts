/** The addon in worker threads: one environment each, which may end at any moment. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addonPaths } from '../../src/native/index.js';

const SCRIPT = new URL('./fixtures/worker.mjs', import.meta.url);

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
