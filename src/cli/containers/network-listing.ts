/** Networks as they are shown: upstream's list, and what our own server knows besides. */
import type { NetworkResource } from '../../compat/index.js';
import { type NetworkDetails, serverProtocol } from '../../harness/index.js';
import { isOwnServer, type Services } from './server.js';

/** One network. */
export interface ListedNetwork {
  readonly id: string;
  /** Absent for a network whose plugin has never answered. */
  readonly resource?: NetworkResource;
  /** Absent when the server is apple/container's, which does not tell. */
  readonly details?: NetworkDetails;
}

/** All networks, sorted by name; those that do not work too. */
export async function listNetworks(services: Services): Promise<readonly ListedNetwork[]> {
  const { networks, wait } = services;
  const [resources, details] = await Promise.all([networks.list(wait), ownDetails(services)]);
  const ids = new Set([...resources, ...details].map(({ id }) => id));
  return [...ids].sort().map((id) => {
    const resource = resources.find((each) => each.id === id);
    const detail = details.find((each) => each.id === id);
    return {
      id,
      ...(resource === undefined ? {} : { resource }),
      ...(detail === undefined ? {} : { details: detail }),
    };
  });
}

async function ownDetails(services: Services): Promise<readonly NetworkDetails[]> {
  if (!(await isOwnServer(services))) return [];
  return (await services.client.call(serverProtocol.routes.networks, {}, services.wait)).networks;
}

/** Label of networks that a server makes itself, and its value (apple/container, ResourceLabels). */
const ROLE_LABEL = 'com.apple.container.resource.role';
const BUILTIN_ROLE = 'builtin';

/** Whether the network is the server's own, which cannot be deleted. */
export function isBuiltin({ resource, details }: ListedNetwork): boolean {
  return details?.isBuiltin ?? resource?.configuration.labels[ROLE_LABEL] === BUILTIN_ROLE;
}

/** A network in JSON: upstream's resource, with what it has not under keys of its own. */
export function networkJson({ id, resource, details }: ListedNetwork): Readonly<Record<string, unknown>> {
  const { state, containers, problem, isBuiltin, label } = details ?? {};
  return { id, ...resource, state, isBuiltin, containers, label, problem };
}
