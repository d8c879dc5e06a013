import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildJobPlist, readJobPlist, writeJobPlist } from '../../src/launchd/index.js';
import { rejectionOf } from '../helpers/thrown.js';

const ECHO = { Label: 'com.example.echo', ProgramArguments: ['/usr/local/libexec/echo'] };
const isRoot = process.getuid?.() === 0;
let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lp-'));
  path = join(directory, 'service.plist');
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('writeJobPlist and readJobPlist', () => {
  it('write a private file and read it back', async () => {
    expect(await writeJobPlist(path, ECHO)).toBe(true);
    expect(statSync(path).mode & 0o7777).toBe(0o600);
    expect(await readJobPlist(path)).toEqual({ definition: ECHO, warnings: [] });
    expect(readdirSync(directory)).toEqual(['service.plist']);
  });

  it('leave a file alone that already has this content', async () => {
    await writeJobPlist(path, ECHO);
    const before = statSync(path).ino;
    expect(await writeJobPlist(path, ECHO)).toBe(false);
    expect(statSync(path).ino).toBe(before);
    expect(await writeJobPlist(path, { ...ECHO, RunAtLoad: true })).toBe(true);
  });

  it('replace a file with the same content that others could write', async () => {
    writeFileSync(path, buildJobPlist(ECHO));
    chmodSync(path, 0o666);
    expect(await writeJobPlist(path, ECHO)).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('keep the old file when the new definition is refused', async () => {
    await writeJobPlist(path, ECHO);
    const old = readFileSync(path, 'utf8');
    expect((await rejectionOf(writeJobPlist(path, { Label: 'a' }))).code).toBe('ERR_LAUNCHD_PLIST');
    expect(readFileSync(path, 'utf8')).toBe(old);
  });
});

describe('readJobPlist', () => {
  it.each([0o666, 0o622, 0o664])('launchd case 6: refuses mode %o', async (mode) => {
    writeFileSync(path, buildJobPlist(ECHO));
    chmodSync(path, mode);
    const error = await rejectionOf(readJobPlist(path));
    expect(error.code).toBe('ERR_LAUNCHD_PERMISSION');
    expect(error.hint).toContain('chmod go-w');
    expect(error.details).toMatchObject({ path, mode: `0${mode.toString(8)}` });
  });

  it.runIf(isRoot)('launchd case 7: refuses a file of another user, but not one of root', async () => {
    writeFileSync(path, buildJobPlist(ECHO), { mode: 0o600 });
    chownSync(path, 12_345, 0);
    expect((await rejectionOf(readJobPlist(path))).code).toBe('ERR_LAUNCHD_PERMISSION');
    expect((await rejectionOf(readJobPlist(path, 501))).code).toBe('ERR_LAUNCHD_PERMISSION');
    expect((await readJobPlist(path, 12_345)).definition).toEqual(ECHO);
    chownSync(path, 0, 0);
    expect((await readJobPlist(path, 501)).definition).toEqual(ECHO);
  });

  it('refuses a folder, and does not wait for the writer of a named pipe', async () => {
    const folder = join(directory, 'a.plist');
    mkdirSync(folder, { mode: 0o700 });
    expect((await rejectionOf(readJobPlist(folder))).code).toBe('ERR_LAUNCHD_PERMISSION');
    const pipe = join(directory, 'b.plist');
    execFileSync('mkfifo', ['-m', '600', pipe]);
    expect((await rejectionOf(readJobPlist(pipe))).code).toBe('ERR_LAUNCHD_PERMISSION');
  });

  it('says which file is missing', async () => {
    const error = await rejectionOf(readJobPlist(path));
    expect(error.code).toBe('ERR_LAUNCHD_PLIST');
    expect(error.message).toContain(path);
    expect(error.cause).toMatchObject({ code: 'ENOENT' });
  });

  it('refuses a huge file without reading it', async () => {
    writeFileSync(path, Buffer.alloc((1 << 20) + 1), { mode: 0o600 });
    const error = await rejectionOf(readJobPlist(path));
    expect(error.code).toBe('ERR_LAUNCHD_PLIST');
    expect(error.message).toContain('larger');
  });
});
