/** The checks that endpoints and shared memory have in common before they are used. */
import { LaunchportError } from '../base/index.js';
import type { RightOwner } from './right-owner.js';

/**
 * Checks that a right of `actual` can be used by `wanted`. `what` begins the error's message.
 * @throws LaunchportError ERR_XPC_VALUE for one of another transport, ERR_XPC_STATE for a released one
 */
export function assertUsable(
  what: string,
  wanted: RightOwner,
  actual: RightOwner,
  isReleased: boolean,
): void {
  if (wanted !== actual) {
    throw new LaunchportError('ERR_XPC_VALUE', `${what} belongs to another transport`, {
      hint: 'Use it with the transport that made or received it.',
    });
  }
  if (isReleased) throw new LaunchportError('ERR_XPC_STATE', `${what} is released`);
}
