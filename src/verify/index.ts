/** The conformance kit: does a plugin bundle behave as its hosts expect? */
export type { CheckInfo, Severity } from './check.js';
export type { CheckResult, VerifyReport } from './report.js';
export { CHECKS, type VerifyOptions, verifyBundle } from './verify-bundle.js';
