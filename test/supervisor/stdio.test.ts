import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStdio } from '../../src/supervisor/stdio.js';

/** What the descriptors of this process lead to. */
const openPaths = () =>
  readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      return [readlinkSync(`/proc/self/fd/${descriptor}`)];
    } catch {
      return []; // closed meanwhile
    }
  });

describe('openStdio', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'lp-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const at = (name: string) => join(directory, name);
  const isOpen = (descriptor: number) => {
    try {
      return fstatSync(descriptor) !== undefined;
    } catch {
      return false;
    }
  };

  it('is /dev/null three times when nothing is said', () => {
    const stdio = openStdio({});
    const devices = stdio.descriptors.map((descriptor) => fstatSync(descriptor).rdev);
    expect(devices).toEqual(Array(3).fill(statSync('/dev/null').rdev));
    expect(readSync(stdio.descriptors[0], Buffer.alloc(1))).toBe(0);
    expect(writeSync(stdio.descriptors[1], 'x')).toBe(1);
    stdio.close();
    expect(stdio.descriptors.map(isOpen)).toEqual([false, false, false]);
    stdio.close();
  });

  it('launchd case 37: appends to an output file that exists', () => {
    writeFileSync(at('out'), 'before\n');
    const stdio = openStdio({ output: at('out') });
    writeSync(stdio.descriptors[1], 'after\n');
    stdio.close();
    expect(readFileSync(at('out'), 'utf8')).toBe('before\nafter\n');
  });

  it('reads the input, and creates it', () => {
    writeFileSync(at('in'), 'hello');
    const stdio = openStdio({ input: at('in') });
    const buffer = Buffer.alloc(5);
    readSync(stdio.descriptors[0], buffer);
    expect(buffer.toString()).toBe('hello');
    stdio.close();
    openStdio({ input: at('new') }).close();
    expect(readFileSync(at('new'), 'utf8')).toBe('');
  });

  it('keeps the order of two streams into one file', () => {
    const stdio = openStdio({ output: at('log'), error: at('log') });
    writeSync(stdio.descriptors[1], '1');
    writeSync(stdio.descriptors[2], '2');
    writeSync(stdio.descriptors[1], '3');
    stdio.close();
    expect(readFileSync(at('log'), 'utf8')).toBe('123');
  });

  it('creates files under the umask of the job', () => {
    openStdio({ output: at('out') }, 0o077).close();
    expect(statSync(at('out')).mode & 0o777).toBe(0o600);
  });

  it('fails with the path, and leaves nothing open', () => {
    const failure = expect.objectContaining({ code: 'ENOENT', path: at('no/err') });
    expect(() => openStdio({ output: at('out'), error: at('no/err') })).toThrow(failure);
    expect(() => openStdio({ output: directory })).toThrow(expect.objectContaining({ code: 'EISDIR' }));
    // Only what lies in this test's directory: other tests of the process open and close theirs meanwhile.
    if (existsSync('/proc/self/fd'))
      expect(openPaths().filter((path) => path.startsWith(directory))).toEqual([]);
  });

  it('refuses a FIFO instead of waiting for its other end', () => {
    execFileSync('mkfifo', [at('fifo')]);
    expect(() => openStdio({ input: at('fifo') })).toThrow(expect.objectContaining({ code: 'EINVAL' }));
    expect(() => openStdio({ output: at('fifo') })).toThrow(expect.objectContaining({ code: 'ENXIO' }));
    expect(() => openStdio({ input: directory })).toThrow(expect.objectContaining({ code: 'EISDIR' }));
  });

  it('opens each stream that has a path of its own', () => {
    const stdio = openStdio({ output: at('out') });
    expect(new Set(stdio.descriptors).size).toBe(3);
    for (const descriptor of stdio.descriptors) closeSync(descriptor);
  });
});
