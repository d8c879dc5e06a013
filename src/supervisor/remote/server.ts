/** Serves a supervisor to other processes of the same user, over its own XPC service. */
import { type Logger, silentLogger, type WaitOptions } from '../../base/index.js';
import {
  type ControlOptions,
  type DomainTarget,
  type LaunchControl,
  parseDomainTarget,
  parseServiceTarget,
  type ServiceTarget,
} from '../../launchd/index.js';
import { defineSessionValue, type RouteContext, RouteServer } from '../../routes/index.js';
import { type XpcListener, XpcTransport } from '../../xpc/index.js';
import type { EventOptions, JobEvent } from '../event-stream.js';
import { type ErrorJson, toErrorJson } from './error-json.js';
import { SUPERVISOR_PROTOCOL, SUPERVISOR_SERVICE, supervisorProtocol } from './protocol.js';
import { protocolError } from './version.js';

/** What is served: a `Supervisor`. */
export interface ServedSupervisor extends LaunchControl {
  readonly directory: string;
  checkIn(service: string): number;
  release(service: string): void;
  events(options: EventOptions): AsyncIterable<JobEvent>;
}

/** How a supervisor is served. */
export interface SupervisorServerOptions {
  readonly supervisor: ServedSupervisor;
  /** Told to clients; for people. */
  readonly version: string;
  /** Ends the process: called once, after the first `shutdown` was answered. `timeout` in milliseconds, if given. */
  readonly onShutdown: (options: { readonly timeout?: number }) => void;
  /** Default the process's own. */
  readonly transport?: XpcTransport;
  /** Path of the log, told to clients. */
  readonly log?: string;
  readonly logger?: Logger;
}

/** What every request has. */
interface Head {
  readonly protocol: number;
  readonly call: number;
  readonly timeout?: number | undefined;
}

/** The calls of one client that run, by its number for them. */
const runningCalls = defineSessionValue<Map<number, AbortController>>('calls', () => new Map());

/**
 * A supervisor on {@link SUPERVISOR_SERVICE}. Only processes with the same effective user id get through, which is the
 * listener's default. A call ends early when its client goes, cancels it or has waited long enough; what it set off in
 * launchd goes on, as with any control call.
 */
export class SupervisorServer implements AsyncDisposable {
  readonly #options: SupervisorServerOptions;
  readonly #routes: RouteServer;
  readonly #listener: XpcListener;
  readonly #startedAt = new Date();
  #isShutDown = false;
  #stopped: Promise<void> | undefined;

