/** The descriptors, endpoints and shared memory in a message: who holds them, and closing what nobody does. */
import { XpcEndpoint, XpcFileDescriptor, XpcSharedMemory, type XpcValue } from '../xpc/index.js';
import { isXpcDictionary } from './wire-type.js';

/** Something that came beside the bytes of a message and holds a resource of the system. */
export type MessageRight = XpcFileDescriptor | XpcEndpoint | XpcSharedMemory;

const NONE: readonly MessageRight[] = [];

/** The rights in a value, in no order. */
export function rightsIn(value: unknown): readonly MessageRight[] {
  const found = isContainer(value) ? collect(value as XpcValue, undefined) : undefined;
  return found ?? NONE;
}

function collect(value: XpcValue, found: MessageRight[] | undefined): MessageRight[] | undefined {
  let rights = found;
  for (const element of Array.isArray(value) ? value : Object.values(value as object)) {
    if (typeof element !== 'object' || element === null) continue;
    if (isRight(element)) {
      rights ??= [];
      rights.push(element);
    } else if (isContainer(element)) rights = collect(element as XpcValue, rights);
  }
  return rights;
}

function isContainer(value: unknown): boolean {
  return Array.isArray(value) || isXpcDictionary(value);
}

function isRight(value: object): value is MessageRight {
  return (
    value instanceof XpcFileDescriptor || value instanceof XpcEndpoint || value instanceof XpcSharedMemory
  );
}

/** Closes and releases rights that nobody takes. Those that were taken meanwhile are left alone. */
export function releaseRights(rights: readonly MessageRight[]): void {
  for (const right of rights) right[Symbol.dispose]();
}

/** Closes the descriptors among rights that were not taken. */
export function closeDescriptors(rights: readonly MessageRight[]): void {
  for (const right of rights) if (right instanceof XpcFileDescriptor) right.close();
}

/**
 * Decodes a message that brought `rights`: those that the result does not name are released, and all of them when
 * `decode` throws. The others go to whoever gets the result.
 */
export function decodeRights<T>(rights: readonly MessageRight[], decode: () => T): T {
  if (rights.length === 0) return decode();
  let named: ReadonlySet<MessageRight> = new Set();
  try {
    const decoded = decode();
    named = new Set(rightsIn(decoded));
    return decoded;
  } finally {
    releaseRights(rights.filter((right) => !named.has(right)));
  }
}
