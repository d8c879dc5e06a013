/** What `launchport doctor` looks at. Each check says what it found and, when something is wrong, what to do. */
import { readdirSync } from 'node:fs';
import { errorText, LaunchportError } from '../../base/index.js';
import { domainForManager } from '../../launchd/index.js';
import type { Binding, BindingSearch, Capability } from '../../native/index.js';
import type { Machine } from './machine.js';

/**
 * `ok`: as it should be. `note`: worth knowing, nothing to do. `warning`: works, but not as most would want.
 * `failed`: something that launchport needs is missing.
 */
export type CheckStatus = 'ok' | 'note' | 'warning' | 'failed';

/** One finding. */
export interface Check {
  readonly name: string;
  readonly status: CheckStatus;
  /** What was found. May have several lines. */
  readonly finding: string;
  /** What to do; given when `status` is `warning` or `failed`. */
  readonly advice?: string;
}

/** Everything found. */
export interface Diagnosis {
  /** Nothing that is needed is missing. */
  readonly isUsable: boolean;
  readonly platform: string;
  readonly arch: string;
  readonly node: string;
  /** Version of the binding contract that the loaded addon has; null without one. */
  readonly bindingVersion: number | null;
  /** Path of the loaded addon; null without one. */
  readonly addon: string | null;
  readonly checks: readonly Check[];
  readonly capabilities: readonly Capability[];
}

/** Variables that change how launchport works, and what each does. */
const SWITCHES: Readonly<Record<string, { readonly effect: string; readonly isForTests: boolean }>> = {
  LAUNCHPORT_ADDON: { effect: 'loads this addon and no other', isForTests: false },
  LAUNCHPORT_FORCE_TRANSCODE: {
    effect: 'builds XPC objects of every message, as on macOS',
    isForTests: true,
  },
  LAUNCHPORT_DISPATCH_QUEUE: {
    effect: 'runs handlers on a thread of their own, as on macOS',
    isForTests: true,
  },
  LAUNCHPORT_RUNTIME_DIR: { effect: 'where the supervisor keeps its lock and sockets', isForTests: false },
  LAUNCHPORT_BOOTSTRAP: { effect: 'where the sockets of services are', isForTests: false },
  LAUNCHPORT_DEBUG: { effect: 'prints stacks of internal errors', isForTests: false },
};

/** Looks at everything. Never throws: what cannot be looked at is a failed check. */
export async function examine(machine: Machine, signal: AbortSignal): Promise<Diagnosis> {
  const search = findBinding(machine);
  const { found } = search;
  const checks = [
    guarded('system', () => checkSystem(machine)),
    guarded('node', () => checkNode(machine)),
    guarded('addon', () => checkAddon(machine, search)),
    ...checkSwitches(machine.environment),
  ];
  let capabilities: readonly Capability[] = [];
  if (found !== undefined) {
    const told = await listCapabilities(machine, found.binding);
    checks.push(told.check);
    capabilities = told.capabilities;
  }
  if (machine.platform === 'darwin') checks.push(await checkLaunchctl(machine, signal));
  else checks.push(...checkDirectories(machine));
  return {
    isUsable: checks.every(({ status }) => status !== 'failed'),
    platform: machine.platform,
    arch: machine.arch,
    node: machine.node,
    bindingVersion: found?.binding.version ?? null,
    addon: found?.path ?? null,
    checks,
    capabilities,
  };
}

function findBinding(machine: Machine): BindingSearch {
  try {
    return machine.findBinding();
  } catch (error) {
    return { attempts: [{ path: 'looking for it', problem: errorText(error) }] };
  }
}

function checkSystem({ platform, arch }: Machine): Check {
  const finding = `${platform} ${arch}`;
  if (platform === 'darwin' || platform === 'linux') return { name: 'system', status: 'ok', finding };
  return {
    name: 'system',
    status: 'failed',
    finding,
    advice: 'XPC messaging needs macOS or Linux; the launchd and plugin layers work without it.',
  };
}

function checkNode({ node, minimumNode }: Machine): Check {
  const finding = `${node}, needs ${minimumNode} or newer`;
  if (isAtLeast(node, minimumNode)) return { name: 'node', status: 'ok', finding };
  return { name: 'node', status: 'failed', finding, advice: `Install Node ${minimumNode} or newer.` };
}

function isAtLeast(version: string, minimum: string): boolean {
  const [have, need] = [version, minimum].map((text) => text.split('.').map(Number));
  for (const [index, wanted] of (need ?? []).entries()) {
    const part = have?.[index] ?? 0;
    if (part !== wanted) return part > wanted;
  }
  return true;
}

