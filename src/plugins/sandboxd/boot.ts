/** Brings a container up, as far as its first process, which does not run yet. All of it, or nothing is left. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText, type Logger } from '../../base/index.js';
import type { NetworkBootstrapInfo } from '../../compat/index.js';
import { type ContainerBundle, forgetExit, noteBoot, OUTPUT_LOG, openBundle } from './container-files.js';
import { ContainerProcess } from './container-process.js';
import type { RuntimeEnvironment } from './environment.js';
import { networkFiles } from './network-files.js';
import type { NetworkAccess } from './network-member.js';
import { assertPlugins, Networks } from './networks.js';
import { processSpec } from './process-spec.js';
import { PublishedPorts } from './published-ports.js';
import type { Sandbox, SandboxFile } from './sandbox/index.js';
import { sandboxSpec } from './sandbox-spec.js';
import { OutputLog } from './stdio/output-log.js';
import { type ClientDescriptors, ProcessIo } from './stdio/process-io.js';

/** What a container is made with. */
export interface BootSettings {
  readonly id: string;
  /** The container's directory. */
  readonly directory: string;
  readonly logger: Logger;
  readonly environment: RuntimeEnvironment;
  readonly network: NetworkAccess;
}

/** How a container is first brought up. */
export interface BootRequest {
  /** Gives the client's descriptors, which are the container's from then on. */
  readonly takeDescriptors: () => ClientDescriptors;
  readonly dynamicEnv: Readonly<Record<string, string>>;
  readonly networkPlugins: readonly NetworkBootstrapInfo[];
}

/** A container that is up. */
export interface BootedContainer {
  readonly bundle: ContainerBundle;
  readonly sandbox: Sandbox;
  readonly networks: Networks;
  readonly log: OutputLog;
  readonly init: ContainerProcess;
  readonly isOnHostNetwork: boolean;
  readonly ports: Disposable;
  /** Keeps the system from ending this process as idle. */
  readonly transaction: Disposable;
}

/** Milliseconds to make a sandbox. */
const SANDBOX_TIMEOUT = 60_000;

/** @throws LaunchportError of routes, and what the sandbox or a network helper fails with */
export async function boot(settings: BootSettings, request: BootRequest): Promise<BootedContainer> {
  const { id, directory, logger, environment } = settings;
  const bundle = await openBundle(directory, id);
  const { configuration, root } = bundle;
  assertPlugins(configuration.networks.length, request.networkPlugins);
  const process = await processSpec(root, configuration.initProcess, configuration);
  const stateDirectory = await freshDirectory(join(directory, 'sandbox'));
  const { hasNamespaces } = environment;
  const { dynamicEnv } = request;
  const spec = await sandboxSpec(configuration, { root, stateDirectory, dynamicEnv, hasNamespaces });
  await forgetExit(directory);
  const notes: string[] = [`container ${id}, root ${root}`];

  const undo: (() => unknown)[] = [];
  try {
    const log = await OutputLog.open(join(directory, OUTPUT_LOG), { logger });
    undo.push(() => log.close());
    const signal = AbortSignal.timeout(SANDBOX_TIMEOUT);
    const sandbox = await environment.createSandbox(spec, { logger, signal });
    undo.push(() => sandbox.destroy());
    notes.push(...sandbox.notes);
    const networks = new Networks(settings.network);
    undo.push(() => networks.leave());
    const refresh = async () => {
      const files = Object.entries(networkFiles(configuration, networks.attachments));
      for (const [path, content] of files) await sandbox.writeFile(path as SandboxFile, content);
    };
    await networks.join(configuration, request.networkPlugins, {
      netns: () => sandbox.netns(),
      onChange: () =>
        void refresh().catch((error: unknown) =>
          logger.warn('names are out of date', { error: errorText(error) }),
        ),
      note: (text) => {
        notes.push(text);
        logger.warn(text);
      },
    });
    await refresh();
    const isOnHostNetwork = spec.network === 'host';
    // On the host's network the container's ports are the host's already.
    const ports = await PublishedPorts.open(isOnHostNetwork ? [] : configuration.publishedPorts, {
      address: () => networks.reachableAddress,
      logger,
    });
    undo.push(() => ports[Symbol.dispose]());
    const io = new ProcessIo(request.takeDescriptors(), {
      descriptors: environment.descriptors(),
      logger,
      log,
      isTerminal: process.isTerminal,
      stallTimeout: environment.stallTimeout,
    });
    undo.push(() => io.close());
    await noteBoot(directory, notes);
    return {
      bundle,
      sandbox,
      networks,
      log,
      init: new ContainerProcess(id, process, io),
      isOnHostNetwork,
      ports,
      transaction: settings.network.transport.beginTransaction(),
    };
  } catch (error) {
    for (const step of undo.reverse()) {
      await Promise.resolve(step()).catch((failure: unknown) =>
        logger.error('left over', { error: errorText(failure) }),
      );
    }
    await noteBoot(directory, [...notes, `not booted: ${errorText(error)}`]).catch(() => {});
    throw error;
  }
}

/** Nothing of a run before is in it. */
async function freshDirectory(path: string): Promise<string> {
  await rm(path, { recursive: true, force: true });
  await mkdir(path, { mode: 0o700 });
  return path;
}
