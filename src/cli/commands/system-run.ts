/** `launchport system run`: the API server in the foreground, on Linux with the supervisor that others may use. */
import { once } from 'node:events';
import { type RunningApiServer, startApiServer } from '../../apiserver/index.js';
import { type LaunchportError, lineLogger } from '../../base/index.js';
import { PluginHost } from '../../harness/index.js';
import { SupervisorServer } from '../../supervisor/index.js';
import { absoluteDirectories, type SearchOptions } from '../catalog.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { RotatingLog } from '../daemon/rotating-log.js';
import { packageVersion } from '../version.js';

/** Milliseconds that jobs get to end at least, when containers have taken most of the time. */
const MIN_JOB_MS = 1_000;

/** Options of `system run`. */
export interface SystemRunOptions extends GlobalOptions, SearchOptions {
  readonly debug?: boolean;
  readonly prefix?: string;
  /** As the daemon: nothing on the standard streams, files private, and the log here. */
  readonly logFile?: string;
  /** Bytes. */
  readonly logSize?: number;
  readonly logFiles?: number;
}

/**
 * Boots plugins, serves until the first SIGINT or SIGTERM or until a client asks it to end, then stops everything it
 * started.
 * @throws LaunchportError ERR_XPC_INVALID when the server loses its Mach service, or was given none
 */
export async function systemRun(context: CliContext, options: SystemRunOptions): Promise<void> {
  const write = openOutput(context, options);
  const logger = lineLogger(write, options.debug ? 'debug' : 'info');
  const asked = new AbortController();
  const ending = AbortSignal.any([context.signal, asked.signal]);
  let jobTimeout: number | undefined;
  await using host = await PluginHost.start({
    pluginDirectories: absoluteDirectories(context, options),
    environment: context.environment,
    debug: options.debug ?? false,
    logger,
    ...(options.prefix === undefined ? {} : { prefix: options.prefix }),
    // Whoever runs the server of a directory runs its launchd: a second one is refused.
    ...(process.platform === 'darwin' ? {} : { supervisor: 'embedded' }),
    // A daemon's jobs outlive it when it is killed, and the next daemon goes on with them.
    recover: options.logFile !== undefined,
  });
  // Answers at once: no plugin, network or container keeps clients waiting for the server itself.
  await using server = await startApiServer(host, { signal: ending });
  // Last, for whoever waits for the daemon waits for this.
  await using control = serveControl(host, options, ({ timeout }) => {
    jobTimeout = timeout;
    asked.abort();
  });
  const ready = { service: server.server.service, bootstrap: host.bootstrap, pid: process.pid };
  if (options.logFile !== undefined) logger.info('serving', ready);
  else if (options.json) context.stdout.write(`${JSON.stringify(ready)}\n`);
  else
    context.stdout.write(
      `serving ${server.server.service}${host.bootstrap === undefined ? '' : ` in ${host.bootstrap}`}\n`,
    );
  const failure = await serve(server, ending);
  // A server without its service would be mute for ever.
  if (failure !== undefined) throw failure;
  logger.info('stopping');
  await control?.stop();
  const begin = performance.now();
  await server.stop(jobTimeout === undefined ? {} : { timeout: jobTimeout });
  const rest = Math.max((jobTimeout ?? 0) - (performance.now() - begin), MIN_JOB_MS);
  await host.stop(jobTimeout === undefined ? {} : { timeout: rest });
  logger.info('stopped');
}

/** Waits for the end; resolves to the reason when it was a failure. */
async function serve(server: RunningApiServer, ending: AbortSignal): Promise<LaunchportError | undefined> {
  const asked = once(ending, 'abort').then(() => undefined);
  await Promise.race([
    asked,
    server.booted.catch((error: unknown) => {
      if (!ending.aborted) throw error;
    }),
  ]);
  if (ending.aborted) return undefined;
  return Promise.race([server.closed, asked]);
}

function serveControl(
  { supervisor, transport, logger }: PluginHost,
  { logFile }: SystemRunOptions,
  onShutdown: (options: { readonly timeout?: number }) => void,
): SupervisorServer | undefined {
  if (supervisor === undefined) return undefined;
  return new SupervisorServer({
    supervisor,
    transport,
    logger,
    version: packageVersion(),
    onShutdown,
    ...(logFile === undefined ? {} : { log: logFile }),
  });
}

function openOutput(context: CliContext, options: SystemRunOptions): (line: string) => void {
  const { logFile, logSize: maxBytes, logFiles: keep } = options;
  if (logFile === undefined) return (line) => context.stderr.write(line);
  process.umask(0o077);
  const limits = { ...(maxBytes === undefined ? {} : { maxBytes }), ...(keep === undefined ? {} : { keep }) };
  const log = new RotatingLog(logFile, limits);
  return (line) => log.write(line);
}
