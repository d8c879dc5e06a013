/** Logs of containers as they are read: from their last lines on, byte for byte, with what is added. */
import {
  appendFileSync,
  closeSync,
  mkdtempSync,
  openSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogTail } from '../../src/cli/containers/log-tail.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lp-log-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('a log that is read', () => {
  const read = async (tail: LogTail) => {
    const parts: Uint8Array[] = [];
    for await (const bytes of tail.added()) parts.push(bytes);
    return Buffer.concat(parts);
  };

  it('is told byte for byte from its last lines on, with what is added, and anew when it was cut', async () => {
    const path = join(root, 'log');
    const bytes = Buffer.from([0, 255, 10, 128, 10, 1]);
    writeFileSync(path, bytes);
    const fd = openSync(path, 'r');
    try {
      const all = new LogTail(fd);
      expect(await read(all)).toEqual(bytes);
      expect(await read(all)).toEqual(Buffer.alloc(0));
      appendFileSync(path, 'more');
      expect(await read(all)).toEqual(Buffer.from('more'));
      truncateSync(path, 0);
      appendFileSync(path, 'new');
      expect(await read(all)).toEqual(Buffer.from('new'));
    } finally {
      closeSync(fd);
    }
  });

  it.each([
    ['a\nb\nc\n', 2, 'b\nc\n'],
    ['a\nb\nc', 2, 'b\nc'],
    ['a\nb\nc', 0, ''],
    ['a\n', 9, 'a\n'],
    ['', 3, ''],
    [`${'x'.repeat(70_000)}\n${'y'.repeat(70_000)}\n`, 1, `${'y'.repeat(70_000)}\n`],
  ])('begins at the last lines', async (text, count, expected) => {
    const path = join(root, 'log');
    writeFileSync(path, text);
    const fd = openSync(path, 'r');
    try {
      const tail = new LogTail(fd);
      await tail.seekLines(count);
      expect((await read(tail)).toString()).toBe(expected);
    } finally {
      closeSync(fd);
    }
  });
});
