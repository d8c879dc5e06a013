/** What a binding says to a requirement that it cannot use, as errors with advice. */
import { errorText, LaunchportError } from '../base/index.js';
import type { PeerRequirement } from '../native/index.js';

/** First macOS version that can check each kind of code requirement (xpc/connection.h). */
const SINCE = { requirement: '12.0', team: '14.4', platform: '14.4', entitlement: '14.4' } as const;

/**
 * Runs what sets a requirement.
 * @throws LaunchportError ERR_UNSUPPORTED when this system cannot check it, ERR_XPC_REQUIREMENT when it is malformed
 */
export function withRequirement<T>(requirement: PeerRequirement | undefined, run: () => T): T {
  try {
    return run();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException | undefined)?.code;
    if (requirement === undefined || (code !== 'ENOTSUP' && code !== 'EINVAL')) throw error;
    const details = { requirement, platform: process.platform };
    if (code === 'ENOTSUP') {
      throw new LaunchportError('ERR_UNSUPPORTED', `this system cannot check ${described(requirement)}`, {
        hint: needs(requirement),
        details,
        cause: error,
      });
    }
    throw new LaunchportError(
      'ERR_XPC_REQUIREMENT',
      `the system does not take ${described(requirement)}: ${errorText(error)}`,
      { hint: 'Check how it is written.', details, cause: error },
    );
  }
}

function described({ code, executables }: PeerRequirement): string {
  if (code?.kind === 'requirement') return `the code signing requirement ${JSON.stringify(code.text)}`;
  if (code !== undefined) return `the code requirement of kind ${code.kind}`;
  return executables === undefined ? 'the requirement' : 'the executable of a peer';
}

function needs({ code, executables }: PeerRequirement): string {
  if (code !== undefined) return `It needs macOS ${SINCE[code.kind]} or later.`;
  return executables === undefined
    ? 'See XpcTransport.capabilities().'
    : 'It needs Linux; on macOS set `code`.';
}
