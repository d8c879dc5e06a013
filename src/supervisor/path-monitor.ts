/** Files and directories that a job depends on: tells when one of them changes. */
import { type FSWatcher, readdirSync, statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Clock } from './clock.js';

/** Milliseconds between looks that nothing announced: inotify(7) is silent about network file systems, and may be full. */
export const RECHECK_MS = 5_000;

/** Milliseconds from a notice to the look, so that a burst of them is one. */
const SETTLE_MS = 20;

/** True when something is at the path, as far as this process can see. */
export function exists(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

/** True for a directory with at least one entry. */
export function isFilled(path: string): boolean {
  try {
    return readdirSync(path).length > 0;
  } catch {
    return false;
  }
}

/**
 * Watches paths, which need not exist. A directory changes as entries come and go, not when a file in it does
 * (launchd.plist(5) of WatchPaths). Keeps the event loop alive until it is stopped.
 */
export class PathMonitor {
  readonly #states: Map<string, string>;
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #clock: Clock;
  readonly #onChange: (paths: readonly string[]) => void;
  #cancelLook: (() => void) | undefined;
  #cancelRecheck: (() => void) | undefined;

  /** `onChange` is called from a timer of the clock, with the paths that changed. */
  constructor(paths: readonly string[], clock: Clock, onChange: (paths: readonly string[]) => void) {
    this.#states = new Map(paths.map((path) => [path, stateOf(path)]));
    this.#clock = clock;
    this.#onChange = onChange;
    if (this.#states.size === 0) return;
    this.#arm();
    this.#scheduleRecheck();
  }

  stop(): void {
    this.#cancelLook?.();
    this.#cancelRecheck?.();
    this.#cancelLook = this.#cancelRecheck = undefined;
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #scheduleRecheck(): void {
    this.#cancelRecheck = this.#clock.schedule(RECHECK_MS, () => {
      this.#scheduleRecheck();
      this.#look();
    });
  }

  #look(): void {
    this.#arm();
    const changed = [...this.#states].filter(([path, before]) => stateOf(path) !== before);
    for (const [path] of changed) this.#states.set(path, stateOf(path));
    if (changed.length > 0) this.#onChange(changed.map(([path]) => path));
  }

  #noticed(): void {
    this.#cancelLook ??= this.#clock.schedule(SETTLE_MS, () => {
      this.#cancelLook = undefined;
      this.#look();
    });
  }

  /** Watches each path that is there, and the place where it would come or go. */
  #arm(): void {
    const wanted = new Map<string, Set<string> | undefined>();
    for (const path of this.#states.keys()) {
      if (exists(path)) wanted.set(path, undefined);
      const place = presentParent(path);
      if (wanted.has(place.directory) && wanted.get(place.directory) === undefined) continue;
      const names = wanted.get(place.directory) ?? new Set<string>();
      wanted.set(place.directory, names.add(place.name));
    }
    // One that was replaced by another of its name is watched anew: the old watch follows what is gone.
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
    for (const [path, names] of wanted) this.#watch(path, names);
  }

  #watch(path: string, names: ReadonlySet<string> | undefined): void {
    try {
      const watcher = watch(path, (_event, name) => {
        if (names === undefined || name === null || names.has(name)) this.#noticed();
      });
      // What cannot be watched is still looked at.
      watcher.on('error', () => watcher.close());
      this.#watchers.set(path, watcher);
    } catch {
      // As above: no right to read it, or no watches left.
    }
  }
}

/** The nearest directory above that exists, and the name in it through which the path would come to be. */
function presentParent(path: string): { readonly directory: string; readonly name: string } {
  const directory = dirname(path);
  if (directory === path || exists(directory)) return { directory, name: basename(path) };
  return presentParent(directory);
}

function stateOf(path: string): string {
  try {
    const { ino, size, mtimeNs } = statSync(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch {
    return '';
  }
}
