/** A sandbox that isolates nothing: processes of the host, with the fake's own record of what was asked of it. */
import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import type {
  ProcessExit,
  ProcessInfo,
  ProcessSpec,
  ProcessStdio,
  Sandbox,
  SandboxFile,
  SandboxProcess,
  SandboxSpec,
} from '../../../src/plugins/sandboxd/sandbox/index.js';

/** One of its processes. */
class FakeProcess implements SandboxProcess {
  readonly hostPid: number;
  readonly exited: Promise<ProcessExit>;
  readonly #kill: (signal: number) => void;
  isRunning = true;

  constructor(spec: ProcessSpec, stdio: ProcessStdio) {
    const environment = spec.environment.map((entry) => entry.split(/=(.*)/s, 2) as [string, string]);
    const child = spawn(spec.executable, spec.arguments, {
      stdio: [stdio.stdin, stdio.stdout, stdio.stderr],
      env: Object.fromEntries(environment),
      cwd: '/',
    });
    this.hostPid = child.pid ?? 0;
    this.#kill = (signal) => void child.kill(signal as unknown as NodeJS.Signals);
    this.exited = new Promise((resolve) => {
      const end = (code: number) => {
        this.isRunning = false;
        resolve({ code, exitedAt: new Date() });
      };
      child.once('error', () => end(127));
      child.once('exit', (code, signal) =>
        end(code ?? 128 + signalNumbers[signal as keyof typeof signalNumbers]),
      );
    });
  }

  kill(signal: number): void {
    if (this.isRunning) this.#kill(signal);
  }
}

const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGUSR1: 10, SIGTERM: 15 } as const;

/** The sandbox, and what it was told. */
export class FakeSandbox implements Sandbox {
  readonly spec: SandboxSpec;
  readonly notes: readonly string[] = ['this sandbox isolates nothing'];
  readonly files = new Map<SandboxFile, string>();
  readonly started: ProcessSpec[] = [];
  readonly #processes: FakeProcess[] = [];
  #hasEnded = () => {};
  readonly ended = new Promise<void>((resolve) => {
    this.#hasEnded = resolve;
  });
  isDestroyed = false;
  /** What `netns` answers. */
  namespace: number | undefined;

  constructor(spec: SandboxSpec) {
    this.spec = spec;
    for (const [path, content] of Object.entries(spec.files)) this.files.set(path as SandboxFile, content);
  }

  netns(): number | undefined {
    return this.isDestroyed ? undefined : this.namespace;
  }

  async writeFile(path: SandboxFile, content: string): Promise<void> {
    if (!this.files.has(path)) throw new RangeError(path);
    this.files.set(path, content);
  }

  async start(spec: ProcessSpec, stdio: ProcessStdio): Promise<SandboxProcess> {
    const process = this.#run(spec, stdio);
    void process.exited.then(() => this.destroy());
    return process;
  }

  async exec(spec: ProcessSpec, stdio: ProcessStdio): Promise<SandboxProcess> {
    return this.#run(spec, stdio);
  }

  async processes(): Promise<readonly ProcessInfo[]> {
    return this.#processes
      .filter(({ isRunning }) => isRunning)
      .map(({ hostPid }, index) => ({
        pid: index + 1,
        hostPid,
        command: (this.started[index] as ProcessSpec).executable,
        startedAt: new Date(0),
        cpuUsec: 1n,
        memoryBytes: 2n,
      }));
  }

  async statistics() {
    return { memoryUsageBytes: 3n, numProcesses: BigInt(this.#processes.length) };
  }

  async destroy(): Promise<void> {
    if (this.isDestroyed) return;
    this.isDestroyed = true;
    for (const process of this.#processes) process.kill(9);
    await Promise.all(this.#processes.map(({ exited }) => exited));
    await pause(0);
    this.#hasEnded();
  }

  #run(spec: ProcessSpec, stdio: ProcessStdio): FakeProcess {
    this.started.push(spec);
    const process = new FakeProcess(spec, stdio);
    this.#processes.push(process);
    return process;
  }
}
