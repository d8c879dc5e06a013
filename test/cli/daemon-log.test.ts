/** The log of the daemon: its bounds, its last lines, and what is added to it. */
import { appendFileSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { followLines, lastLines, logSize } from '../../src/cli/daemon/log-reader.js';
import { openLog, RotatingLog } from '../../src/cli/daemon/rotating-log.js';
import { useDirectory } from '../plugin/bundles.js';

const directory = useDirectory();
const path = () => join(directory(), 'logs/launchport.log');
const text = (index = 0) => readFileSync(index === 0 ? path() : `${path()}.${index}`, 'utf8');

describe('rotation', () => {
  it('begins a file anew when it is full and keeps so many old ones, private to the user', () => {
    const log = new RotatingLog(path(), { maxBytes: 10, keep: 2 });
    for (let line = 1; line <= 9; line += 1) log.write(`line${line}\n`.slice(-5));
    expect([text(), text(1), text(2)]).toEqual(['ine9\n', 'ine7\nine8\n', 'ine5\nine6\n']);
    expect(() => text(3)).toThrow('ENOENT');
    expect(statSync(path()).mode & 0o777).toBe(0o600);
  });

  it('keeps none when told so, and gives a line that is too long a file of its own', () => {
    const log = new RotatingLog(path(), { maxBytes: 4, keep: 0 });
    log.write('much too long\n');
    expect(text()).toBe('much too long\n');
    log.write('b\n');
    expect(text()).toBe('b\n');
    expect(() => text(1)).toThrow('ENOENT');
  });

  it('what the process writes past it, such as why it crashed, is in the newest file', () => {
    const stream = openLog(path());
    const log = new RotatingLog(path(), { maxBytes: 4, keep: 1 });
    log.write('old\n');
    log.write('new\n');
    writeSync(stream, 'crash\n');
    expect(text()).toBe('new\ncrash\n');
  });
});

describe('reading', () => {
  it('finds the last lines in old files, too', () => {
    expect(lastLines(path(), 5)).toEqual([]);
    const log = new RotatingLog(path(), { maxBytes: 4, keep: 3 });
    for (const line of ['a', 'b', 'c', 'd', 'e']) log.write(`${line}\n`);
    expect(lastLines(path(), 3)).toEqual(['c', 'd', 'e']);
    expect(lastLines(path(), 1)).toEqual(['e']);
    expect(lastLines(path(), 0)).toEqual([]);
    expect(lastLines(path(), 99)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('follows what is added, through rotation, until it is ended', async () => {
    const log = new RotatingLog(path(), { maxBytes: 12, keep: 3 });
    log.write('before\n');
    const end = new AbortController();
    const lines = followLines(path(), logSize(path()), end.signal);
    const next = async () => (await lines.next()).value;
    const first = next();
    log.write('a\n');
    expect(await first).toBe('a');
    // Not read yet when the file is rotated.
    log.write('b\n');
    log.write('after\n');
    expect([await next(), await next()]).toEqual(['b', 'after']);
    const last = lines.next();
    appendFileSync(path(), 'half');
    end.abort();
    expect((await last).done).toBe(true);
  });
});