  /**
   * Starts to serve.
   * @throws LaunchportError ERR_LAUNCHD_SERVICE_TAKEN, ERR_LAUNCHD_STATE when the supervisor was stopped
   */
  constructor(options: SupervisorServerOptions) {
    const { supervisor, logger = silentLogger } = options;
    const transport = options.transport ?? XpcTransport.default();
    this.#options = options;
    this.#routes = new RouteServer({ logger, transport });
    this.#serve();
    const descriptor = supervisor.checkIn(SUPERVISOR_SERVICE);
    try {
      this.#listener = transport.listen(SUPERVISOR_SERVICE, this.#routes.accept, {
        ...this.#routes.listenOptions,
        descriptor,
      });
    } catch (error) {
      supervisor.release(SUPERVISOR_SERVICE);
      throw error;
    }
  }

  /** Ends event streams, lets running calls end (default 10 s), then frees the name. The supervisor stays. */
  stop(options: WaitOptions = {}): Promise<void> {
    this.#stopped ??= this.#stop(options);
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #stop(options: WaitOptions): Promise<void> {
    this.#listener.suspend();
    await this.#routes.close(options);
    this.#listener.cancel();
    await this.#listener.closed;
    this.#options.supervisor.release(SUPERVISOR_SERVICE);
  }

  #serve(): void {
    const { supervisor } = this.#options;
    const answer = this.#answer;
    this.#routes.serve(supervisorProtocol, {
      info: () => this.#info(),
      shutdown: ({ timeout }) => this.#shutDown(timeout),
      cancel: ({ call }, { session }) => session.get(runningCalls).get(call)?.abort(),
      session: (request, context) =>
        answer(request, context, async (options) => ({
          manager: await supervisor.managerName(options),
          domain: await supervisor.defaultDomain(options),
        })),
      bootstrap: (request, context) =>
        answer(request, context, async (options) => ({
          target: await supervisor.bootstrap(domainOf(request), request.path, options),
        })),
      bootout: (request, context) =>
        answer(request, context, async (options) => {
          await supervisor.bootout(targetOf(request), options);
          return {};
        }),
      kickstart: (request, context) =>
        answer(request, context, async (options) => ({
          pid: await supervisor.kickstart(targetOf(request), { ...options, kill: request.kill }),
        })),
      kill: (request, context) =>
        answer(request, context, async (options) => {
          await supervisor.kill(targetOf(request), request.signal as NodeJS.Signals, options);
          return {};
        }),
      print: (request, context) =>
        answer(request, context, async (options) => ({
          status: await supervisor.print(targetOf(request), options),
        })),
      enable: (request, context) =>
        answer(request, context, async (options) => {
          await supervisor.enable(targetOf(request), options);
          return {};
        }),
      disable: (request, context) =>
        answer(request, context, async (options) => {
          await supervisor.disable(targetOf(request), options);
          return {};
        }),
      overrides: (request, context) =>
        answer(request, context, async (options) => ({
          overrides: Object.fromEntries(await supervisor.overrides(domainOf(request), options)),
        })),
      list: (request, context) =>
        answer(request, context, async (options) => ({ jobs: await supervisor.list(options) })),
      events: (request, context) => this.#events(request, context),
    });
  }

  /** Runs a verb under the client's bounds; whatever it throws goes into the reply, whole. */
  readonly #answer = async <T extends object>(
    { protocol, call, timeout }: Head,
    { session, signal }: RouteContext,
    work: (options: ControlOptions) => Promise<T>,
  ): Promise<T | { readonly error: ErrorJson }> => {
    const calls = session.get(runningCalls);
    const controller = new AbortController();
    const onGone = () => controller.abort();
    signal.addEventListener('abort', onGone, { once: true });
    calls.set(call, controller);
    try {
      if (protocol !== SUPERVISOR_PROTOCOL) throw protocolError(protocol, SUPERVISOR_PROTOCOL);
      return await work({ ...(timeout === undefined ? {} : { timeout }), signal: controller.signal });
    } catch (error) {
      return { error: toErrorJson(error) };
    } finally {
      calls.delete(call);
      signal.removeEventListener('abort', onGone);
    }
  };

  async *#events(
    { protocol, bufferSize }: Head & { readonly bufferSize?: number | undefined },
    { signal, terminating }: RouteContext,
  ) {
    const left = new AbortController();
    try {
      if (protocol !== SUPERVISOR_PROTOCOL) throw protocolError(protocol, SUPERVISOR_PROTOCOL);
      const events = this.#options.supervisor.events({
        signal: AbortSignal.any([left.signal, signal, terminating]),
        ...(bufferSize === undefined ? {} : { bufferSize }),
      });
      yield {};
      for await (const event of events) yield { event };
      return {};
    } catch (error) {
      return { error: toErrorJson(error) };
    } finally {
      left.abort();
    }
  }

  async #info() {
    const { supervisor, version, log } = this.#options;
    return {
      protocol: SUPERVISOR_PROTOCOL,
      version,
      pid: process.pid,
      directory: supervisor.directory,
      startedAt: this.#startedAt,
      jobs: (await supervisor.list()).length,
      ...(log === undefined ? {} : { log }),
    };
  }

  #shutDown(timeout: number | undefined) {
    if (!this.#isShutDown) {
      this.#isShutDown = true;
      // After the reply, which `stop` lets out before it ends connections.
      setImmediate(() => this.#options.onShutdown(timeout === undefined ? {} : { timeout }));
    }
    return { pid: process.pid };
  }
}

/** @throws LaunchportError ERR_LAUNCHD_TARGET */
function domainOf({ domain }: { readonly domain: string }): DomainTarget {
  return parseDomainTarget(domain);
}

/** @throws LaunchportError ERR_LAUNCHD_TARGET */
function targetOf({ target }: { readonly target: string }): ServiceTarget {
  const { domain, label } = parseServiceTarget(target);
  return `${domain}/${label}`;
}
