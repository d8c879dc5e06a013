/** Resource limits by control groups, version 2, where this process may make them (cgroups(7)). */
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { delay, errorText } from '../../../../base/index.js';
import type { SandboxResources, SandboxStatistics } from '../sandbox.js';

const CONTROLLERS = ['memory', 'cpu', 'pids', 'io'];
const CPU_PERIOD_USEC = 100_000;
/** How long the group of an ended sandbox may stay busy, milliseconds. */
const REMOVAL_MS = 5_000;

/** Where a group could be made. */
export interface GroupPlace {
  /** Directories that may become its parent, best first. */
  readonly parents: readonly string[];
  /** Why there is none, when there is none. */
  readonly problem?: string;
}

/**
 * Looks for parents: the top of the hierarchy for root, then this process's group and those above it, which a service
 * manager may have handed to this user.
 */
export function findGroupPlace(mountInfo: string, ownGroups: string, uid: number): GroupPlace {
  const mount = mountInfo
    .split('\n')
    .map((line) => line.split(' '))
    .find((fields) => fields[fields.indexOf('-') + 1] === 'cgroup2');
  const own = /^0::(\/.*)$/m.exec(ownGroups)?.[1];
  if (mount === undefined || own === undefined) {
    return { parents: [], problem: 'this system has no control groups of version 2' };
  }
  const top = mount[4] as string;
  const parents = uid === 0 ? [top] : [];
  for (let path = own; path !== '/'; path = path.replace(/\/[^/]*$/, '') || '/') {
    parents.push(join(top, path));
  }
  return { parents };
}

/** A group of its own for one sandbox. */
export class ControlGroup {
  readonly path: string;
  readonly #controllers: ReadonlySet<string>;
  #procs: number | undefined;

  private constructor(path: string, controllers: ReadonlySet<string>) {
    this.path = path;
    this.#controllers = controllers;
    this.#procs = openSync(join(path, 'cgroup.procs'), 'w');
  }

  /**
   * Makes the group `launchport-NAME` with the limits in the first place where at least one controller can be had. `notes`
   * gets a sentence for each limit that is not enforced. Undefined when there is no such place; never throws.
   */
  static async make(
    place: GroupPlace,
    name: string,
    resources: SandboxResources,
    notes: string[],
  ): Promise<ControlGroup | undefined> {
    let problem = place.problem ?? 'no control group above this process may be written to';
    for (const parent of place.parents) {
      const path = join(parent, `launchport-${name}`);
      try {
        await mkdir(path).catch((error: NodeJS.ErrnoException) => {
          // Left by a runtime that was killed; empty, or its processes end with that runtime.
          if (error.code !== 'EEXIST') throw error;
        });
        const controllers = await enabledControllers(parent, path);
        if (controllers.size > 0) {
          const group = new ControlGroup(path, controllers);
          notes.push(...(await group.#limit(resources)));
          return group;
        }
        problem = 'the control groups of version 2 have no controllers here';
      } catch (error) {
        problem = errorText(error);
      }
      await rmdir(path).catch(() => {});
    }
    notes.push(...askedFor(resources).map(({ what }) => `the ${what} limit is not enforced: ${problem}`));
    return undefined;
  }

  /** Opened for writing: who writes 0 to it joins. Undefined once removed. */
  get procs(): number | undefined {
    return this.#procs;
  }

  async statistics(): Promise<SandboxStatistics> {
    const read = (name: string) => readFile(join(this.path, name), 'utf8').catch(() => '');
    const [current, max, cpu, pids, io] = await Promise.all(
      ['memory.current', 'memory.max', 'cpu.stat', 'pids.current', 'io.stat'].map(read),
    );
    return parseGroupStatistics({ current, max, cpu, pids, io });
  }

  /** Removes the group; its processes have ended. Waits while the kernel still counts one. Never throws. */
  async remove(): Promise<void> {
    if (this.#procs !== undefined) closeSync(this.#procs);
    this.#procs = undefined;
    const end = Date.now() + REMOVAL_MS;
    for (let wait = 1; ; wait = Math.min(wait * 2, 100)) {
      try {
        await rmdir(this.path);
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EBUSY' || Date.now() > end) return;
      }
      await delay(wait);
    }
  }

  async #limit(resources: SandboxResources): Promise<string[]> {
    const notes: string[] = [];
    for (const { what, controller, file, value } of askedFor(resources)) {
      try {
        if (!this.#controllers.has(controller))
          throw new Error(`the controller ${controller} is not available`);
        await writeFile(join(this.path, file), value);
      } catch (error) {
        notes.push(`the ${what} limit is not enforced: ${errorText(error)}`);
      }
    }
    // Else the memory limit is one of memory that is not swapped out. Absent where there is no swap.
    if (resources.memoryInBytes !== undefined) {
      await writeFile(join(this.path, 'memory.swap.max'), '0').catch(() => {});
    }
    return notes;
  }
}

interface Limit {
  readonly what: string;
  readonly controller: string;
  readonly file: string;
  readonly value: string;
}

function askedFor({ memoryInBytes, cpus, pids }: SandboxResources): Limit[] {
  const limits: Limit[] = [];
  if (memoryInBytes !== undefined) {
    limits.push({ what: 'memory', controller: 'memory', file: 'memory.max', value: String(memoryInBytes) });
  }
  if (cpus !== undefined) {
    const quota = Math.max(Math.round(cpus * CPU_PERIOD_USEC), 1000);
    limits.push({
      what: 'processor',
      controller: 'cpu',
      file: 'cpu.max',
      value: `${quota} ${CPU_PERIOD_USEC}`,
    });
  }
  if (pids !== undefined) {
    limits.push({ what: 'process', controller: 'pids', file: 'pids.max', value: String(pids) });
  }
  return limits;
}

/** The controllers that `path` has, after asking `parent` to hand down those it has. */
async function enabledControllers(parent: string, path: string): Promise<Set<string>> {
  const of = async (directory: string, file: string) =>
    new Set(
      (await readFile(join(directory, file), 'utf8'))
        .split(/\s+/)
        .filter((name) => CONTROLLERS.includes(name)),
    );
  const available = await of(parent, 'cgroup.controllers');
  const handedDown = await of(parent, 'cgroup.subtree_control');
  for (const name of available) {
    // One at a time: a group with processes refuses them, and some are refused alone.
    if (!handedDown.has(name))
      await writeFile(join(parent, 'cgroup.subtree_control'), `+${name}`).catch(() => {});
  }
  return of(path, 'cgroup.controllers');
}

/** The texts of a group's files; empty ones are unknown. */
export function parseGroupStatistics(
  texts: Readonly<Record<'current' | 'max' | 'cpu' | 'pids' | 'io', string | undefined>>,
): SandboxStatistics {
  const number = (text: string | undefined) => {
    const digits = /^\d+/.exec(text?.trim() ?? '')?.[0];
    return digits === undefined ? undefined : BigInt(digits);
  };
  const sum = (name: string) =>
    [...(texts.io ?? '').matchAll(new RegExp(`\\b${name}=(\\d+)`, 'g'))].reduce(
      (total, [, value]) => total + BigInt(value as string),
      0n,
    );
  const values = {
    memoryUsageBytes: number(texts.current),
    memoryLimitBytes: number(texts.max),
    cpuUsageUsec: number(/^usage_usec (\d+)$/m.exec(texts.cpu ?? '')?.[1]),
    numProcesses: number(texts.pids),
    ...(texts.io ? { blockReadBytes: sum('rbytes'), blockWriteBytes: sum('wbytes') } : {}),
  };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
