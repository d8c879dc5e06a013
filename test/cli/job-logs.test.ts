/** `launchport job logs`: where a job writes, and following it through rotation and truncation. */
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../src/cli/run.js';
import { buildJobPlist, type JobDefinitionInput } from '../../src/launchd/index.js';
import { captureContext } from '../helpers/cli-context.js';
import { FakeControl } from '../helpers/fake-control.js';

const LABEL = 'com.example.a';
let directory: string;
let control: FakeControl;
let out: string;
let err: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lp-logs-'));
  control = new FakeControl();
  out = join(directory, 'out.log');
  err = join(directory, 'err.log');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function plist(more: Partial<JobDefinitionInput>): string {
  const path = join(directory, `${LABEL}.plist`);
  writeFileSync(path, buildJobPlist({ Label: LABEL, ProgramArguments: ['/bin/cat'], ...more }));
  return path;
}

const load = (more: Partial<JobDefinitionInput>) => control.bootstrap('user/501', plist(more));

async function logs(...args: readonly string[]) {
  const context = captureContext({}, directory, { control });
  const status = await run(['job', 'logs', ...args], context);
  return { status, output: context.output(), errors: context.errors() };
}

describe('job logs', () => {
  it('writes the last lines, one without an end too', async () => {
    await load({ StandardOutPath: out });
    writeFileSync(out, 'one\ntwo\nthree');
    expect(await logs(LABEL)).toEqual({ status: 0, output: 'one\ntwo\nthree\n', errors: '' });
    expect((await logs(LABEL, '-n', '2')).output).toBe('two\nthree\n');
    expect((await logs(LABEL, '-n', '0')).output).toBe('');
    writeFileSync(out, 'one\ntwo\n\n');
    expect((await logs(LABEL, '-n', '2')).output).toBe('two\n\n');
  });

  it('finds the last lines of a large file, and keeps characters whole that a read cuts', async () => {
    await load({ StandardOutPath: out });
    const lines = Array.from({ length: 20_000 }, (_, index) => `${index} ${'ü€'.repeat(index % 9)}`);
    writeFileSync(out, `${lines.join('\n')}\n`);
    for (const count of [1, 7, 9_999, 30_000])
      expect((await logs(LABEL, '-n', String(count))).output).toBe(`${lines.slice(-count).join('\n')}\n`);
  });

  it('tells two files apart, and knows when both are one', async () => {
    await load({ StandardOutPath: out, StandardErrorPath: err });
    writeFileSync(out, 'hello\n');
    writeFileSync(err, 'alas\n');
    expect((await logs(LABEL)).output).toBe(`==> ${out} <==\nhello\n\n==> ${err} <==\nalas\n`);
    expect(
      (await logs(LABEL, '--json')).output
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { stream: 'stdout', path: out, text: 'hello' },
      { stream: 'stderr', path: err, text: 'alas' },
    ]);
    await control.bootout(`user/501/${LABEL}`);
    await load({ StandardOutPath: out, StandardErrorPath: out });
    expect(JSON.parse((await logs(LABEL, '--json')).output)).toMatchObject({ stream: 'both' });
  });

  it('lets no line drive the terminal', async () => {
    await load({ StandardOutPath: out });
    writeFileSync(out, 'a\tb\u001b[2J\r\n');
    expect((await logs(LABEL)).output).toBe('a\tb\\u001b[2J\\u000d\n');
  });

  it('reads the plist of a job that is not loaded, and of one whose launchd does not tell', async () => {
    writeFileSync(out, 'hello\n');
    const path = plist({ StandardOutPath: out });
    expect((await logs(`${LABEL}.plist`)).output).toBe('hello\n');
    await control.bootstrap('user/501', path);
    const print = control.print.bind(control);
    control.print = async (...args) => {
      const { stdoutPath: _, ...status } = (await print(...args)) ?? never();
      return status;
    };
    expect((await logs(LABEL)).output).toBe('hello\n');
  });

  it('explains what is missing', async () => {
    expect(await logs(LABEL)).toMatchObject({ status: 4 });
    expect(await logs('gone.plist')).toMatchObject({ status: 6 });
    await load({ StandardOutPath: '/dev/null' });
    const silent = await logs(LABEL);
    expect(silent.status).toBe(6);
    expect(silent.errors).toContain('StandardOutPath');
    await control.bootout(`user/501/${LABEL}`);
    await load({ StandardOutPath: out });
    expect(await logs(LABEL)).toEqual({ status: 0, output: '', errors: `${out}: nothing was written yet\n` });
    mkdirSync(out);
    const unreadable = await logs(LABEL);
    expect(unreadable.status).toBe(5);
    expect(unreadable.errors).toContain('not a regular file');
  });
});

describe('job logs -f', () => {
  /** Follows the job; `until` resolves when the output ends with some text, `end` interrupts. */
  function follow(...args: readonly string[]) {
    const captured = captureContext({}, directory, { control });
    let look: () => void = () => {};
    const tell = (stream: Pick<NodeJS.WritableStream, 'write'>) => ({
      write: (chunk: string) => {
        stream.write(chunk);
        look();
        return true;
      },
    });
    const stdout = tell(captured.stdout as NodeJS.WritableStream);
    const context = { ...captured, stdout } as unknown as typeof captured;
    const status = run(['job', 'logs', '-f', ...args, LABEL], context);
    const until = (text: string) =>
      new Promise<void>((resolve) => {
        look = () => {
          if (captured.output().endsWith(text)) resolve();
        };
        look();
      });
    const end = async () => {
      captured.abort();
      return { status: await status, output: captured.output() };
    };
    return { until, end };
  }

  it('goes on with what is added, holds a line until it ends, and ends with 0', async () => {
    await load({ StandardOutPath: out });
    writeFileSync(out, 'one\n');
    const { until, end } = follow('-n', '1');
    await until('one\n');
    appendFileSync(out, 'tw');
    appendFileSync(out, 'o\nthr');
    await until('two\n');
    expect(await end()).toEqual({ status: 0, output: 'one\ntwo\nthr\n' });
  });

  it('loses nothing when the file is renamed and another takes its name', async () => {
    await load({ StandardOutPath: out });
    writeFileSync(out, 'one\n');
    const { until, end } = follow();
    await until('one\n');
    renameSync(out, `${out}.0`);
    appendFileSync(`${out}.0`, 'late\n');
    writeFileSync(out, 'new\n');
    await until('new\n');
    appendFileSync(out, 'newer\n');
    await until('newer\n');
    expect((await end()).output).toBe('one\nlate\nnew\nnewer\n');
  });

  it('begins anew when the file is cut short', async () => {
    await load({ StandardOutPath: out });
    writeFileSync(out, 'a long line\n');
    const { until, end } = follow();
    await until('line\n');
    truncateSync(out);
    appendFileSync(out, 'short\n');
    await until('short\n');
    expect((await end()).output).toBe('a long line\nshort\n');
  });

  it('waits for a file that is not there yet, and for one that is removed', async () => {
    await load({ StandardOutPath: out, StandardErrorPath: err });
    writeFileSync(err, 'alas\n');
    const { until, end } = follow('--json');
    await until('"alas"}\n');
    writeFileSync(out, 'first\n');
    await until('"first"}\n');
    unlinkSync(err);
    writeFileSync(err, 'again\n');
    await until('"again"}\n');
    expect((await end()).output.split('\n')).toHaveLength(4);
  });
});

function never(): never {
  throw new Error('not loaded');
}
