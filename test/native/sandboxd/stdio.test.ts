/** Streams of a process: clients that are slow, stuck or gone, files instead of pipes, and a log of bounded size. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/base/index.js';
import { addonDescriptors } from '../../../src/plugins/sandboxd/stdio/descriptors.js';
import { OutputLog } from '../../../src/plugins/sandboxd/stdio/output-log.js';
import { type ClientDescriptors, ProcessIo } from '../../../src/plugins/sandboxd/stdio/process-io.js';
import { eventually } from '../eventually.js';

const GRACE = 60_000;

describe('streams of a process', () => {
  const descriptors = addonDescriptors();
  let directory: string;
  let log: OutputLog;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'lp-stdio-'));
    log = await OutputLog.open(join(directory, 'log'), { logger: silentLogger });
  });

  afterEach(async () => {
    await log.close();
    rmSync(directory, { recursive: true, force: true });
  });

  /** Runs a shell command with these descriptors to its end. */
  async function run(command: string, client: ClientDescriptors, stallTimeout = 60_000): Promise<void> {
    const io = new ProcessIo(client, {
      descriptors,
      logger: silentLogger,
      log,
      isTerminal: false,
      stallTimeout,
    });
    const { stdin, stdout, stderr } = io.stdio;
    const child: ChildProcess = spawn('/bin/sh', ['-c', command], { stdio: [stdin, stdout, stderr] });
    io.started();
    await once(child, 'exit');
    await io.exited(GRACE);
  }

  const logged = () => readFileSync(log.path, 'latin1');
  const MANY = 'head -c 1000000 /dev/zero';

  it('a client that has gone holds nothing up', async () => {
    const { reader, writer } = descriptors.pipe();
    closeSync(reader);
    await run(MANY, { stdout: writer });
    expect(logged().length).toBe(1_000_000);
  });

  it('a client that takes nothing is left when its time is over, and the log has everything', async () => {
    const { reader, writer } = descriptors.pipe();
    await run(MANY, { stdout: writer }, 200);
    expect(logged().length).toBe(1_000_000);
    closeSync(reader);
  });

  it('files are read and written at their own position', async () => {
    const path = join(directory, 'out');
    const input = join(directory, 'in');
    await run('echo first', { stdout: openSync(path, 'a') });
    await run('echo second; echo third >&2', { stdout: openSync(path, 'a'), stderr: openSync(input, 'w') });
    expect(readFileSync(path, 'utf8')).toBe('first\nsecond\n');
    await run('cat', { stdin: openSync(input, 'r'), stdout: openSync(path, 'a') });
    expect(readFileSync(path, 'utf8')).toBe('first\nsecond\nthird\n');
  });

  it('a process without a client has no input', async () => {
    await run('cat; echo end', {});
    expect(logged()).toBe('end\n');
  });

  it('a process that does not read its input ends all the same, and its client is told', async () => {
    const { reader, writer } = descriptors.pipe();
    await run('exec 0<&-; echo done', { stdin: reader });
    expect(logged()).toBe('done\n');
    closeSync(writer);
  });

  it('what is still written by others after the end of a process is not waited for', async () => {
    const io = new ProcessIo(
      {},
      { descriptors, logger: silentLogger, log, isTerminal: false, stallTimeout: GRACE },
    );
    const { stdin, stdout, stderr } = io.stdio;
    const child = spawn('/bin/sh', ['-c', 'sleep 600 & echo $!'], { stdio: [stdin, stdout, stderr] });
    io.started();
    await once(child, 'exit');
    await io.exited(500);
    await eventually('its output', () => logged().endsWith('\n'));
    const pid = Number(logged());
    expect(pid).toBeGreaterThan(1);
    process.kill(pid, 'SIGKILL');
    await io.done;
  });

  it('refuses descriptors that are not open, and keeps none of the others', async () => {
    const { reader, writer } = descriptors.pipe();
    const options = { descriptors, logger: silentLogger, log, isTerminal: false, stallTimeout: GRACE };
    expect(() => new ProcessIo({ stdin: reader, stdout: 1_000_000, stderr: writer }, options)).toThrow(
      /EBADF/,
    );
    expect(() => closeSync(writer)).toThrow(/EBADF/);
  });

  it('a log keeps to its size', async () => {
    const small = await OutputLog.open(join(directory, 'small'), { logger: silentLogger, maxBytes: 1_000 });
    for (let index = 0; index < 100; index++)
      await small.append(Buffer.from(`${String(index).padStart(99, '.')}\n`));
    await small.close();
    expect(statSync(small.path).size).toBeLessThanOrEqual(1_000);
    expect(statSync(`${small.path}.1`).size).toBe(1_000);
    expect(readFileSync(small.path, 'utf8')).toMatch(/99\n$/);
    expect(statSync(small.path).mode & 0o777).toBe(0o600);
  });
});
