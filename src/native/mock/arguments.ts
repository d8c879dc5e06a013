/** Checks of arguments, as strict as the addon's: a wrong one is a TypeError, never a surprise later. */
import { type Handle, Outbound } from '../records.js';
import type { ConnectTarget, ListenTarget } from '../targets.js';

// BOOTSTRAP_MAX_NAME_LEN of bootstrap.h, less its NUL.
const MAX_NAME_BYTES = 127;
const MAX_DESCRIPTOR = 0x7fff_ffff;

/** A handle, token or length: an unsigned 32-bit integer. */
export function assertWord(value: Handle, what: string): number {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) {
    throw new TypeError(`${what} must be an integer in range`);
  }
  return value;
}

/** Checks a target, all but what its handle or descriptor names. */
export function assertConnectTarget(target: ConnectTarget): void {
  if ('endpoint' in target) {
    assertWord(target.endpoint, 'endpoint');
    return;
  }
  assertName(target.name);
  assertFlag(target.privileged, 'privileged');
  assertText(target.address, 'address');
}

/** Checks a target, all but whether its descriptor is open. */
export function assertListenTarget(target: ListenTarget): void {
  if (target.name === undefined) {
    if ('descriptor' in target && target.descriptor !== undefined)
      throw new TypeError('a listener on a descriptor needs a name');
    return;
  }
  assertName(target.name);
  if (target.descriptor !== undefined) assertDescriptor(target.descriptor);
}

/** A kind of record, without flags. */
export function assertKind(kind: number): void {
  if (kind !== Outbound.message && kind !== Outbound.request && kind !== Outbound.reply) {
    throw new TypeError('unknown kind of record');
  }
}

/** A descriptor: a non-negative int. */
export function assertDescriptor(descriptor: number): void {
  if (assertWord(descriptor, 'descriptor') > MAX_DESCRIPTOR) {
    throw new TypeError('descriptor must be an integer in range');
  }
}

export function assertBody(body: Uint8Array): void {
  if (!(body instanceof Uint8Array) || !(body.buffer instanceof ArrayBuffer)) {
    throw new TypeError('body must be a Uint8Array over memory that is not shared');
  }
}

export function assertFunction(value: unknown, what: string): void {
  if (typeof value !== 'function') throw new TypeError(`${what} must be a function`);
}

function assertName(name: string): void {
  assertText(name, 'name');
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) throw new TypeError('name must have 1 to 127 bytes');
}

/** A path, name or other text that the system takes. */
export function assertText(value: unknown, what: string): asserts value is string {
  if (typeof value !== 'string' || value === '' || value.includes('\0')) {
    throw new TypeError(`${what} must be a string without NUL, and not empty`);
  }
}

/** A boolean, or nothing. */
export function assertFlag(value: unknown, what: string): void {
  if (value !== undefined && typeof value !== 'boolean') throw new TypeError(`${what} must be a boolean`);
}
