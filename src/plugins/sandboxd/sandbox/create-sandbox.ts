/** Makes the sandbox of this system. */
import { LaunchportError } from '../../../base/index.js';
import { makeDarwinSandbox } from './darwin/darwin-sandbox.js';
import { makeLinuxSandbox } from './linux/linux-sandbox.js';
import type { Sandbox, SandboxOptions, SandboxSpec } from './sandbox.js';

/**
 * Makes a sandbox: its namespaces and mounts are in place when this resolves, and nothing of the root has run.
 * @throws LaunchportError ERR_UNSUPPORTED where the system cannot, with what to install or allow; ERR_SANDBOX for a root or
 *   mount that does not do; ERR_TIMEOUT; ERR_ABORTED. RangeError for a specification that cannot be. Nothing is left then
 */
export async function createSandbox(spec: SandboxSpec, options: SandboxOptions = {}): Promise<Sandbox> {
  if (!/^[A-Za-z0-9][\w.-]{0,127}$/.test(spec.id)) throw new RangeError(`"${spec.id}" cannot name a sandbox`);
  if (!spec.root.startsWith('/')) throw new RangeError(`the root "${spec.root}" is no absolute path`);
  if (process.platform === 'linux') return makeLinuxSandbox(spec, options);
  if (process.platform === 'darwin') return makeDarwinSandbox(spec, options);
  throw new LaunchportError('ERR_UNSUPPORTED', `there are no sandboxes on ${process.platform}`, {
    hint: 'Use Linux or macOS.',
  });
}
