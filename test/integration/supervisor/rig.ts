/** A supervisor with real processes: what the tests beside this file have in common. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JobDefinitionInput, type ServiceTarget, writeJobPlist } from '../../../src/launchd/index.js';
import { loadBinding } from '../../../src/native/index.js';
import { type JobTransition, Supervisor } from '../../../src/supervisor/index.js';
import { type XpcConnection, XpcTransport } from '../../../src/xpc/index.js';
import { eventually } from '../../native/eventually.js';

export const LABEL = 'com.example.job';
export const SERVICE = 'com.example.job.service';

const JOB = join(import.meta.dirname, 'job.mjs');
const HOST = join(import.meta.dirname, 'host.mjs');

/** False for a zombie too: it ended, and waits for a parent that may never ask. */
export function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** A temporary directory, supervisors on it, and their clients. All of it ends with the rig. */
export class Rig implements AsyncDisposable {
  readonly root = mkdtempSync(join(tmpdir(), 'lp-'));
  readonly directory = join(this.root, 'run');
  /** Where {@link JOB} notes its starts. */
  readonly starts = join(this.root, 'starts');
  readonly transitions: JobTransition[] = [];
  #supervisor: Supervisor | undefined;
  #transport: XpcTransport | undefined;
  readonly #hosts: ChildProcess[] = [];

  get supervisor(): Supervisor {
    if (this.#supervisor === undefined) throw new Error('no supervisor was started');
    return this.#supervisor;
  }

  /** Starts a supervisor in this process. */
  async supervise(): Promise<this> {
    this.#supervisor = await Supervisor.start({ directory: this.directory });
    this.#supervisor.onTransition((transition) => this.transitions.push(transition));
    return this;
  }

  /** Writes the plist of {@link JOB}, or of something else. */
  async plist(changes: Partial<JobDefinitionInput> = {}): Promise<string> {
    const path = join(this.root, `${changes.Label ?? LABEL}.plist`);
    await writeJobPlist(path, {
      Label: LABEL,
      ProgramArguments: [process.execPath, JOB],
      MachServices: { [SERVICE]: true },
      EnvironmentVariables: { STARTS: this.starts },
      StandardErrorPath: join(this.root, 'stderr'),
      ThrottleInterval: 0,
      ...changes,
    });
    return path;
  }

  /** Writes a plist and loads it into this process's supervisor. */
  async load(changes: Partial<JobDefinitionInput> = {}): Promise<ServiceTarget> {
    const domain = await this.supervisor.defaultDomain();
    return this.supervisor.bootstrap(domain, await this.plist(changes));
  }

  /** Loads a job that runs a shell script; resolves to what it printed once it ended. */
  async run(script: string, changes: Partial<JobDefinitionInput> = {}): Promise<string> {
    const label = changes.Label ?? LABEL;
    const output = join(this.root, `${label}.out`);
    await this.load({
      ProgramArguments: ['/bin/sh', '-c', script],
      RunAtLoad: true,
      StandardOutPath: output,
      ...changes,
    });
    await eventually('the end of the script', () =>
      this.transitions.some((transition) => transition.kind === 'exited' && transition.label === label),
    );
    return readFileSync(output, 'utf8');
  }

  /** A new connection to a service. */
  connect(service = SERVICE): XpcConnection {
    this.#transport ??= new XpcTransport(loadBinding());
    return this.#transport.connect(service, {
      bootstrap: join(this.directory, 'bootstrap'),
      timeout: 60_000,
    });
  }

  /** Pids of the job's processes so far, in order. */
  get started(): number[] {
    if (!existsSync(this.starts)) return [];
    return readFileSync(this.starts, 'utf8').trim().split('\n').map(Number);
  }

  /** Names of the sockets that exist. */
  get sockets(): string[] {
    return readdirSync(join(this.directory, 'bootstrap'));
  }

  /** Starts a host process that loads the job; resolves to it and to the first line it printed. */
  async host(...options: string[]): Promise<{ readonly child: ChildProcess; readonly line: string }> {
    const plist = await this.plist({ RunAtLoad: true });
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    const child = spawn(process.execPath, [HOST, this.directory, plist, ...options], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#hosts.push(child);
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
    await eventually('the host', () => output.endsWith('\n'));
    return { child, line: output.trim() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#transport?.close();
    await this.#supervisor?.stop({ timeout: 2_000 });
    for (const host of this.#hosts) host.kill('SIGKILL');
    rmSync(this.root, { recursive: true, force: true });
  }
}
