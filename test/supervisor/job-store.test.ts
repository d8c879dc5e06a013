/** The journal: what survives, and what of a damaged one is believed. */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Logger } from '../../src/base/index.js';
import type { ServiceTarget } from '../../src/launchd/index.js';
import { JobStore } from '../../src/supervisor/job-store.js';
import { encodeEntry, readJournal } from '../../src/supervisor/journal-file.js';

const target = (n: number): ServiceTarget => `user/501/com.example.job${n}`;
const process = { pid: 4711, identity: { startTime: 12_345, bootId: 'b' } };

describe('JobStore', () => {
  let directory: string;
  let path: string;
  let told: string[];
  let logger: Logger;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'lp-'));
    path = join(directory, 'jobs.journal');
    told = [];
    const tell = (text: string) => void told.push(text);
    logger = { debug: tell, info: tell, warn: tell, error: tell };
  });

  afterEach(() => rmSync(directory, { recursive: true }));

  /** As the next supervisor finds it; the one before was killed and has closed nothing. */
  const reopened = () => new JobStore(path, logger);

  it('is found again as it was left, in a private file', () => {
    const store = reopened();
    store.load(target(1), '/a.plist', '<plist>ä\n</plist>');
    store.load(target(2), '/b.plist', '<b/>');
    store.load(target(3), '/c.plist', '<c/>');
    store.state(target(1), { runs: 1, reason: 'ipc (mach)', lastStart: 5 }, process);
    store.state(target(2), { runs: 1 }, process);
    store.state(target(2), { runs: 1, lastExit: { kind: 'signaled', signal: 'SIGSEGV' } });
    store.unload(target(3));
    for (const found of [reopened(), reopened()]) {
      expect(found.jobs).toEqual([
        {
          target: target(1),
          path: '/a.plist',
          definition: '<plist>ä\n</plist>',
          record: { runs: 1, reason: 'ipc (mach)', lastStart: 5 },
          process,
        },
        {
          target: target(2),
          path: '/b.plist',
          definition: '<b/>',
          record: { runs: 1, lastExit: { kind: 'signaled', signal: 'SIGSEGV' } },
        },
      ]);
    }
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(told).toEqual([]);
  });

  it('takes no notice of the state of a job that is not loaded', () => {
    const store = reopened();
    store.state(target(1), { runs: 1 }, process);
    store.unload(target(1));
    expect(reopened().jobs).toEqual([]);
  });

  it('believes a torn journal up to the tear, wherever that is', () => {
    const store = reopened();
    const sizes = [statSync(path).size];
    for (let n = 0; n < 4; n += 1) {
      store.load(target(n), `/${n}.plist`, '<plist/>');
      sizes.push(statSync(path).size);
    }
    const whole = readFileSync(path);
    for (let size = sizes[0] as number; size <= whole.length; size += 1) {
      writeFileSync(path, whole.subarray(0, size));
      const expected = sizes.filter((each) => each <= size).length - 1;
      expect(readJournal(path, logger)).toHaveLength(expected);
    }
    // And writes on from there.
    writeFileSync(path, whole.subarray(0, whole.length - 1));
    const next = reopened();
    next.load(target(9), '/9.plist', '<plist/>');
    expect(reopened().jobs.map((job) => job.target)).toEqual([0, 1, 2, 9].map(target));
  });

  it('believes nothing after a damaged line', () => {
    const store = reopened();
    for (let n = 0; n < 3; n += 1) store.load(target(n), `/${n}.plist`, '<plist/>');
    const text = readFileSync(path, 'utf8').replace('/1.plist', '/X.plist');
    writeFileSync(path, text);
    expect(reopened().jobs.map((job) => job.path)).toEqual(['/0.plist']);
    expect(told).toEqual([expect.stringContaining('damaged line')]);
  });

  it.each([
    ['another version', encodeEntry({ format: 'launchport jobs', version: 0 })],
    ['another kind', Buffer.from('[jobs]\n')],
    ['zeros after a crash of the machine', Buffer.alloc(4096)],
  ])('sets a file of %s aside, and begins anew', (_, bytes) => {
    writeFileSync(path, bytes);
    const store = reopened();
    expect(store.jobs).toEqual([]);
    expect(told).toEqual([expect.stringContaining('nothing is recovered')]);
    expect(readFileSync(`${path}.unreadable`)).toEqual(bytes);
    store.load(target(1), '/a.plist', '<plist/>');
    expect(reopened().jobs).toHaveLength(1);
  });

  it('stays small however much happens to 100 jobs', () => {
    const store = reopened();
    const definition = '<plist>'.padEnd(1000, 'x');
    for (let n = 0; n < 100; n += 1) store.load(target(n), `/${n}.plist`, definition);
    for (let runs = 1; runs <= 100; runs += 1) {
      for (let n = 0; n < 100; n += 1) store.state(target(n), { runs }, process);
    }
    expect(statSync(path).size).toBeLessThan(1024 * 1024);
    const { jobs } = reopened();
    expect(jobs).toHaveLength(100);
    expect(jobs.every(({ record }) => record.runs === 100)).toBe(true);
  });

  it('tells when it cannot be written, and is whole again with the next change that can', () => {
    const store = reopened();
    store.load(target(1), '/1.plist', '<plist/>');
    store.close();
    rmSync(directory, { recursive: true });
    store.load(target(2), '/2.plist', '<plist/>');
    expect(told).toEqual([expect.stringContaining('cannot be written')]);
    mkdirSync(directory);
    store.load(target(3), '/3.plist', '<plist/>');
    expect(reopened().jobs.map((job) => job.target)).toEqual([1, 2, 3].map(target));
    expect(told).toHaveLength(1);
  });

  it('is not fooled by a leftover of an interrupted rewrite', () => {
    const store = reopened();
    store.load(target(1), '/1.plist', '<plist/>');
    appendFileSync(`${path}.new`, 'half a journ');
    expect(reopened().jobs).toHaveLength(1);
    expect(existsSync(`${path}.new`)).toBe(false);
  });

  it('leaves nothing when discarded', () => {
    const store = reopened();
    store.load(target(1), '/1.plist', '<plist/>');
    store.discard();
    expect(existsSync(path)).toBe(false);
  });
});
