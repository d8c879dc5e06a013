/** `launchport system run`: the API server in the foreground. */
import { once } from 'node:events';
import { lineLogger } from '../../base/index.js';
import { ApiServer, PluginHost } from '../../harness/index.js';
import { absoluteDirectories, type SearchOptions } from '../catalog.js';
import type { CliContext, GlobalOptions } from '../context.js';

/** Options of `system run`. */
export interface SystemRunOptions extends GlobalOptions, SearchOptions {
  readonly debug?: boolean;
}

/**
 * Boots plugins, serves until the first SIGINT or SIGTERM, then stops everything it started.
 * @throws LaunchportError ERR_XPC_INVALID when the server loses its Mach service, or was given none
 */
export async function systemRun(context: CliContext, options: SystemRunOptions): Promise<void> {
  const logger = lineLogger((line) => context.stderr.write(line), options.debug ? 'debug' : 'info');
  await using host = await PluginHost.start({
    pluginDirectories: absoluteDirectories(context, options),
    environment: context.environment,
    debug: options.debug ?? false,
    logger,
  });
  // Before the plugins boot: a hung plugin must not keep clients waiting for the server itself.
  await using server = await ApiServer.start(host);
  const ready = { service: server.service, bootstrap: host.bootstrap, pid: process.pid };
  context.stdout.write(
    options.json
      ? `${JSON.stringify(ready)}\n`
      : `serving ${server.service}${host.bootstrap === undefined ? '' : ` in ${host.bootstrap}`}\n`,
  );
  await host.harness.boot({ signal: context.signal });
  const failure = context.signal.aborted
    ? undefined
    : await Promise.race([server.closed, once(context.signal, 'abort').then(() => undefined)]);
  // A server without its service would be mute for ever.
  if (failure !== undefined) throw failure;
  logger.info('stopping');
}