function checkAddon(machine: Machine, { found, attempts }: BindingSearch): Check {
  const tried = attempts.map(({ path, problem }) => `${path}: ${problem}`);
  if (found !== undefined) {
    const { version, platform } = found.binding;
    const finding = `${found.path}\nbinding version ${version}, for ${platform}`;
    return { name: 'addon', status: 'ok', finding };
  }
  const isChosen = Boolean(machine.environment.LAUNCHPORT_ADDON);
  return {
    name: 'addon',
    status: 'failed',
    finding: ['none could be loaded', ...tried].join('\n'),
    advice: isChosen
      ? 'Unset LAUNCHPORT_ADDON, or set it to an addon that loads.'
      : 'Run `npm rebuild launchport` with make, Python 3 and a C++20 compiler installed.',
  };
}

function checkSwitches(environment: NodeJS.ProcessEnv): readonly Check[] {
  const set = Object.entries(SWITCHES).filter(([name]) => Boolean(environment[name]));
  if (set.length === 0) return [{ name: 'switches', status: 'note', finding: 'none set' }];
  return set.map(([name, { effect, isForTests }]) => {
    const finding = `${environment[name]} (${effect})`;
    return isForTests
      ? { name, status: 'warning', finding, advice: `It is meant for tests, and slower: unset ${name}.` }
      : { name, status: 'note', finding };
  });
}

async function listCapabilities(
  machine: Machine,
  binding: Binding,
): Promise<{ readonly check: Check; readonly capabilities: readonly Capability[] }> {
  const name = 'messaging';
  try {
    const capabilities = await machine.capabilities(binding);
    const available = capabilities.filter(({ isAvailable }) => isAvailable).length;
    const finding = `a port opens; ${available} of ${capabilities.length} newer functions are there`;
    return { check: { name, status: 'ok', finding }, capabilities };
  } catch (error) {
    return { check: broken(name, error), capabilities: [] };
  }
}

function checkDirectories(machine: Machine): readonly Check[] {
  const name = 'runtime directory';
  try {
    const directory = machine.runtimeDirectory;
    const { exists, problem, supervisorPid } = machine.inspectRuntimeDirectory();
    if (problem !== undefined) return [broken(name, problem)];
    return [
      {
        name,
        status: 'ok',
        finding: exists ? `${directory}, private` : `${directory}, made when a supervisor starts`,
      },
      {
        name: 'supervisor',
        status: supervisorPid === undefined ? 'note' : 'ok',
        finding:
          supervisorPid === undefined
            ? 'none runs; `launchport system start` starts one, and a host brings its own'
            : `runs as process ${supervisorPid}`,
      },
      guarded('bootstrap directory', () => checkBootstrap(machine)),
    ];
  } catch (error) {
    return [broken(name, error)];
  }
}

function checkBootstrap({ bootstrapDirectory: directory, environment }: Machine): Check {
  const name = 'bootstrap directory';
  const services = socketsIn(directory);
  if (services !== undefined) {
    return { name, status: 'ok', finding: `${directory}, ${services} service${services === 1 ? '' : 's'}` };
  }
  if (!environment.LAUNCHPORT_BOOTSTRAP) {
    return { name, status: 'note', finding: `${directory}, made when a supervisor starts` };
  }
  return {
    name,
    status: 'warning',
    finding: `${directory}, which is not there`,
    advice: 'No service can be reached: unset LAUNCHPORT_BOOTSTRAP, or start the supervisor that has it.',
  };
}

/** How many sockets there are; undefined without the directory. */
function socketsIn(directory: string): number | undefined {
  try {
    return readdirSync(directory).length;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function checkLaunchctl(machine: Machine, signal: AbortSignal): Promise<Check> {
  try {
    const manager = await machine.managerName(signal);
    const domain = domainForManager(manager, machine.uid);
    return {
      name: 'launchctl',
      status: 'ok',
      finding: `answers; the session is ${manager}, its domain ${domain}`,
    };
  } catch (error) {
    return broken('launchctl', error);
  }
}

function guarded(name: string, check: () => Check): Check {
  try {
    return check();
  } catch (error) {
    return broken(name, error);
  }
}

function broken(name: string, error: unknown): Check {
  const hint = error instanceof LaunchportError ? error.hint : undefined;
  const advice = hint ?? 'Make it readable for this user, then run `launchport doctor` again.';
  return { name, status: 'failed', finding: errorText(error), advice };
}
