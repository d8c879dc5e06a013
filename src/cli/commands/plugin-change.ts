/** `launchport plugin load | unload | restart NAME…`: changes made by the API server. */
import { printable } from '../../base/index.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { writeJson } from '../output/json.js';
import { withServer } from '../server.js';

/** The verbs and the past tense that success is told in. */
const DONE = { load: 'loaded', unload: 'unloaded', restart: 'restarted' } as const;

/** Options of the three commands. */
export interface PluginChangeOptions extends GlobalOptions {
  /** Seconds. */
  readonly timeout: number;
}

/** Applies `verb` to each plugin in turn; stops at the first that fails, having told what was done before. */
export async function pluginChange(
  context: CliContext,
  verb: keyof typeof DONE,
  names: readonly string[],
  options: PluginChangeOptions,
): Promise<void> {
  const wait = { timeout: options.timeout * 1000, signal: context.signal };
  const done: { name: string; result: string }[] = [];
  const change = withServer(async (client) => {
    const call = { load: client.pluginLoad, unload: client.pluginUnload, restart: client.pluginRestart }[
      verb
    ];
    for (const name of names) {
      await call.call(client, name, wait);
      done.push({ name, result: DONE[verb] });
      if (!options.json) context.stdout.write(`${printable(name)}: ${DONE[verb]}\n`);
    }
  });
  await change.finally(() => {
    if (options.json) writeJson(context, done);
  });
}
