/** Checks of the options that programs give. */

import type { GateLimits } from './handler-gate.js';
import { DEFAULTS, type ListenOptions } from './handlers.js';

/** The bounds of a listener's gate. @throws RangeError */
export function gateLimits(options: ListenOptions = {}): GateLimits {
  const limits = {
    maxConcurrent: options.maxConcurrent ?? DEFAULTS.maxConcurrent,
    maxConcurrentPerPeer: options.maxConcurrentPerPeer ?? DEFAULTS.maxConcurrentPerPeer,
    maxRunningBytes: options.maxRunningBytes ?? DEFAULTS.maxRunningBytes,
    maxWaiting: options.maxWaiting ?? DEFAULTS.maxWaiting,
    maxWaitingBytes: options.maxWaitingBytes ?? DEFAULTS.maxWaitingBytes,
  };
  for (const name of ['maxConcurrent', 'maxConcurrentPerPeer', 'maxRunningBytes'] as const) {
    assertPositive(name, limits[name]);
  }
  for (const name of ['maxWaiting', 'maxWaitingBytes'] as const) {
    if (!(limits[name] >= 0)) throw new RangeError(`${name} must be 0 or more, not ${limits[name]}`);
  }
  return limits;
}

/** @throws RangeError */
export function assertPositive(name: string, value: number): void {
  if (!(value > 0)) throw new RangeError(`${name} must be a positive number, not ${value}`);
}
