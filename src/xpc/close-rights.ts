/** Gives up everything that a received message brought beside its bytes. */
import { XpcFileDescriptor } from './file-descriptor.js';
import { isRight } from './outgoing-rights.js';
import type { XpcValue } from './value.js';

/**
 * Closes all descriptors in a received message, or in a value of one, and releases its endpoints and shared memory:
 * for whoever was given a message and makes no use of it. What was taken, closed or released before is left alone.
 */
export function closeRights(value: XpcValue): void {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
  if (value instanceof XpcFileDescriptor) value.close();
  else if (isRight(value)) value.release();
  else for (const item of Object.values(value) as XpcValue[]) closeRights(item);
}
