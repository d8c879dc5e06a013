/** Runs a plugin: listens on its Mach services, answers, and ends in good order when asked to, or when nobody needs it. */
import { constants } from 'node:os';
import {
  EXIT_CODES,
  errorText,
  isLaunchportError,
  LaunchportError,
  type Logger,
  withDeadline,
} from '../base/index.js';
import { RouteServer, type RouteServerOptions } from '../routes/index.js';
import { type XpcListener, XpcTransport } from '../xpc/index.js';
import { loadConfiguration } from './configuration.js';
import { assertIdleExit, type PluginDefinition } from './define-plugin.js';
import { IdleWatch } from './idle-watch.js';
import { parseInvocation } from './instance.js';
import type { PluginContext, ServiceType } from './plugin-context.js';
import { type LogFormat, pluginLogger } from './plugin-log.js';
import { currentProcess, type PluginProcess } from './plugin-process.js';
import { serviceNames } from './service-names.js';

/** Milliseconds that running handlers get at the end: less than launchd's own patience. */
const DEFAULT_GRACE_MS = 4_000;

/** Turns of the event loop in which what has reached the process's sockets is read and handed out. */
const TURNS = 3;

/** How a plugin is run; everything has a default. */
export interface ServeOptions
  extends Pick<RouteServerOptions, 'maxConcurrent' | 'maxConcurrentPerSession' | 'disconnectTimeout'> {
  /** Default this process. */
  readonly process?: PluginProcess;
  /** Default the process's own. */
  readonly transport?: XpcTransport;
  /** Default: `$CONTAINER_LOG_ROOT/NAME.log`, else standard error. */
  readonly logger?: Logger;
  /** Of the default logger; `json` is one object a line. Default: `CONTAINER_LOG_FORMAT`, else `text`. */
  readonly logFormat?: LogFormat;
  /** Milliseconds that running handlers get after SIGTERM, default 4 000: current launchd, and ours, kill 5 s after SIGTERM. */
  readonly grace?: number;
  /** Instead of the definition's {@link PluginDefinition.idleExit}. */
  readonly idleExit?: number;
}

/** A plugin that runs. */
export interface RunningPlugin {
  readonly context: PluginContext;
  /** Ends it as SIGTERM does: lets running handlers finish, then exits with 0. */
  stop(): Promise<void>;
}

/**
 * Runs a plugin in this process until it is told to end, or has been quiet for its `idleExit`. The process exits by
 * itself: with 0 after either and after SIGTERM or SIGINT, at once with 128 plus the signal's number at the second one,
 * and with the code of the failure when it cannot start or loses a service; what went wrong is then on standard error.
 * @throws what made the start fail, after `exit` was called
 */
export async function serve(plugin: PluginDefinition, options: ServeOptions = {}): Promise<RunningPlugin> {
  assertIdleExit(options.idleExit);
  const process = options.process ?? currentProcess();
  try {
    return await start(plugin, process, options);
  } catch (error) {
    reportFailure(plugin.name, error, process);
    throw error;
  }
}

