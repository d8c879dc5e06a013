/** Boot: registers every plugin that asks for it, each within its own deadline, none in the way of another. */
import { errorText, isLaunchportError, LaunchportError } from '../base/index.js';
import type { Plugin, PluginDiagnostic } from '../plugin/index.js';

/** How one plugin fared at boot. */
export interface BootResult {
  readonly name: string;
  readonly plugin: Plugin;
  /** Why it is not loaded; absent when it is. */
  readonly error?: LaunchportError;
}

/** How boot went. */
export interface BootReport {
  /** One per plugin with `loadAtBoot`, sorted by name. */
  readonly results: readonly BootResult[];
  /** What discovery found wrong on the way. */
  readonly diagnostics: readonly PluginDiagnostic[];
}

/** Plugins registered at the same time. On macOS each runs a few launchctl processes. */
const BOOT_CONCURRENCY = 8;

/** Runs `load` for every plugin, some at a time, and collects what became of each. Never rejects. */
export async function bootAll(
  plugins: readonly Plugin[],
  load: (plugin: Plugin) => Promise<unknown>,
): Promise<readonly BootResult[]> {
  const results: BootResult[] = [];
  const waiting = plugins.entries();
  const worker = async () => {
    for (const [index, plugin] of waiting) {
      const error = await load(plugin).then(() => undefined, asLaunchportError);
      results[index] = { name: plugin.name, plugin, ...(error === undefined ? {} : { error }) };
    }
  };
  await Promise.all(Array.from({ length: Math.min(BOOT_CONCURRENCY, plugins.length) }, worker));
  return results;
}

/** Whatever was thrown as a coded error. */
function asLaunchportError(error: unknown): LaunchportError {
  if (isLaunchportError(error)) return error;
  return new LaunchportError('ERR_INTERNAL', errorText(error), { cause: error });
}
