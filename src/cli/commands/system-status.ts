/** `launchport system status`: whether an API server answers, and with which roots. */
import { printable } from '../../base/index.js';
import { withServer } from '../catalog.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { writeJson } from '../output/json.js';

/** Writes what the server says of itself. @throws LaunchportError ERR_SERVER_NOT_RUNNING (exit status 3) */
export async function systemStatus(
  context: CliContext,
  options: GlobalOptions & { readonly timeout: number },
): Promise<void> {
  const status = await withServer((client) =>
    client.ping({ timeout: options.timeout * 1000, signal: context.signal }),
  );
  if (options.json) return writeJson(context, status);
  for (const [key, value] of Object.entries(status))
    context.stdout.write(`${key.padEnd(18)} ${printable(String(value))}\n`);
}