async function start(
  plugin: PluginDefinition,
  process: PluginProcess,
  options: ServeOptions,
): Promise<RunningPlugin> {
  const invocation = parseInvocation(process.args);
  const services = serviceNames(plugin, invocation, process);
  const logger = options.logger ?? pluginLogger(plugin.name, invocation, process, options.logFormat);
  const { pid, args, env: environment } = process;
  const termination = new AbortController();
  const terminating = termination.signal;
  const transport = options.transport ?? XpcTransport.default();
  const configuration = await loadConfiguration(plugin, process);
  const known = { ...invocation, pid, args, services, environment, configuration };
  const context: PluginContext = { ...known, logger, transport, terminating };
  await plugin.start?.(context);
  for (const service of Object.values(plugin.services)) await service?.start?.(context);

  const quiet = options.idleExit ?? plugin.idleExit;
  const idle = new IdleWatch(quiet, () => void leave());
  const served = (Object.keys(services) as ServiceType[]).map((type): Served => {
    const server = new RouteServer({ ...options, logger, transport, onBusy: busyWith(transport, idle) });
    for (const route of plugin.services[type]?.routes ?? []) route.serve(server, context);
    return {
      server,
      listener: transport.listen(services[type] as string, server.accept, server.listenOptions),
    };
  });
  logger.info('serving', { services, pid });
  idle.restart();

  let stopped: Promise<void> | undefined;
  const stop = () => {
    idle.stop();
    termination.abort(new LaunchportError('ERR_XPC_CANCELLED', `plugin ${plugin.name} is ending`));
    stopped ??= end(plugin, context, { served, transport }, options.grace ?? DEFAULT_GRACE_MS).then(() => {
      logger.info('stopped', { pid });
      process.exit(0);
    });
    return stopped;
  };
  const leave = async () => {
    if (!(await isStillQuiet(served, idle)) || stopped !== undefined) return;
    logger.info('stopping: nothing to do', { quiet });
    await stop();
  };
  process.onStopSignal((signal) => {
    if (stopped !== undefined) return process.exit(128 + constants.signals[signal]);
    logger.info('stopping', {
      signal,
      running: served.reduce((sum, { server }) => sum + server.runningCount, 0),
    });
    void stop();
  });
  for (const { listener } of served) {
    void listener.closed.then((reason) => {
      if (stopped !== undefined) return;
      // A service without its listener would be mute; launchd starts a new process for it.
      reportFailure(plugin.name, reason ?? lostService(listener.service), process);
    });
  }
  return { context, stop };
}

interface Served {
  readonly server: RouteServer;
  readonly listener: XpcListener;
}

/** What a server does while it is busy: one transaction, so that launchd leaves the process alone, and no idle time. */
function busyWith(transport: XpcTransport, idle: IdleWatch): (isBusy: boolean) => void {
  let transaction: Disposable | undefined;
  return (isBusy) => {
    idle.onBusy(isBusy);
    if (isBusy && !transport.isClosed) transaction = transport.beginTransaction();
    else transaction?.[Symbol.dispose]();
  };
}

/**
 * Looks whether somebody came while nobody looked; then takes no more clients and looks once more. Clients that come
 * later wait at the socket or port, which is launchd's, for the next process.
 */
async function isStillQuiet(served: readonly Served[], idle: IdleWatch): Promise<boolean> {
  const { signs } = idle;
  const hasCome = async () => {
    for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
    return idle.signs !== signs;
  };
  // A busy machine may see the time pass before the process has accepted the client that it was started for.
  if (await hasCome()) {
    idle.restart();
    return false;
  }
  for (const { listener } of served) listener.suspend();
  if (!(await hasCome())) return true;
  for (const { listener } of served) listener.resume();
  idle.restart();
  return false;
}

/** Takes no more, waits for the running handlers, closes. At most `grace` milliseconds, then it is over anyway. */
async function end(
  plugin: PluginDefinition,
  context: PluginContext,
  { served, transport }: { readonly served: readonly Served[]; readonly transport: XpcTransport },
  grace: number,
): Promise<void> {
  const late = () => new LaunchportError('ERR_TIMEOUT', `not stopped after ${grace} ms`);
  await withDeadline('stop', { timeout: grace }, late, async (signal) => {
    for (const { listener } of served) listener.suspend();
    transport.announceTermination();
    await Promise.all(served.map(({ server }) => server.close({ timeout: grace, signal })));
    await plugin.stop?.(context);
    for (const service of Object.values(plugin.services)) await service?.stop?.(context);
    for (const { listener } of served) listener.cancel();
    await Promise.all(served.map(({ listener }) => listener.closed));
  }).catch((error: unknown) => context.logger.warn(errorText(error)));
}

function lostService(service: string | undefined): LaunchportError {
  return new LaunchportError('ERR_XPC_INVALID', `the listener of ${service} ended`);
}

function reportFailure(name: string, error: unknown, process: PluginProcess): void {
  const isCoded = isLaunchportError(error);
  // What nobody foresaw comes with its stack: the author needs to see where it happened.
  const text = isCoded ? error.message : (error instanceof Error && error.stack) || errorText(error);
  const hint = isCoded && error.hint !== undefined ? `${error.hint}\n` : '';
  process.writeError(`${name}: ${text}\n${hint}`);
  process.exit(isCoded ? EXIT_CODES[error.kind] : 1);
}
