/** A sandbox on Linux: namespaces by bubblewrap, limits by control groups, processes by launchport-sandbox. */
import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, readlinkSync } from 'node:fs';
import { LaunchportError, type Logger, silentLogger } from '../../../../base/index.js';
import type {
  ProcessInfo,
  ProcessSpec,
  ProcessStdio,
  ResourceLimit,
  Sandbox,
  SandboxFile,
  SandboxOptions,
  SandboxProcess,
  SandboxSpec,
  SandboxStatistics,
} from '../sandbox.js';
import { bubblewrapArguments } from './bubblewrap.js';
import { callFilter } from './call-filter.js';
import { capabilityMask, mayMakeNamespaces } from './capabilities.js';
import { ControlGroup, findGroupPlace } from './control-group.js';
import { enterSandbox } from './entered-process.js';
import { FirstProcess } from './first-process.js';
import { setKernelSettings, settingPaths } from './kernel-settings.js';
import { parseNetDev, parseStatus } from './proc-text.js';
import { describeProcess, type ProcessPolicy } from './process-description.js';
import { findProcesses, sumProcesses } from './process-list.js';
import { findPrograms } from './programs.js';
import { SandboxFiles } from './sandbox-files.js';

/** What a sandbox consists of once it is made. */
interface Parts {
  readonly first: FirstProcess;
  readonly files: SandboxFiles;
  readonly group: ControlGroup | undefined;
  readonly helper: string;
  /** In the order in which they are joined. */
  readonly namespaces: string;
  readonly policy: ProcessPolicy;
  readonly notes: readonly string[];
  readonly logger: Logger;
}

/** See {@link Sandbox}; {@link makeLinuxSandbox} makes one. */
class LinuxSandbox implements Sandbox {
  readonly notes: readonly string[];
  readonly ended: Promise<void>;
  readonly #parts: Parts;
  readonly #spec: SandboxSpec;
  readonly #pidNamespace: string;
  readonly #processes = new Set<Promise<unknown>>();
  #netns: number | undefined;
  #hasStarted = false;
  #endedCpuUsec = 0n;
  #destroyed: Promise<void> | undefined;

