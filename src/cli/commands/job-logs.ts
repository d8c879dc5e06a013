/** `launchport job logs`: what a job writes to its output files. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { errorText, LaunchportError, printable } from '../../base/index.js';
import { parseJobPlist } from '../../launchd/index.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { notLoaded, targetOf, withControl } from '../control.js';
import { FileTail, FileWatch } from '../output/file-tail.js';
import { writePaced } from '../output/line.js';

/** Options of `job logs`. */
export interface JobLogsOptions extends GlobalOptions {
  readonly follow?: boolean;
  /** Of what is there, in each file. */
  readonly lines: number;
}

/** Milliseconds for the launchd to tell of the job. */
const ASK_MS = 30_000;

type Stream = 'stdout' | 'stderr' | 'both';

/** One file of a job. */
interface Output {
  readonly stream: Stream;
  readonly tail: FileTail;
}

/**
 * Writes the last lines of each file, and with `follow` what is added until the first SIGINT or SIGTERM.
 * @throws LaunchportError ERR_LAUNCHD_NOT_LOADED; ERR_LAUNCHD_PLIST when the job has no output file;
 *   ERR_LAUNCHD_PERMISSION when one cannot be read
 */
export async function jobLogs(context: CliContext, text: string, options: JobLogsOptions): Promise<void> {
  const outputs = outputsOf(text, await outputPaths(context, text));
  const writer = new LogWriter(context, options, outputs.length > 1);
  const watch = options.follow ? new FileWatch(pathsOf(outputs), context.signal) : undefined;
  try {
    for (const { stream, tail } of outputs) {
      if (!(await readable(tail, () => tail.open(options.lines)))) {
        context.stderr.write(`${printable(tail.path)}: nothing was written yet\n`);
        continue;
      }
      await writer.write(stream, tail.path, tail.lines());
    }
    while (await watch?.next()) {
      for (const { stream, tail } of outputs)
        await readable(tail, () => writer.write(stream, tail.path, tail.lines()));
    }
    for (const { stream, tail } of outputs) await writer.write(stream, tail.path, tail.rest());
  } finally {
    watch?.close();
    await Promise.all(outputs.map(({ tail }) => tail.close()));
  }
}

/** Where the job writes; a stream that goes nowhere is absent. */
interface OutputPaths {
  readonly stdout?: string | undefined;
  readonly stderr?: string | undefined;
}

/** Of the job as it is loaded, or of its plist where the launchd does not tell or the plist is what was named. */
async function outputPaths(context: CliContext, text: string): Promise<OutputPaths> {
  if (text.endsWith('.plist')) return plistPaths(resolve(context.cwd, text));
  const status = await withControl(context, async (control) => {
    const wait = { timeout: ASK_MS, signal: context.signal };
    const target = await targetOf(control, text, wait);
    const found = await control.print(target, wait);
    if (found === undefined) throw notLoaded(target);
    return found;
  });
  const { stdoutPath: stdout, stderrPath: stderr, path } = status;
  if (stdout !== undefined || stderr !== undefined || !path?.startsWith('/')) return { stdout, stderr };
  // Where nothing is told there may be nothing to tell: a plist that is gone is no failure.
  return plistPaths(path).catch(() => ({}));
}

async function plistPaths(path: string): Promise<OutputPaths> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new LaunchportError('ERR_LAUNCHD_PLIST', `cannot read job plist ${path}: ${errorText(error)}`, {
      hint: 'Check that the file exists and that you may read it.',
      details: { path },
      cause: error,
    });
  });
  const { StandardOutPath: stdout, StandardErrorPath: stderr } = parseJobPlist(bytes, path).definition;
  return { stdout, stderr };
}

function outputsOf(text: string, { stdout, stderr }: OutputPaths): readonly Output[] {
  const [out, err] = [stdout, stderr].map((path) =>
    path === undefined || path === '/dev/null' ? undefined : resolve('/', path),
  );
  const output = (stream: Stream, path: string): Output => ({ stream, tail: new FileTail(path) });
  if (out !== undefined && out === err) return [output('both', out)];
  const outputs = [
    ...(out === undefined ? [] : [output('stdout', out)]),
    ...(err === undefined ? [] : [output('stderr', err)]),
  ];
  if (outputs.length > 0) return outputs;
  throw new LaunchportError('ERR_LAUNCHD_PLIST', `${text} keeps no output`, {
    hint: 'Give its plist a StandardOutPath and a StandardErrorPath, then unload and load it.',
    details: { target: text },
  });
}

const pathsOf = (outputs: readonly Output[]) => outputs.map(({ tail }) => tail.path);

async function readable<T>(tail: FileTail, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new LaunchportError('ERR_LAUNCHD_PERMISSION', `cannot read ${tail.path}: ${errorText(error)}`, {
      hint: 'Read it as the user whose job it is.',
      details: { path: tail.path },
      cause: error,
    });
  }
}

/** Writes lines, and between those of several files which one they are from. */
class LogWriter {
  readonly #context: CliContext;
  readonly #isJson: boolean;
  readonly #hasHeaders: boolean;
  #last: string | undefined;

  constructor(context: CliContext, { json = false }: GlobalOptions, hasHeaders: boolean) {
    this.#context = context;
    this.#isJson = json;
    this.#hasHeaders = hasHeaders;
  }

  async write(stream: Stream, path: string, lines: AsyncIterable<string> | Iterable<string>): Promise<void> {
    for await (const text of lines) {
      if (this.#isJson) {
        await writePaced(this.#context, `${printable(JSON.stringify({ stream, path, text }))}\n`);
        continue;
      }
      if (this.#hasHeaders && this.#last !== path) {
        const gap = this.#last === undefined ? '' : '\n';
        await writePaced(this.#context, `${gap}==> ${printable(path)} <==\n`);
        this.#last = path;
      }
      await writePaced(this.#context, `${printable(text, '\t')}\n`);
    }
  }
}
