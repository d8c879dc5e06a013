/** Runs a CLI plugin in the place of this command, as nearly as a process can that stays behind it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { errorText, LaunchportError } from '../../base/index.js';
import type { Plugin } from '../../plugin/index.js';
import type { CliContext } from '../context.js';
import { ExitStatus } from '../failure.js';

/** Passed on whoever sent them. */
const FORWARDED = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;
/** A terminal sends these to the plugin too, and twice would mean something else. */
const FROM_TERMINAL = ['SIGINT', 'SIGQUIT'] as const;

/**
 * Runs the plugin's executable with the standard descriptors, environment and working directory of this process, and
 * ends as it ends: with its exit code, or by its signal. Where apple/container replaces its process, this one waits, for
 * Node 20 cannot do that: the plugin has a process id of its own, no descriptors beyond the standard three, and outlives
 * this process when that is killed with SIGKILL.
 * @throws ExitStatus with the code; LaunchportError ERR_PLUGIN_BINARY when it cannot be started
 */
export async function execute(context: CliContext, plugin: Plugin, args: readonly string[]): Promise<never> {
  context.signal.throwIfAborted();
  context.releaseSignals?.();
  const ignored = isForeground();
  let child: ChildProcess | undefined;
  const forward = (signal: NodeJS.Signals) => void child?.kill(signal);
  const ignore = () => {};
  for (const signal of FORWARDED) process.on(signal, forward);
  for (const signal of FROM_TERMINAL) process.on(signal, ignored ? ignore : forward);
  try {
    child = spawn(plugin.binaryPath, args, {
      argv0: plugin.binaryPath,
      cwd: context.cwd,
      env: context.environment,
      stdio: 'inherit',
    });
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    stopForwarding(forward, ignore);
    if (signal === null) throw new ExitStatus(code ?? 1);
    process.kill(process.pid, signal);
    // Still here when the signal is one that Node ignores, such as SIGPIPE.
    throw new ExitStatus(128 + constants.signals[signal]);
  } catch (error) {
    if (error instanceof ExitStatus) throw error;
    throw new LaunchportError(
      'ERR_PLUGIN_BINARY',
      `${plugin.binaryPath}: cannot be started: ${errorText(error)}`,
      {
        hint: 'If it is a script, its first line must name an interpreter that exists: #!/bin/sh.',
        details: { name: plugin.name, path: plugin.binaryPath },
        cause: error,
      },
    );
  } finally {
    stopForwarding(forward, ignore);
  }
}

function stopForwarding(...listeners: readonly ((signal: NodeJS.Signals) => void)[]): void {
  for (const signal of [...FORWARDED, ...FROM_TERMINAL]) {
    for (const listener of listeners) process.off(signal, listener);
  }
}

/** Whether a terminal may send this process signals: it then sends them to the plugin as well. */
function isForeground(): boolean {
  try {
    if (process.platform === 'linux') {
      // proc_pid_stat(5): state, ppid, pgrp, session, tty_nr, tpgid follow the name in parentheses.
      const stat = readFileSync('/proc/self/stat', 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[2] === fields[5];
    }
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
