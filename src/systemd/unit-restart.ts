/** KeepAlive in systemd's terms: which ends of a process lead to a new start. */
import type { JobDefinition } from '../launchd/index.js';
import type { Setting } from './unit-text.js';

/** Signals that launchd counts as a crash. */
const CRASHES = 'SIGILL SIGTRAP SIGABRT SIGBUS SIGFPE SIGSEGV SIGSYS';
/** Signals after which systemd calls a process successful (systemd.service(5), SuccessExitStatus). */
const CLEAN = 'SIGHUP SIGINT SIGTERM SIGPIPE';

/**
 * `Restart=` and its exceptions. `Restart=on-failure` alone would not restart after SIGTERM, `on-success` would, and
 * `on-abort` would after SIGKILL: lists of signals put that right, so the ends that count are launchd's own.
 */
export function restartSettings({ KeepAlive }: Pick<JobDefinition, 'KeepAlive'>): Setting[] {
  const { SuccessfulExit, Crashed, hasConditions } = policyOf(KeepAlive);
  if (KeepAlive === true) return [['Restart', 'always']];
  const afterSuccess = SuccessfulExit === true || Crashed === false;
  const afterFailure = SuccessfulExit === false || Crashed === false;
  const afterCrash = SuccessfulExit === false || Crashed === true;
  if (afterSuccess && afterFailure) {
    return [['Restart', 'always'], ...(afterCrash ? [] : [['RestartPreventExitStatus', CRASHES] as const])];
  }
  if (afterFailure) {
    return [
      ['Restart', 'on-failure'],
      ['RestartForceExitStatus', CLEAN],
    ];
  }
  const crash: Setting[] = afterCrash ? [['RestartForceExitStatus', CRASHES]] : [];
  if (afterSuccess) return [['Restart', 'on-success'], ['RestartPreventExitStatus', CLEAN], ...crash];
  if (afterCrash) return [['Restart', 'no'], ...crash];
  const { AfterInitialDemand } = typeof KeepAlive === 'object' ? KeepAlive : {};
  // Alone it means: kept alive always, once somebody asked for it.
  return [['Restart', AfterInitialDemand === true && !hasConditions ? 'always' : 'no']];
}

/** Whether the job is started as it is loaded (RunAtLoad, or a KeepAlive that implies it). */
export function startsAtLoad({ RunAtLoad, KeepAlive }: JobDefinition): boolean {
  if (RunAtLoad === true || KeepAlive === true) return true;
  if (typeof KeepAlive !== 'object' || KeepAlive.AfterInitialDemand === true) return false;
  return KeepAlive.SuccessfulExit !== undefined || KeepAlive.Crashed !== undefined;
}

function policyOf(keepAlive: JobDefinition['KeepAlive']) {
  const conditions = typeof keepAlive === 'object' ? keepAlive : {};
  const { SuccessfulExit, Crashed, AfterInitialDemand: _, ...others } = conditions;
  const hasConditions = Object.values(others).some((value) => value !== undefined);
  return { SuccessfulExit, Crashed, hasConditions };
}
