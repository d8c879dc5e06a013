/** A container's directory, the plugin on the in-memory system, and a client of its anonymous connection. */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import {
  type ContainerConfiguration,
  createEndpoint,
  encodeJson,
  type RuntimeConfiguration,
  runtimeConfiguration,
  runtimeProtocol,
} from '../../../src/compat/index.js';
import type { RuntimeEnvironment } from '../../../src/plugins/sandboxd/environment.js';
import { sandboxd } from '../../../src/plugins/sandboxd/plugin.js';
import { addonDescriptors } from '../../../src/plugins/sandboxd/stdio/descriptors.js';
import { RouteClient } from '../../../src/routes/index.js';
import type { ProtocolClient } from '../../../src/routes/protocol-client.js';
import { type PluginUnderTest, testPlugin } from '../../../src/sdk/testing.js';
import { FakeSandbox } from './fake-sandbox.js';

export const ID = 'web-1';

/** A request to boot without networks. */
export const BOOT = { networkBootstrapInfos: [] } as const;
/** An error reply with this code. */
export const failure = (code: string, message?: RegExp) =>
  expect.objectContaining({
    details: expect.objectContaining({
      code,
      ...(message === undefined ? {} : { message: expect.stringMatching(message) }),
    }),
  });

/** A process of the shell. */
export function shell(command: string): ContainerConfiguration['initProcess'] {
  return {
    executable: '/bin/sh',
    arguments: ['-c', command],
    environment: ['PATH=/usr/bin:/bin'],
    workingDirectory: '/',
    terminal: false,
    user: { id: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 } },
    supplementalGroups: [],
    rlimits: [],
  };
}

/** A container as the API server leaves it. */
export function configurationOf(
  directory: string,
  root: string,
  changes: Record<string, unknown> = {},
): RuntimeConfiguration {
  const filesystem = { type: { virtiofs: {} }, source: root, destination: '/', options: [] };
  return runtimeConfiguration.parse({
    path: directory,
    initialFilesystem: filesystem,
    kernel: {
      path: '/none',
      platform: { os: 'linux', architecture: 'amd64' },
      commandLine: { kernelArgs: [], initArgs: [] },
    },
    containerConfiguration: {
      id: ID,
      image: {
        reference: 'test',
        descriptor: { mediaType: 'application/vnd.oci.image.index.v1+json', digest: 'sha256:0', size: 0 },
      },
      initProcess: shell('exit 7'),
      ...changes,
    },
    containerRootFilesystem: filesystem,
    options: { autoRemove: false },
  });
}

/** One container under test. */
export class Bench implements AsyncDisposable {
  readonly base = mkdtempSync(join(tmpdir(), 'lp-sandboxd-'));
  readonly root = join(this.base, 'root');
  readonly directory = join(this.base, 'container');
  readonly sandboxes: FakeSandbox[] = [];
  #plugin: PluginUnderTest<ReturnType<typeof sandboxd>['services']> | undefined;

  constructor() {
    mkdirSync(join(this.root, 'etc'), { recursive: true });
    mkdirSync(this.directory);
    this.configure();
  }

  /** Writes what the API server leaves. */
  configure(changes: Record<string, unknown> = {}): void {
    const text = encodeJson(runtimeConfiguration, configurationOf(this.directory, this.root, changes));
    writeFileSync(join(this.directory, 'runtime-configuration.json'), text);
  }

  /** Starts the plugin; resolves to a client of the anonymous connection. */
  async start(
    environment: Partial<RuntimeEnvironment> = {},
  ): Promise<ProtocolClient<typeof runtimeProtocol.routes>> {
    this.#plugin = await testPlugin(
      sandboxd({
        environment: this.environment(environment),
        connect: { bootstrap: '/bootstrap' },
      }),
      { args: ['start', '--root', this.directory, '--uuid', ID] },
    );
    return this.connect();
  }

  /** A system whose sandboxes isolate nothing. */
  environment(changes: Partial<RuntimeEnvironment> = {}): RuntimeEnvironment {
    return {
      createSandbox: async (spec) => {
        const sandbox = new FakeSandbox(spec);
        this.sandboxes.push(sandbox);
        return sandbox;
      },
      descriptors: () => addonDescriptors(),
      hasNamespaces: true,
      viewOf: (_process, root) => root,
      stallTimeout: 60_000,
      drainGrace: 10_000,
      ...changes,
    };
  }

  /** Another client. */
  async connect(): Promise<ProtocolClient<typeof runtimeProtocol.routes>> {
    return (await this.connectRaw()).as(runtimeProtocol);
  }

  async connectRaw(): Promise<RouteClient> {
    const { raw } = this.plugin.client('runtime');
    const { runtimeServiceEndpoint } = await raw.call(createEndpoint);
    return RouteClient.connect(this.plugin.transport, runtimeServiceEndpoint, { timeout: 60_000 });
  }

  get plugin(): PluginUnderTest<ReturnType<typeof sandboxd>['services']> {
    if (this.#plugin === undefined) throw new Error('not started');
    return this.#plugin;
  }

  get sandbox(): FakeSandbox {
    return this.sandboxes.at(-1) as FakeSandbox;
  }

  /** A file of the container's directory. */
  file(name: string): string {
    return readFileSync(join(this.directory, name), 'utf8');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#plugin?.close();
    for (const sandbox of this.sandboxes) await sandbox.destroy();
    // The container may still note how it ended.
    await rm(this.base, { recursive: true, force: true, maxRetries: 20, retryDelay: 20 });
  }
}
