/** The ladder of questions behind status 5, which launchd gives to callers that are not root for almost any cause. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { type Budget, isLaunchportError, type LaunchportError } from '../base/index.js';
import type { BootstrapJob } from './bootstrap-job.js';
import type { CommandResult } from './command-runner.js';
import type { ManagerName } from './control.js';
import { type ErrorNumber, errorNumber, NUMBERS } from './error-numbers.js';
import { failureNumber, type LaunchctlCall, launchctlFailure } from './failure.js';
import type { LaunchctlTool } from './launchctl-tool.js';
import { parseManagerName, parsePrintDisabled } from './listings.js';
import { controlMeaning } from './meaning.js';
import { readJobPlist } from './plist-file.js';
import { fitsDomain, sessionOf } from './session.js';

/**
 * Asks, for a label that is not loaded: is it disabled, is its plist still one that launchd takes, does its program
 * exist, is it meant for this kind of session? Returns when none of that explains the refusal.
 * @throws LaunchportError that names the cause, with the facts of the failed command
 */
export async function explainInputOutput(
  tool: LaunchctlTool,
  job: BootstrapJob,
  call: LaunchctlCall,
  result: CommandResult,
  budget: Budget,
): Promise<void> {
  const { domain, definition, plistPath } = job;
  const fail = (known: Partial<ErrorNumber> = {}) => launchctlFailure(call, result, known);
  const answer = await tool.run({ arguments: ['print-disabled', domain], domain }, budget, 'reads');
  const overrides = parsePrintDisabled(answer.exitStatus === 0 ? answer.stdout : '');
  if (overrides.get(definition.Label) ?? definition.Disabled ?? false)
    throw fail(errorNumber(NUMBERS.disabled));

  await readJobPlist(plistPath, job.uid).catch((error: unknown) => {
    if (!isLaunchportError(error)) throw error;
    const meaning = controlMeaning(error) ?? 'invalidPlist';
    const advice = error.hint ?? 'Correct the plist.';
    throw fail({ code: error.code, meaning, text: error.message, advice });
  });

  const program = definition.Program ?? definition.ProgramArguments?.[0] ?? '';
  const fault = program.startsWith('/') ? await programFault(program) : undefined;
  if (fault !== undefined) throw fail(fault);
  if (!fitsDomain(definition, domain)) throw fail(errorNumber(NUMBERS.sessionMismatch));
  if (plistPath.startsWith('/Volumes/')) {
    throw fail({
      code: 'ERR_LAUNCHD_PERMISSION',
      meaning: 'badPermissions',
      text: `the plist ${plistPath} is on an external volume`,
      advice: 'launchd takes no job from there; put the plist on the startup volume.',
    });
  }
}

/**
 * The error for a refusal that is given up on. For number 5 it tells the session of the caller, when that does not go
 * with the domain.
 */
export async function lastWord(
  tool: LaunchctlTool,
  job: BootstrapJob,
  call: LaunchctlCall,
  result: CommandResult,
  isLeaving: boolean,
  budget: Budget,
): Promise<LaunchportError> {
  if (isLeaving) return launchctlFailure(call, result, errorNumber(NUMBERS.inProgress));
  if (failureNumber(result) !== NUMBERS.inputOutput || budget.remaining === 0)
    return launchctlFailure(call, result);
  const answer = await tool.run({ arguments: ['managername'] }, budget, 'reads').catch(() => undefined);
  const manager = answer?.exitStatus === 0 ? parseManagerName(answer.stdout) : undefined;
  if (manager === undefined || isAtHome(manager, sessionOf(job.domain)))
    return launchctlFailure(call, result);
  return launchctlFailure(call, result, {
    code: 'ERR_LAUNCHD_NO_DOMAIN',
    meaning: 'unsupportedDomain',
    text: `refused for an unknown cause; this process is in a ${manager} session, ${job.domain} belongs to another`,
    advice: 'Use the domain of the session you are in, or act from within the other.',
  });
}

function isAtHome(manager: ManagerName, session: string): boolean {
  return manager === session || (manager === 'StandardIO' && session === 'Background');
}

async function programFault(program: string): Promise<Partial<ErrorNumber> | undefined> {
  try {
    await access(program, constants.X_OK);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
    return {
      code: isMissing ? 'ERR_LAUNCHD_SPAWN' : 'ERR_LAUNCHD_PERMISSION',
      meaning: isMissing ? 'missingFile' : 'badPermissions',
      text: isMissing ? `its program ${program} does not exist` : `its program ${program} cannot be executed`,
      advice: isMissing ? 'Install the program, or correct its path.' : 'Run chmod +x on the program.',
    };
  }
}
