/** Starting and signalling the service of a loaded job. */
import { rm } from 'node:fs/promises';
import { type Budget, LaunchportError } from '../base/index.js';
import type { DomainTarget, ServiceTarget } from '../launchd/index.js';
import { callFailure, type SystemctlTool } from './systemctl-tool.js';
import { type LoadingTools, systemdJobError } from './systemd-loading.js';
import { lastExitOf, pidOf } from './unit-status.js';

/** A job by all its names. */
export interface UnitSubject {
  readonly target: ServiceTarget;
  readonly domain: DomainTarget;
  readonly label: string;
  /** The name of its units without ending. */
  readonly stem: string;
}

/**
 * Starts or restarts the service now, whatever its throttle interval and earlier failures. Resolves to its pid.
 * @throws LaunchportError ERR_LAUNCHD_SPAWN with the reason, ERR_LAUNCHD_UNKNOWN_OUTCOME, what systemctl said
 */
export async function startService(
  verb: 'start' | 'restart',
  subject: UnitSubject,
  budget: Budget,
  { tool, throttleFile }: Pick<LoadingTools, 'tool' | 'throttleFile'>,
): Promise<number | undefined> {
  const service = `${subject.stem}.service`;
  await rm(throttleFile, { force: true });
  await tool.run(['reset-failed', '--', service], budget, subject);
  let failure: unknown;
  await tool.demand([verb, '--', service], budget, subject).catch((error: unknown) => {
    failure = error;
  });
  const after = (await tool.show([service], budget, subject)).get(service);
  if (failure === undefined) return pidOf(after);
  const exit = lastExitOf(after);
  if (exit?.kind !== 'spawn failed') throw failure;
  const hint = 'Check the program, its working directory and its Standard…Path files.';
  const what = `could not be started: ${exit.reason}`;
  const details = failure instanceof LaunchportError ? { ...failure.details, reason: exit.reason } : {};
  throw systemdJobError('ERR_LAUNCHD_SPAWN', 'spawnFailed', subject, what, hint, details);
}

/** Signals the main process only. @throws LaunchportError as systemctl failed */
export async function signalService(
  signal: NodeJS.Signals,
  subject: UnitSubject,
  budget: Budget,
  tool: SystemctlTool,
): Promise<void> {
  const send = (option: string) => ['kill', option, `--signal=${signal}`, '--', `${subject.stem}.service`];
  const { call, result } = await tool.run(send('--kill-whom=main'), budget, subject);
  if (result.exitStatus === 0) return;
  // Releases before 252 spell it differently.
  if (/unrecognized option/.test(result.stderr)) await tool.demand(send('--kill-who=main'), budget, subject);
  else throw callFailure(call, result);
}
