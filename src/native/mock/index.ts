/** An in-memory implementation of the binding contract, for unit tests and the plugin test kit on any system. */
export { DEFAULT_LIMITS, type MockLimits } from './limits.js';
export type { MockBinding, MockMain, MockProcess } from './process.js';
export { createMockBinding, createMockWorld, type MockUser, type MockWorld } from './world.js';
