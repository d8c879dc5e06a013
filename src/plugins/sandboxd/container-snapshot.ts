/** A container as clients see it. */
import type { SandboxSnapshot } from '../../compat/index.js';
import type { BootedContainer } from './boot.js';

/** What a running container is; `status` for one that does not run. */
export function containerSnapshot(
  status: SandboxSnapshot['status'],
  booted: BootedContainer | undefined,
): SandboxSnapshot {
  if (status !== 'running' || booted === undefined) return { status, networks: [], containers: [] };
  const networks = booted.networks.attachments;
  const { startedAt } = booted.init;
  const { configuration } = booted.bundle;
  const started = startedAt === undefined ? {} : { startedDate: startedAt };
  return {
    status,
    networks,
    containers: [{ configuration, status, networks, ...started }],
  };
}
