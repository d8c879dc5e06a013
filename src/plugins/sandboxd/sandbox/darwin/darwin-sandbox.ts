/** A sandbox on macOS: sandbox-exec with rules of its own. Files, signals and the network are limited; nothing else is. */
import { type ChildProcess, spawn } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { constants as osConstants } from 'node:os';
import { join } from 'node:path';
import { delay, LaunchportError, silentLogger } from '../../../../base/index.js';
import { isExecutable } from '../../../../base/programs/index.js';
import type {
  ProcessExit,
  ProcessInfo,
  ProcessSpec,
  ProcessStdio,
  Sandbox,
  SandboxOptions,
  SandboxProcess,
  SandboxSpec,
  SandboxStatistics,
} from '../sandbox.js';
import { sandboxCommand } from './command.js';
import { descendants, readProcessTable } from './process-table.js';
import { sandboxProfile } from './profile.js';

const SANDBOX_EXEC = '/usr/bin/sandbox-exec';
/** Rounds of killing what is left, and milliseconds between them. */
const END_ROUNDS = 50;
const END_PAUSE_MS = 100;

class DarwinSandbox implements Sandbox {
  readonly notes: readonly string[];
  readonly ended: Promise<void>;
  readonly #spec: SandboxSpec;
  readonly #profile: string;
  /** First processes, which lead the groups of what they start. */
  readonly #leaders = new Map<number, ChildProcess>();
  #command: SandboxProcess | undefined;
  #resolveEnded: () => void = () => {};
  #ending: Promise<void> | undefined;

  constructor(spec: SandboxSpec, profile: string, notes: readonly string[]) {
    this.#spec = spec;
    this.#profile = profile;
    this.notes = notes;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
  }

  netns(): undefined {
    return undefined;
  }

  async writeFile(path: string): Promise<void> {
    throw new RangeError(
      `${path} is not one of this sandbox's files: macOS cannot show one in another's place`,
    );
  }

  async start(init: ProcessSpec, stdio: ProcessStdio): Promise<SandboxProcess> {
    if (this.#command !== undefined) {
      throw new LaunchportError('ERR_SANDBOX', `the sandbox ${this.#spec.id} has its command already`);
    }
    const command = this.#run(init, stdio);
    this.#command = command;
    void command.exited.then(() => this.destroy().catch(() => {}));
    return command;
  }

  async exec(spec: ProcessSpec, stdio: ProcessStdio): Promise<SandboxProcess> {
    return this.#run(spec, stdio);
  }

  async processes(): Promise<readonly ProcessInfo[]> {
    const own = descendants(await readProcessTable(), [...this.#leaders.keys()]);
    return own.map(({ parent: _parent, group: _group, ...info }) => info);
  }

  async statistics(): Promise<SandboxStatistics> {
    const processes = await this.processes();
    return {
      memoryUsageBytes: processes.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0n),
      cpuUsageUsec: processes.reduce((sum, { cpuUsec }) => sum + cpuUsec, 0n),
      numProcesses: BigInt(processes.length),
    };
  }

  destroy(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  #run(spec: ProcessSpec, stdio: ProcessStdio): SandboxProcess {
    if (this.#ending !== undefined) {
      throw new LaunchportError('ERR_SANDBOX', `the sandbox ${this.#spec.id} has ended`);
    }
    const isRoot = process.getuid?.() === 0;
    const child = spawn(SANDBOX_EXEC, sandboxCommand(this.#spec.root, this.#profile, spec, isExecutable), {
      stdio: [stdio.stdin, stdio.stdout, stdio.stderr],
      env: Object.fromEntries(spec.environment.filter((entry) => entry.indexOf('=') > 0).map(pair)),
      // A session of its own, so that its group is, and a terminal can be taken.
      detached: true,
      ...(isRoot ? { uid: spec.user.uid, gid: spec.user.gid } : {}),
    });
    const id = child.pid;
    if (id !== undefined) this.#leaders.set(id, child);
    const exited = new Promise<ProcessExit>((resolve) => {
      child.once('error', () => resolve({ code: 126, exitedAt: new Date() }));
      child.once('exit', (code, signal) => {
        const number = signal === null ? (code ?? 0) : 128 + osConstants.signals[signal];
        resolve({ code: number, exitedAt: new Date() });
      });
    });
    // By the child, which Node does not signal once it has waited for it.
    return { hostPid: id ?? 0, exited, kill: (signal) => void child.kill(signal) };
  }

  async #end(): Promise<void> {
    for (let round = 0; round < END_ROUNDS; round += 1) {
      const left = descendants(await readProcessTable(), [...this.#leaders.keys()]);
      if (left.length === 0) break;
      for (const { pid } of left) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // Gone meanwhile.
        }
      }
      await delay(END_PAUSE_MS);
    }
    await rm(this.#profile, { force: true });
    this.#resolveEnded();
  }
}

/** @throws LaunchportError ERR_UNSUPPORTED without sandbox-exec */
export async function makeDarwinSandbox(spec: SandboxSpec, options: SandboxOptions): Promise<Sandbox> {
  if (!isExecutable(SANDBOX_EXEC)) {
    throw new LaunchportError('ERR_UNSUPPORTED', `sandboxes need ${SANDBOX_EXEC}, which this system lacks`, {
      hint: 'It is part of macOS; run containers with container-runtime-linux of apple/container where it is gone.',
    });
  }
  const profile = join(spec.stateDirectory, 'profile.sb');
  await writeFile(profile, sandboxProfile(spec), { mode: 0o644 });
  const notes = darwinNotes(spec, process.getuid?.() ?? 0);
  for (const note of notes) (options.logger ?? silentLogger).warn(note, { id: spec.id });
  return new DarwinSandbox(spec, profile, notes);
}

/** What macOS cannot do of what is asked for. */
export function darwinNotes(spec: SandboxSpec, uid: number): string[] {
  const { cpus, memoryInBytes, pids } = spec.resources;
  const isLimited = cpus !== undefined || memoryInBytes !== undefined || pids !== undefined;
  return [
    ...(isLimited
      ? ['memory, processor and process limits are not enforced: macOS has none for groups']
      : []),
    ...(spec.network === 'own' ? ["the host's network is used: macOS has no network namespaces"] : []),
    ...(spec.mounts.length + spec.tmpfs.length > 0
      ? ['mounts are allowed where they are on the host: macOS cannot show them elsewhere']
      : []),
    ...(Object.keys(spec.files).length > 0
      ? ['files of the runtime are not shown in place of those of the root']
      : []),
    ...(uid === 0 ? [] : ['all processes run as the user of the runtime: only root could change it']),
  ];
}

function pair(entry: string): [string, string] {
  const at = entry.indexOf('=');
  return [entry.slice(0, at), entry.slice(at + 1)];
}
