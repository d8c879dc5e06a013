/** Following a log by name, over files that are really renamed. */
import { appendFileSync, closeSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FollowedLog } from '../../src/cli/containers/followed-log.js';
import { useDirectory } from '../plugin/bundles.js';

const directory = useDirectory();
/** Descriptors that are open. */
const open = new Set<number>();

function openLog() {
  const fd = openSync(join(directory(), 'log'), 'r');
  open.add(fd);
  return {
    fd,
    [Symbol.dispose]: () => {
      if (open.delete(fd)) closeSync(fd);
    },
  };
}

async function read(log: FollowedLog): Promise<string> {
  const parts: Buffer[] = [];
  for await (const bytes of log.added()) parts.push(Buffer.from(bytes));
  return Buffer.concat(parts).toString();
}

it('reads what is left of a file that was renamed, then the one that has its name, and closes each', async () => {
  const path = join(directory(), 'log');
  writeFileSync(path, 'one\n');
  {
    using log = new FollowedLog(openLog(), async () => openLog());
    expect(await read(log)).toBe('one\n');
    expect(await read(log)).toBe('');
    for (const round of ['a', 'b']) {
      appendFileSync(path, `last ${round}\n`);
      renameSync(path, `${path}.1`);
      writeFileSync(path, `first after ${round}\n`);
      // What was added before it was renamed is news; that it was renamed is seen by the look after that.
      expect((await read(log)) + (await read(log))).toBe(`last ${round}\nfirst after ${round}\n`);
      expect(open.size).toBe(1);
    }
    appendFileSync(path, 'more\n');
    expect(await read(log)).toBe('more\n');
  }
  expect(open.size).toBe(0);
});

it('begins at the last lines, and stays with a file that only changed its mode', async () => {
  const path = join(directory(), 'log');
  writeFileSync(path, 'one\ntwo\nthree\n');
  using log = new FollowedLog(openLog(), async () => openLog());
  await log.seekLines(1);
  expect(await read(log)).toBe('three\n');
  expect(await read(log)).toBe('');
  appendFileSync(path, 'four\n');
  expect(await read(log)).toBe('four\n');
});