  constructor(spec: SandboxSpec, parts: Parts) {
    this.#spec = spec;
    this.#parts = parts;
    this.notes = parts.notes;
    this.#pidNamespace = readlinkSync(`/proc/self/fd/${parts.first.directory}/ns/pid`);
    if (spec.network !== 'host') this.#netns = openSync(`/proc/self/fd/${parts.first.directory}/ns/net`, 'r');
    // What is left on the host goes also when the sandbox ended by itself.
    this.ended = parts.first.ended.then(() => this.#cleanUp());
  }

  netns(): number | undefined {
    return this.#netns;
  }

  async writeFile(path: SandboxFile, content: string): Promise<void> {
    await this.#parts.files.write(path, content);
  }

  async start(init: ProcessSpec, stdio: ProcessStdio): Promise<SandboxProcess> {
    if (this.#hasStarted) {
      throw new LaunchportError('ERR_SANDBOX', `the sandbox ${this.#spec.id} has its command already`);
    }
    const entering = this.#enter(init, stdio);
    this.#hasStarted = true;
    let command: SandboxProcess;
    try {
      command = await entering;
    } catch (error) {
      this.#endQuietly();
      throw error;
    }
    void command.exited.then(() => this.#endQuietly());
    return command;
  }

  async exec(spec: ProcessSpec, stdio: ProcessStdio): Promise<SandboxProcess> {
    return await this.#enter(spec, stdio);
  }

  async processes(): Promise<readonly ProcessInfo[]> {
    if (this.#parts.first.hasEnded) return [];
    return (await findProcesses(this.#pidNamespace))
      .filter(({ pid }) => pid !== 1)
      .map(({ childCpuUsec: _child, ownBytes: _own, ...info }) => info);
  }

  async statistics(): Promise<SandboxStatistics> {
    const { first, group } = this.#parts;
    if (first.hasEnded) return {};
    const own = group === undefined ? {} : withoutOwnProcesses(await group.statistics());
    const isCounted = own.memoryUsageBytes !== undefined && own.cpuUsageUsec !== undefined;
    const sums =
      isCounted && own.numProcesses !== undefined
        ? {}
        : await sumProcesses(await findProcesses(this.#pidNamespace), this.#endedCpuUsec);
    return { ...sums, ...own, ...this.#traffic() };
  }

  destroy(): Promise<void> {
    this.#destroyed ??= this.#destroy();
    return this.#destroyed;
  }

  /** Starts before it returns: the caller may close the descriptors then. */
  #enter(spec: ProcessSpec, stdio: ProcessStdio): Promise<SandboxProcess> {
    const { first, helper, namespaces, policy, group, logger } = this.#parts;
    if (first.hasEnded || first.directory === undefined) {
      throw new LaunchportError('ERR_SANDBOX', `the sandbox ${this.#spec.id} has ended`);
    }
    const entering = enterSandbox(
      {
        ...{ helper, namespaces, logger, process: first.directory },
        description: describeProcess(spec, policy),
        groups: group?.procs === undefined ? [] : [group.procs],
        onUsage: (usec) => {
          this.#endedCpuUsec += usec;
        },
      },
      stdio,
    );
    const over = entering.then(
      (process) => process.exited,
      () => undefined,
    );
    this.#processes.add(over);
    void over.then(() => this.#processes.delete(over));
    return entering;
  }

  #traffic(): SandboxStatistics {
    if (this.#spec.network === 'host') return {};
    try {
      const { received, sent } = parseNetDev(this.#parts.first.read('net/dev'));
      return { networkRxBytes: received, networkTxBytes: sent };
    } catch {
      // It has just ended.
      return {};
    }
  }

  #endQuietly(): void {
    this.#parts.first.end().catch((error: unknown) => {
      this.#parts.logger.error('a sandbox does not end', { id: this.#spec.id, error });
    });
  }

  async #destroy(): Promise<void> {
    await this.#parts.first.end();
    await this.ended;
    await this.#parts.files.remove();
  }

  async #cleanUp(): Promise<void> {
    if (this.#netns !== undefined) closeSync(this.#netns);
    this.#netns = undefined;
    await Promise.all(this.#processes);
    await this.#parts.group?.remove();
  }
}

/** @throws LaunchportError ERR_UNSUPPORTED, ERR_SANDBOX, ERR_TIMEOUT, ERR_ABORTED; nothing is left then */
export async function makeLinuxSandbox(spec: SandboxSpec, options: SandboxOptions): Promise<Sandbox> {
  const logger = options.logger ?? silentLogger;
  const programs = findPrograms();
  const capabilities = capabilityMask(spec.capabilities);
  const settings = settingPaths(spec.sysctls, spec.network !== 'host');
  const uid = process.geteuid?.() ?? 0;
  const { capabilities: own } = parseStatus(readFileSync('/proc/self/status', 'utf8'));
  const hasUserNamespace = uid !== 0 || !mayMakeNamespaces(own);
  const hasCgroupNamespace = existsSync('/proc/self/ns/cgroup');

  const files = await SandboxFiles.make(spec);
  const notes: string[] = [];
  let group: ControlGroup | undefined;
  let first: FirstProcess | undefined;
  try {
    const context = { helper: programs.helper, files: files.paths, hasUserNamespace, hasCgroupNamespace };
    const bubblewrap = await bubblewrapArguments(spec, context);
    const place = findGroupPlace(read('/proc/self/mountinfo'), read('/proc/self/cgroup'), uid);
    group = await ControlGroup.make(place, groupName(spec), spec.resources, notes);
    const groups = group?.procs === undefined ? [] : [group.procs];
    first = await FirstProcess.make({
      ...{ programs, arguments: bubblewrap, groups, logger, signal: options.signal },
    });
    const all = namespaceNames(spec, hasUserNamespace, hasCgroupNamespace);
    const ofSettings = all.filter((name) => ['user', 'net', 'ipc', 'uts'].includes(name)).join(',');
    await setKernelSettings(programs.helper, ofSettings, first.directory as number, settings);
    const defaultLimits = group === undefined ? substituteLimits(spec, hasUserNamespace) : [];
    for (const note of notes) logger.warn(note, { id: spec.id });
    return new LinuxSandbox(spec, {
      ...{ first, files, group, notes, logger, helper: programs.helper, namespaces: all.join(',') },
      policy: {
        capabilities,
        knowsRootOnly: hasUserNamespace,
        filter: callFilter(capabilities),
        defaultLimits,
      },
    });
  } catch (error) {
    await first?.end();
    await group?.remove();
    await files.remove();
    throw error;
  }
}

/** The same each time, and another for a container of the same name that is kept elsewhere. */
function groupName({ id, stateDirectory }: SandboxSpec): string {
  return `${id}-${createHash('sha256').update(stateDirectory).digest('hex').slice(0, 12)}`;
}

/** bubblewrap and the first process are in the group, and are not the container's. */
function withoutOwnProcesses({ numProcesses, ...others }: SandboxStatistics): SandboxStatistics {
  if (numProcesses === undefined) return others;
  return { ...others, numProcesses: numProcesses > 2n ? numProcesses - 2n : 0n };
}

const read = (path: string) => readFileSync(path, 'utf8');

/** The mount namespace comes last: after it, paths are the sandbox's. */
function namespaceNames(spec: SandboxSpec, hasUser: boolean, hasCgroup: boolean): string[] {
  return [
    ...(hasUser ? ['user'] : []),
    ...(hasCgroup ? ['cgroup'] : []),
    ...(spec.network === 'host' ? [] : ['net']),
    ...['ipc', 'uts', 'pid', 'mnt'],
  ];
}

/** Without control groups: what each process by itself can be held to. */
function substituteLimits(spec: SandboxSpec, hasUserNamespace: boolean): ResourceLimit[] {
  const { memoryInBytes: memory, pids } = spec.resources;
  return [
    ...(memory === undefined ? [] : [{ limit: 'DATA', soft: memory, hard: memory }]),
    // Counted per user: only in a user namespace of its own is it the sandbox's.
    ...(pids === undefined || !hasUserNamespace ? [] : [{ limit: 'NPROC', soft: pids, hard: pids }]),
  ];
}
