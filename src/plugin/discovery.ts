/** Finds plugins in an ordered list of directories. */
import { constants, statSync } from 'node:fs';
import { access, readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import {
  abortedError,
  errorText,
  isLaunchportError,
  LaunchportError,
  type Logger,
  silentLogger,
} from '../base/index.js';
import { boundedMap } from './bounded-map.js';
import { LAYOUTS, type LoadedBundle, loadBundleSync } from './bundle.js';
import type { Plugin } from './config.js';
import { diagnosticFor, logDiagnostics, type PluginDiagnostic } from './diagnostic.js';
import { assertPluginName } from './naming.js';

/** Bundles read in one go, when nothing else is said. */
const DEFAULT_CONCURRENCY = 32;

/** What a catalog looks at. */
export interface CatalogOptions {
  /** Plugin directories; a name found in an earlier one hides the same name in a later one. */
  readonly directories: readonly string[];
  readonly logger?: Logger;
  /** Bundles read in one go, before the event loop has its turn; default 32, which take some 3 ms. */
  readonly concurrency?: number;
}

/** Everything that a scan found. */
export interface ScanResult {
  /** One per name, sorted by name (code units). */
  readonly plugins: readonly Plugin[];
  /** In the order of the directories, then of the names. */
  readonly diagnostics: readonly PluginDiagnostic[];
}

/** What the lookup of one name found. */
export interface LookupResult {
  readonly plugin?: Plugin;
  /** Remarks, among them the broken bundles that were passed over. */
  readonly diagnostics: readonly PluginDiagnostic[];
  /** Why each passed-over bundle is not used. */
  readonly failures: readonly LaunchportError[];
  /** Bundle paths, in the order tried. */
  readonly searched: readonly string[];
}

/** The plugins on disk. It keeps no state: each call looks again. */
export class PluginCatalog {
  readonly directories: readonly string[];
  readonly #logger: Logger;
  readonly #concurrency: number;

  /** @throws RangeError when `concurrency` is not a positive integer */
  constructor(options: CatalogOptions) {
    const concurrency = options.concurrency ?? DEFAULT_CONCURRENCY;
    if (!Number.isInteger(concurrency) || concurrency < 1)
      throw new RangeError('concurrency must be 1 or more');
    this.directories = [...new Set(options.directories)];
    this.#logger = options.logger ?? silentLogger;
    this.#concurrency = concurrency;
  }

  /**
   * Reads all bundles. Broken ones and unreadable directories become diagnostics, which are also logged; hidden
   * entries, plain files and missing directories are passed over in silence.
   * @throws LaunchportError ERR_ABORTED
   */
  async scan(options: { readonly signal?: AbortSignal } = {}): Promise<ScanResult> {
    const diagnostics: PluginDiagnostic[] = [];
    const found = new Map<string, Plugin>();
    for (const directory of this.directories) {
      const entries = await listEntries(directory, diagnostics);
      const read = await this.#read(entries, options.signal);
      diagnostics.push(...read.flatMap((each) => each.diagnostics));
      for (const { plugin } of read.flatMap((each) => each.bundle ?? [])) {
        const winner = found.get(plugin.name);
        if (winner === undefined) found.set(plugin.name, plugin);
        else if (!(await isSameBundle(winner, plugin))) diagnostics.push(shadowed(plugin, winner));
      }
    }
    logDiagnostics(diagnostics, this.#logger);
    const plugins = [...found.values()].sort((a, b) => compare(a.name, b.name));
    return { plugins, diagnostics };
  }

  async #read(entries: readonly Entry[], signal: AbortSignal | undefined): Promise<Examined[]> {
    const read: Examined[] = [];
    for (const entry of entries) {
      if (signal?.aborted) throw abortedError('scan', signal);
      read.push(examine(entry));
      if (read.length % this.#concurrency === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    return read;
  }

  /**
   * The plugin of exactly this name: the first good one by directory, then by layout. Unlike a scan it also finds
   * hidden names. Broken bundles on the way are logged and passed over.
   * @throws LaunchportError ERR_PLUGIN_NAME; ERR_PLUGIN_NOT_FOUND naming the paths searched; or, when only broken
   * bundles have the name, what is wrong with the first: ERR_PLUGIN_CONFIG, ERR_PLUGIN_BINARY, ERR_PLUGIN_DIRECTORY
   */
  async find(name: string): Promise<Plugin> {
    const { plugin, diagnostics, failures, searched } = await this.lookup(name);
    logDiagnostics(diagnostics, this.#logger);
    if (plugin !== undefined) return plugin;
    if (failures[0] !== undefined) throw failures[0];
    throw new LaunchportError('ERR_PLUGIN_NOT_FOUND', `plugin not found: ${name}`, {
      hint:
        searched.length === 0
          ? 'No plugin directory is set.'
          : `Put it at one of the paths searched: ${searched.join(', ')}`,
      details: { name, searched },
    });
  }

  /**
   * As {@link find}, but reports instead of failing, and logs nothing.
   * @throws LaunchportError ERR_PLUGIN_NAME
   */
  async lookup(name: string): Promise<LookupResult> {
    assertPluginName(name);
    const diagnostics: PluginDiagnostic[] = [];
    const failures: LaunchportError[] = [];
    const searched: string[] = [];
    for (const directory of this.directories) {
      for (const layout of LAYOUTS) {
        const path = layout.bundlePath(directory, name);
        searched.push(path);
        const result = load(path, layout);
        if (isLaunchportError(result)) {
          const failure = (await unreadable(directory)) ?? result;
          failures.push(failure);
          diagnostics.push(diagnosticFor(failure, failure === result ? path : directory, name));
        } else if (result !== undefined) {
          return {
            plugin: result.plugin,
            diagnostics: [...diagnostics, ...result.diagnostics],
            failures,
            searched,
          };
        }
      }
    }
    return { diagnostics, failures, searched };
  }

  /**
   * The plugin whose executable this is, symbolic links resolved on both sides; undefined when the path does not
   * exist or belongs to none. A CLI plugin finds its own bundle with it.
   */
  async findForExecutable(
    path: string,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Plugin | undefined> {
    const wanted = await realpath(path).catch(() => undefined);
    if (wanted === undefined) return undefined;
    const { plugins } = await this.scan(options);
    const real = await boundedMap(plugins, this.#concurrency, (plugin) =>
      realpath(plugin.binaryPath).catch(() => undefined),
    );
    return plugins[real.indexOf(wanted)];
  }
}

/** What a plugin directory holds. */
interface Entry {
  readonly path: string;
  /** Known to be one; a link is not known. */
  readonly isDirectory: boolean;
}

/**
 * Bundle paths in a plugin directory: its visible entries that may be directories. Sorted, so that `foo` comes before
 * `foo.app` and the same one wins every time, whatever order the file system has.
 */
async function listEntries(directory: string, diagnostics: PluginDiagnostic[]): Promise<Entry[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries
      .filter((entry) => !entry.name.startsWith('.') && !entry.isFile())
      .map((entry) => ({ path: join(directory, entry.name), isDirectory: entry.isDirectory() }))
      .sort((a, b) => compare(a.path, b.path));
  } catch (error) {
    const failure = directoryError(directory, error);
    if (failure !== undefined) diagnostics.push(diagnosticFor(failure, directory));
    return [];
  }
}

function directoryError(directory: string, error: unknown): LaunchportError | undefined {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
  const message = `cannot read the plugin directory ${directory}: ${errorText(error)}`;
  return new LaunchportError('ERR_PLUGIN_DIRECTORY', message, {
    hint: 'Make it a directory that this user may read, or take it off the list.',
    details: { directory },
    cause: error,
  });
}

/** An error when a bundle failed because its whole plugin directory is closed to us. */
async function unreadable(directory: string): Promise<LaunchportError | undefined> {
  return access(directory, constants.X_OK).then(
    () => undefined,
    (error: unknown) => directoryError(directory, error),
  );
}

interface Examined {
  readonly bundle?: LoadedBundle;
  readonly diagnostics: readonly PluginDiagnostic[];
}

/** Tries all layouts in turn; the first good one counts, and what a later one would have said does not. */
function examine({ path, isDirectory }: Entry): Examined {
  if (!isDirectory && !leadsToDirectory(path)) return { diagnostics: [] };
  const diagnostics: PluginDiagnostic[] = [];
  for (const layout of LAYOUTS) {
    const result = load(path, layout);
    if (isLaunchportError(result)) diagnostics.push(diagnosticFor(result, path, layout.nameOf(path)));
    else if (result !== undefined)
      return { bundle: result, diagnostics: [...diagnostics, ...result.diagnostics] };
  }
  if (diagnostics.length > 0) return { diagnostics };
  const message = `${path}: no plugin here: it has none of config.toml, config.json and plugin.json`;
  return { diagnostics: [{ severity: 'warning', code: 'no-config', path, message }] };
}

function leadsToDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function load(...args: Parameters<typeof loadBundleSync>): LoadedBundle | LaunchportError | undefined {
  try {
    return loadBundleSync(...args);
  } catch (error) {
    if (isLaunchportError(error)) return error;
    throw error;
  }
}

async function isSameBundle(a: Plugin, b: Plugin): Promise<boolean> {
  // One that vanished in the meantime is itself, and no other's twin.
  const resolved = (path: string) => realpath(path).catch(() => path);
  const [first, second] = await Promise.all([resolved(a.bundlePath), resolved(b.bundlePath)]);
  return first === second && a.layout === b.layout;
}

function shadowed(plugin: Plugin, winner: Plugin): PluginDiagnostic {
  return {
    severity: 'warning',
    code: 'shadowed',
    path: plugin.bundlePath,
    name: plugin.name,
    message: `plugin ${plugin.name} at ${plugin.bundlePath} is shadowed by ${winner.bundlePath}`,
    hint: 'Remove or rename one of them.',
  };
}

/** Order by UTF-16 code units, the same on every machine and in every locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
