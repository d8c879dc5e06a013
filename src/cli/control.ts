/** The launchd that commands speak to: the machine's own, or the supervisor that runs here. */
import { LaunchportError, lineLogger } from '../base/index.js';
import {
  type ControlOptions,
  LaunchctlControl,
  parseServiceTarget,
  type ServiceTarget,
  serviceTarget,
} from '../launchd/index.js';
import type { CliContext, CliControl } from './context.js';
import { daemonPlace, withDaemon } from './daemon/place.js';

/**
 * Runs `work` with launchctl on macOS, with the supervisor daemon elsewhere, or with systemd when the command line says
 * so, and frees what it holds afterwards.
 * @throws LaunchportError ERR_SERVER_NOT_RUNNING when no daemon runs; ERR_ADDON_NOT_FOUND
 */
export async function withControl<T>(
  context: CliContext,
  work: (control: CliControl) => Promise<T>,
): Promise<T> {
  if (context.control !== undefined) return work(context.control);
  if (context.usesSystemd?.()) {
    const { SystemdControl } = await import('../systemd/index.js');
    const logger = lineLogger((line) => context.stderr.write(line), 'warn');
    return work(new SystemdControl({ environment: context.environment, logger }));
  }
  if (process.platform === 'darwin') return work(new LaunchctlControl({ environment: context.environment }));
  return withDaemon(daemonPlace(context), work);
}

/** What `text` addresses: a target as it is, a bare label in the default domain. */
export async function targetOf(
  control: CliControl,
  text: string,
  options: ControlOptions,
): Promise<ServiceTarget> {
  if (!text.includes('/')) return serviceTarget(await control.defaultDomain(options), text);
  const { domain, label } = parseServiceTarget(text);
  return serviceTarget(domain, label);
}

/** The error for a job that `print` does not find. */
export function notLoaded(target: ServiceTarget): LaunchportError {
  return new LaunchportError('ERR_LAUNCHD_NOT_LOADED', `${target} is not loaded`, {
    hint: 'launchport job list shows what is. Load it with launchport job bootstrap PLIST.',
    details: { target, meaning: 'notFound' },
  });
}
