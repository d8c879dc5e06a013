/** What the API server answers about a container or a network, in words for people and with a code of its own. */
import { type ErrorCode, isLaunchportError, LaunchportError } from '../../base/index.js';

/** What a command is about. */
export type Subject = 'container' | 'network';

const CODES: Readonly<Record<Subject, Readonly<Record<string, ErrorCode>>>> = {
  container: {
    notFound: 'ERR_CONTAINER_NOT_FOUND',
    exists: 'ERR_CONTAINER_EXISTS',
    invalidState: 'ERR_CONTAINER_STATE',
  },
  network: {
    notFound: 'ERR_NETWORK_NOT_FOUND',
    exists: 'ERR_NETWORK_EXISTS',
    invalidState: 'ERR_NETWORK_STATE',
  },
};

const HINTS: Readonly<Record<Subject, string>> = {
  container: 'launchport ps -a lists all there are.',
  network: 'launchport network list lists all there are.',
};

/** Runs `work`, and has its failures say what the server said and no more. */
export async function about<T>(subject: Subject, id: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw plainly(subject, id, error);
  }
}

/** The server's own words, without where they came from; that stays in the details. */
function plainly(subject: Subject, id: string, error: unknown): unknown {
  if (!isLaunchportError(error, 'ERR_REMOTE')) return error;
  const { code, message } = error.details;
  if (typeof message !== 'string') return error;
  // Of something else that is missing, such as a plugin or an image, the server says the name itself.
  const isSubject = code !== 'notFound' || (message.includes(subject) && message.includes(id));
  const known = isSubject ? CODES[subject][String(code)] : undefined;
  const hint = error.hint ?? (code === 'notFound' && isSubject ? HINTS[subject] : undefined);
  return new LaunchportError(known ?? error.code, message, {
    ...(hint === undefined ? {} : { hint }),
    details: { ...error.details, id },
    cause: error,
  });
}

/** The error for a container that a list does not have. */
export function noContainer(id: string): LaunchportError {
  return new LaunchportError('ERR_CONTAINER_NOT_FOUND', `no such container: ${id}`, {
    hint: HINTS.container,
    details: { id },
  });
}

/** The error for a network that a list does not have. */
export function noNetwork(id: string): LaunchportError {
  return new LaunchportError('ERR_NETWORK_NOT_FOUND', `no such network: ${id}`, {
    hint: HINTS.network,
    details: { id },
  });
}
