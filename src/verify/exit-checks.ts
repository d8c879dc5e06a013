/** Checks of how a job ends, what it leaves, and that it comes back. */
import { isLaunchportError, printable } from '../base/index.js';
import { exitText } from '../harness/index.js';
import type { JobCheck } from './check.js';
import { CheckFailure, CheckSkip } from './outcome.js';
import { canListProcesses, killAll, leftProcesses } from './processes.js';
import { explain } from './subject.js';

/** Milliseconds for what a process started to follow it. */
const PATIENCE_MS = 5_000;

const sigterm: JobCheck = {
  id: 'exit-sigterm',
  title: 'ends in time when it gets SIGTERM',
  severity: 'required',
  async run(subject) {
    const { job, bounds } = subject;
    const { pid } = await subject.running();
    if (pid === undefined) throw new CheckSkip('it does not run');
    const begin = performance.now();
    await job.kill('SIGTERM');
    const { exitTimeout: timeout, signal } = bounds;
    try {
      subject.end = await job.exited(pid, { timeout, ...(signal && { signal }) });
    } catch (error) {
      if (!isLaunchportError(error, 'ERR_TIMEOUT')) throw error;
      await job.kill('SIGKILL');
      await job.exited(pid, { timeout: bounds.timeout });
      throw new CheckFailure(
        `still runs ${timeout} ms after SIGTERM`,
        'Handle SIGTERM: take no more work, finish what runs, exit. launchd kills what takes longer.',
      );
    }
    return `${exitText(subject.end)} after ${Math.round(performance.now() - begin)} ms`;
  },
};

const status: JobCheck = {
  id: 'exit-status',
  title: 'ends with status 0, or by SIGTERM itself',
  severity: 'recommended',
  async run({ end, job }) {
    if (end === undefined) throw new CheckSkip('it did not end when it got SIGTERM');
    const exit = end.lastExit;
    if (exit?.kind === 'exited' && exit.code === 0) return 'status 0';
    if (exit?.kind === 'signaled' && exit.signal === 'SIGTERM') return 'by SIGTERM';
    throw new CheckFailure(
      await explain(new Error(`it ${exitText(end)}`), job),
      'Exit with 0 after SIGTERM: anything else looks like a crash.',
    );
  },
};

const children: JobCheck = {
  id: 'no-children',
  title: 'leaves no process behind',
  severity: 'required',
  async run({ end, bench, bounds }) {
    if (!canListProcesses) throw new CheckSkip('processes cannot be told apart on this system');
    if (end === undefined) throw new CheckSkip('it did not end when it got SIGTERM');
    const left = await leftProcesses(bench.mark, Math.min(PATIENCE_MS, bounds.exitTimeout), bounds.signal);
    if (left.length === 0) return undefined;
    killAll(left);
    const named = left.map(({ pid, command }) => `${pid} (${printable(command).slice(0, 80)})`);
    throw new CheckFailure(
      `when it had ended, these still ran: ${named.join(', ')}`,
      'End what you start before you exit. launchd ends your process group, but not what has left it.',
    );
  },
};

const restart: JobCheck = {
  id: 'restart',
  title: 'is started again by the next message',
  severity: 'required',
  async run(subject) {
    try {
      await subject.running();
    } catch (error) {
      throw new CheckFailure(
        await explain(error, subject.job),
        'Keep nothing from one run that the next cannot bear.',
      );
    }
    return undefined;
  },
};

const stdout: JobCheck = {
  id: 'quiet-stdout',
  title: 'writes nothing to standard output',
  severity: 'recommended',
  needs: 'nothing',
  async run({ job }) {
    const { stdout: text } = await job.output();
    if (text === '') return undefined;
    throw new CheckFailure(
      `it wrote ${JSON.stringify(printable(text).slice(0, 80))}`,
      'Nobody sees it: log to CONTAINER_LOG_ROOT, or to standard error.',
    );
  },
};

/** In the order in which they are made: the process is told to end by the first, and started again by the last but one. */
export const EXIT_CHECKS: readonly JobCheck[] = [sigterm, status, children, restart, stdout];
