/** The connection to one container's runtime: `createEndpoint` on its Mach service, all else on the endpoint it gives. */
import { isLaunchportError, MAX_TIMEOUT_MS } from '../base/index.js';
import { createEndpoint, type ProcessInfo, processProtocol, runtimeProtocol } from '../compat/index.js';
import { type ProtocolClient, RouteClient } from '../routes/index.js';
import type { XpcTransport } from '../xpc/index.js';
import type { Instance, Instances } from './instances.js';
import type { Timeouts } from './timeouts.js';

/** Calls the routes of a runtime. */
export type RuntimeRoutes = ProtocolClient<typeof runtimeProtocol.routes>;

/** A runtime that answers. */
export class RuntimeSession {
  readonly instance: Instance;
  readonly client: RouteClient;
  readonly routes: RuntimeRoutes;
  readonly #lost: Promise<void>;

  private constructor(instance: Instance, client: RouteClient) {
    this.instance = instance;
    this.client = client;
    this.routes = client.as(runtimeProtocol);
    this.#lost = client.connection.closed.then(() => {});
  }

  /**
   * Reaches the runtime of an instance, which starts it.
   * @throws LaunchportError ERR_PLUGIN_EXITED, ERR_LAUNCHD_SPAWN, and those of a call
   */
  static async open(
    { instances, transport, timeouts }: RuntimeHost,
    instance: Instance,
    signal?: AbortSignal,
  ): Promise<RuntimeSession> {
    const { start: timeout, call } = timeouts;
    await using service = instances.connect(instance, timeout);
    const bounds = { timeout, ...(signal === undefined ? {} : { signal }) };
    const { runtimeServiceEndpoint: endpoint } = await service.call(createEndpoint, {}, bounds);
    try {
      return new RuntimeSession(instance, RouteClient.connect(transport, endpoint, { timeout: call }));
    } finally {
      endpoint.release();
    }
  }

  /** Settles when the connection has ended, for whatever reason. */
  get lost(): Promise<void> {
    return this.#lost;
  }

  /**
   * Waits for the end of a process, however long that takes.
   * @throws LaunchportError of a call, but none of time
   */
  async wait(
    id: string,
    signal?: AbortSignal,
  ): Promise<{ readonly exitCode: number; readonly exitedAt: Date }> {
    for (;;) {
      try {
        const bounds = { timeout: MAX_TIMEOUT_MS, ...(signal === undefined ? {} : { signal }) };
        return await this.routes.call('wait', { id }, bounds);
      } catch (error) {
        // Nearly a month: asked again.
        if (!isLaunchportError(error, 'ERR_XPC_TIMEOUT')) throw error;
      }
    }
  }

  /** The processes in the sandbox. @throws LaunchportError, code `unsupported` on the wire when the runtime cannot tell */
  async processes(): Promise<readonly ProcessInfo[]> {
    return (await this.client.as(processProtocol).call('processes')).processes;
  }

  close(): Promise<void> {
    return this.client.close();
  }
}

/** What sessions are made with. */
export interface RuntimeHost {
  readonly instances: Instances;
  readonly transport: XpcTransport;
  readonly timeouts: Timeouts;
}
