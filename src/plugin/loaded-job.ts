/** Where a label is loaded, and whether the job there is ours. */
import { realpath } from 'node:fs/promises';
import { isLaunchportError, LaunchportError } from '../base/index.js';
import {
  type ControlOptions,
  type DomainTarget,
  type JobStatus,
  type LaunchControl,
  type ServiceTarget,
  serviceTarget,
} from '../launchd/index.js';
import type { JobPlace } from './registration-plan.js';
import type { RegistrationRecord } from './state.js';

/** A job that launchd knows. */
export interface LoadedJob {
  readonly domain: DomainTarget;
  readonly status: JobStatus;
}

/**
 * Looks for a label where it was registered, then where it would be registered now. A Mac has two domains for one
 * user, which share their Mach names: which of the two a shell is in depends on whether it runs over ssh, so both
 * are looked at.
 * @param domains in order of preference
 */
export async function findLoaded(
  control: LaunchControl,
  label: string,
  domains: readonly DomainTarget[],
  options: () => ControlOptions,
): Promise<LoadedJob | undefined> {
  const all = new Set(domains);
  if (control.kind === 'launchctl') {
    for (const domain of domains) {
      const [kind, uid] = domain.split('/');
      // Root has no graphical domain.
      if (kind === 'gui' || (kind === 'user' && uid !== '0')) {
        all.add(kind === 'gui' ? `user/${Number(uid)}` : `gui/${Number(uid)}`);
      }
    }
  }
  for (const domain of all) {
    const status = await control.print(serviceTarget(domain, label), options()).catch((error: unknown) => {
      // A domain that does not exist holds no job: nobody is logged in at the screen.
      if (isLaunchportError(error, 'ERR_LAUNCHD_NO_DOMAIN')) return undefined;
      throw error;
    });
    if (status !== undefined) return { domain, status };
  }
  return undefined;
}

/** Unloads a job and waits until it is gone. One that is gone already is no error. */
export async function unloadJob(
  control: LaunchControl,
  target: ServiceTarget,
  options?: ControlOptions,
): Promise<void> {
  await control.bootout(target, options).catch((error: unknown) => {
    if (!isLaunchportError(error, 'ERR_LAUNCHD_NOT_LOADED')) throw error;
  });
}

/**
 * Checks that a loaded job is the one meant: loaded from the plist of its record or, without a record, from the
 * plist that the plugin would have.
 * @throws LaunchportError ERR_PLUGIN_CONFLICT
 */
export async function assertOurs(
  loaded: LoadedJob,
  place: Pick<JobPlace, 'label' | 'owner' | 'plistPath'>,
  record: RegistrationRecord | undefined,
): Promise<void> {
  const path = loaded.status.path;
  const target = loaded.status.target;
  const conflict = (other: string) =>
    new LaunchportError(
      'ERR_PLUGIN_CONFLICT',
      `${place.owner}: label ${place.label} already belongs to ${other}`,
      {
        hint: `If that job is not wanted, unload it: launchctl bootout ${target}`,
        details: { owner: place.owner, target, path },
      },
    );
  if (record !== undefined && record.owner !== place.owner) throw conflict(record.owner);
  const expected = record?.plistPath ?? place.plistPath;
  // With a record, a launchd that does not say where the job came from is believed; without one it is not.
  if (path === undefined && record !== undefined) return;
  if (path === undefined || !(await isSamePath(path, expected))) {
    throw conflict(path === undefined ? 'a job of unknown origin' : `the job of ${path}`);
  }
}

async function isSamePath(a: string, b: string): Promise<boolean> {
  if (a === b) return true;
  const [first, second] = await Promise.all([a, b].map((path) => realpath(path).catch(() => path)));
  return first === second;
}
