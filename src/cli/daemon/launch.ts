/** Starts the daemon's process, detached, and waits until it answers. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { abortedError, builtModule, delay, LaunchportError, printable } from '../../base/index.js';
import { inspectStateDirectory, type SupervisorInfo } from '../../supervisor/index.js';
import { logSize, textFrom } from './log-reader.js';
import { type DaemonPlace, daemonInfo } from './place.js';
import { openLog } from './rotating-log.js';

/** The program that the daemon runs: this one. */
export const MAIN = builtModule('cli/main.js');

/** Milliseconds between looks, the first and the longest. */
const PAUSE_MS = { first: 25, longest: 250 } as const;
/** Milliseconds for a daemon that lost the race for the directory to see the winner answer. */
const RACE_MS = 5_000;
/** Milliseconds from SIGTERM to SIGKILL for a daemon that did not come up. */
const GIVE_UP_MS = 5_000;
/** Milliseconds that the last look gets at least. */
const LOOK_MS = 1_000;
/** Lines of the log in an error. */
const TAIL_LINES = 15;

/** How a daemon is started. */
export interface LaunchOptions {
  /** Behind `launchport`. */
  readonly args: readonly string[];
  /** Milliseconds. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

/** The daemon that answers, and whether this call started it. */
export interface Launched {
  readonly info: SupervisorInfo;
  readonly isNew: boolean;
}

/**
 * Starts a process that leads a session of its own, in `/`, with both output streams on the log. When it does not
 * answer in time, or the signal aborts, it is ended again.
 * @throws LaunchportError ERR_SERVER_NOT_RUNNING with the end of the log when it ended, ERR_SUPERVISOR_RUNNING when the
 *   directory belongs to a supervisor that is no daemon, ERR_TIMEOUT, ERR_ABORTED
 */
export async function launchDaemon(place: DaemonPlace, options: LaunchOptions): Promise<Launched> {
  const begin = performance.now();
  const logBegin = logSize(place.log);
  const log = openLog(place.log);
  const child = spawn(process.execPath, [MAIN, ...options.args], {
    cwd: '/',
    detached: true,
    env: place.environment,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const failed = once(child, 'error').then(([error]) => error as Error);
  failed.catch(() => {});
  const tail = () => tailOf(place.log, logBegin);
  let lostAt: number | undefined;
  try {
    const end = begin + options.timeout;
    for (let pause: number = PAUSE_MS.first; ; pause = Math.min(pause * 2, PAUSE_MS.longest)) {
      const info = await daemonInfo(place, {
        timeout: Math.max(end - performance.now(), LOOK_MS),
        signal: options.signal,
      });
      // Started together with another, either may be the one.
      if (info !== undefined) return { info, isNew: info.pid === child.pid };
      if (hasEnded(child)) {
        const { supervisorPid } = inspectStateDirectory(place.directory);
        if (supervisorPid === undefined) throw ended(child, place, tail());
        // Its winner may be about to answer, or be no daemon.
        lostAt ??= performance.now();
        if (performance.now() > Math.min(end, lostAt + RACE_MS)) throw taken(place, supervisorPid);
      }
      if (lostAt === undefined && performance.now() + pause > end) throw late(place, options.timeout, tail());
      await delay(pause, options.signal);
    }
  } catch (error) {
    await endChild(child);
    throw options.signal.aborted ? abortedError('starting the daemon', options.signal) : error;
  } finally {
    child.unref();
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

/** No orphan is left behind. */
async function endChild(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), GIVE_UP_MS);
  await exited;
  clearTimeout(timer);
}

function tailOf(log: string, offset: number): string {
  const lines = (textFrom(log, offset) ?? '').split('\n').filter((line) => line !== '');
  return printable(lines.slice(-TAIL_LINES).join('\n'), '\n');
}

function ended(child: ChildProcess, { log }: DaemonPlace, tail: string): LaunchportError {
  const { exitCode, signalCode } = child;
  const how = signalCode === null ? `with exit code ${exitCode}` : `by ${signalCode}`;
  return new LaunchportError(
    'ERR_SERVER_NOT_RUNNING',
    withTail(`the daemon ended ${how} before it answered`, tail),
    {
      hint: `Its log: ${log}`,
      details: { log, exitCode, signal: signalCode },
    },
  );
}

function late({ log }: DaemonPlace, timeout: number, tail: string): LaunchportError {
  const what = `the daemon did not answer within ${timeout} ms and was ended`;
  return new LaunchportError('ERR_TIMEOUT', withTail(what, tail), {
    hint: `Allow more time with --timeout. Its log: ${log}`,
    details: { log, timeout },
  });
}

function taken({ directory }: DaemonPlace, pid: number): LaunchportError {
  return new LaunchportError(
    'ERR_SUPERVISOR_RUNNING',
    `a supervisor that is no daemon is running in ${directory}: process ${pid}`,
    {
      hint: 'Stop that host, or set LAUNCHPORT_RUNTIME_DIR to another directory.',
      details: { directory, pid },
    },
  );
}

function withTail(what: string, tail: string): string {
  return tail === '' ? what : `${what}:\n${tail}`;
}
