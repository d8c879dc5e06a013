/** The sandbox of the runtime plugin: isolation of a container by what the system offers, with no word of XPC. */
export { createSandbox } from './create-sandbox.js';
export type {
  ProcessExit,
  ProcessInfo,
  ProcessSpec,
  ProcessStdio,
  ResourceLimit,
  Sandbox,
  SandboxFile,
  SandboxMount,
  SandboxOptions,
  SandboxProcess,
  SandboxResources,
  SandboxSpec,
  SandboxStatistics,
} from './sandbox.js';
