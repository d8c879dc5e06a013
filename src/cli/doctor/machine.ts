/** What `launchport doctor` asks of the machine, so that tests can examine machines that are not there. */
import { packageManifest } from '../../base/index.js';
import { LaunchctlControl, type ManagerName } from '../../launchd/index.js';
import {
  addonPaths,
  type Binding,
  type BindingSearch,
  bootstrapDirectory,
  type Capability,
  runtimeDirectory,
  searchBinding,
} from '../../native/index.js';
import { inspectStateDirectory, type StateDirectoryReport } from '../../supervisor/index.js';
import { XpcTransport } from '../../xpc/index.js';

/** How long launchctl may take, in milliseconds. */
const LAUNCHCTL_TIMEOUT_MS = 5000;

/** One machine and one environment. Any method may throw: that is a finding. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  /** As `process.versions.node`. */
  readonly node: string;
  /** Oldest Node that the package takes, such as `20.17`. */
  readonly minimumNode: string;
  readonly uid: number;
  readonly environment: NodeJS.ProcessEnv;
  findBinding(): BindingSearch;
  /** Opens a port with the binding, and closes it. */
  capabilities(binding: Binding): Promise<readonly Capability[]>;
  readonly runtimeDirectory: string;
  inspectRuntimeDirectory(): StateDirectoryReport;
  readonly bootstrapDirectory: string;
  /** The session that launchd has this process in. Darwin. */
  managerName(signal: AbortSignal): Promise<ManagerName>;
}

/** The machine that this runs on, seen from `environment`. */
export function thisMachine(environment: NodeJS.ProcessEnv): Machine {
  const directory = runtimeDirectory(environment);
  return {
    platform: process.platform,
    arch: process.arch,
    node: process.versions.node,
    minimumNode: minimumNode(),
    uid: process.getuid?.() ?? 0,
    environment,
    findBinding: () => searchBinding(addonPaths(environment)),
    capabilities: async (binding) => {
      const transport = new XpcTransport(binding);
      try {
        return transport.capabilities();
      } finally {
        await transport.close();
      }
    },
    runtimeDirectory: directory,
    inspectRuntimeDirectory: () => inspectStateDirectory(directory),
    bootstrapDirectory: bootstrapDirectory(environment),
    managerName: (signal) => new LaunchctlControl().managerName({ timeout: LAUNCHCTL_TIMEOUT_MS, signal }),
  };
}

/** From `engines` in package.json, which is `>=` and a version. */
function minimumNode(): string {
  return packageManifest().engines.node.replace(/^\D*/, '');
}
