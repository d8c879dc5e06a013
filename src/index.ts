/** The host's side in one import: errors, XPC, launchd, plugins, the supervisor and the harness. Authors import the SDK. */
export * from './base/index.js';
export * from './harness/index.js';
export * from './launchd/index.js';
export * from './plugin/index.js';
export * from './routes/index.js';
export * from './supervisor/index.js';
export * from './systemd/index.js';
export * from './xpc/index.js';
