/** How a process with live connections ends. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addonPaths } from '../../src/native/index.js';

const SCRIPT = fileURLToPath(new URL('./fixtures/exit.mjs', import.meta.url));

interface Outcome {
  readonly code: number | string | null | undefined;
  readonly signal: string | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

describe.runIf(process.platform === 'linux')('exit', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'lp-'));
  });

  afterEach(() => rmSync(directory, { recursive: true }));

  function run(end: string): Promise<Outcome> {
    const addon = addonPaths().find((path) => existsSync(path)) ?? '';
    return new Promise((resolve) => {
      const options = { timeout: 60_000 };
      execFile(process.execPath, [SCRIPT, addon, directory, end], options, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : error.code, signal: error?.signal, stdout, stderr });
      });
    });
  }

  it.each([
    ['exit', 7],
    ['nextTick', 8],
    ['microtask', 9],
    // An inactive port does not keep the process.
    ['return', 0],
    ['close', 0],
    ['handled', 3],
  ])('by %s is clean', async (end, code) => {
    const outcome = await run(end);
    expect(outcome).toMatchObject({ code, stderr: '' });
    expect(outcome.stdout).toMatch(/^ready\n/);
    expect(outcome.stdout).toContain(`exit ${code}\n`);
  });

  it('follows from an inbox that was given away', async () => {
    const outcome = await run('detach');
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain('TypeError: the inbox of a port was detached');
  });

  it('follows from what deliver throws', async () => {
    const outcome = await run('throw');
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain('Error: thrown by deliver');
    expect(outcome.stdout).toBe('ready\nexit 1\n');
  });
});
