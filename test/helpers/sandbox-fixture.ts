/** Sandboxes for tests: a root made of busybox, processes whose output goes to files, and why there can be none. */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createSandbox,
  type ProcessSpec,
  type Sandbox,
  type SandboxProcess,
  type SandboxSpec,
} from '../../src/plugins/sandboxd/sandbox/index.js';
import { findPrograms } from '../../src/plugins/sandboxd/sandbox/linux/programs.js';

const BUSYBOX = ['/bin/busybox', '/usr/bin/busybox'];

/** Ids of processes of this machine whose command line has `text` in it; its arguments are divided by NUL. */
export function processesWith(text: string): string[] {
  return readdirSync('/proc').filter((id) => {
    if (!/^\d+$/.test(id)) return false;
    try {
      return readFileSync(`/proc/${id}/cmdline`, 'utf8').includes(text);
    } catch {
      return false;
    }
  });
}

/** Why sandboxes cannot be made here; undefined where they can. */
export function sandboxProblem(): string | undefined {
  if (process.platform !== 'linux') return 'this is not Linux';
  try {
    const { bubblewrap } = findPrograms();
    const namespaces = ['--unshare-pid', '--unshare-net', '--unshare-ipc', '--unshare-uts'];
    const root = ['--ro-bind', '/', '/', '--proc', '/proc', '--dev', '/dev'];
    execFileSync(bubblewrap, [...namespaces, ...root, '/bin/true'], { stdio: 'pipe', timeout: 60_000 });
    if (busybox() === undefined) return 'there is no static busybox (apt-get install busybox-static)';
    return undefined;
  } catch (error) {
    return String((error as { stderr?: Buffer }).stderr ?? error).trim() || String(error);
  }
}

function busybox(): string | undefined {
  return BUSYBOX.find((path) => {
    try {
      return /statically linked/.test(execFileSync(path, { encoding: 'utf8' })) || isStatic(path);
    } catch {
      return false;
    }
  });
}

function isStatic(path: string): boolean {
  try {
    execFileSync('ldd', [path], { stdio: 'pipe' });
    return false;
  } catch {
    return true;
  }
}

/** A directory for one test file, with a root in it. */
export class SandboxFixture {
  readonly directory: string;
  readonly root: string;
  readonly #made: Sandbox[] = [];
  #count = 0;

  private constructor(directory: string) {
    this.directory = directory;
    this.root = join(directory, 'root');
  }

  static async make(): Promise<SandboxFixture> {
    const fixture = new SandboxFixture(await mkdtemp(join(tmpdir(), 'launchport-sandbox-')));
    await fixture.makeRoot(fixture.root);
    return fixture;
  }

  /** A root with busybox in /bin, and no mount points but those that `directories` names. */
  async makeRoot(
    root: string,
    directories: readonly string[] = ['proc', 'dev', 'etc', 'tmp', 'run'],
  ): Promise<void> {
    await mkdir(join(root, 'bin'), { recursive: true });
    for (const name of directories) await mkdir(join(root, name), { recursive: true });
    await copyFile(busybox() as string, join(root, 'bin/busybox'));
    for (const name of ['sh', 'sleep', 'cat', 'kill', 'mount', 'chroot'])
      await symlink('busybox', join(root, 'bin', name));
    await writeFile(join(root, 'not-a-program'), 'text\n', { mode: 0o644 });
  }

  /** Makes a sandbox, which {@link destroyAll} ends. */
  async sandbox(changes: Partial<SandboxSpec> = {}): Promise<Sandbox> {
    const sandbox = await createSandbox(await this.spec(changes));
    this.#made.push(sandbox);
    return sandbox;
  }

  async destroyAll(): Promise<void> {
    await Promise.all(this.#made.splice(0).map((sandbox) => sandbox.destroy()));
  }

  /** A specification with nothing special in it. */
  async spec(changes: Partial<SandboxSpec> = {}): Promise<SandboxSpec> {
    this.#count += 1;
    const id = `test-${process.pid}-${this.#count}`;
    const stateDirectory = join(this.directory, id);
    await mkdir(stateDirectory);
    return {
      ...{ id, root: this.root, isReadOnly: true, hostname: 'box', mounts: [], tmpfs: [], network: 'none' },
      ...{ files: {}, resources: {}, capabilities: { add: [], drop: [] }, sysctls: {}, stateDirectory },
      ...changes,
    };
  }

  /** Starts a shell command, and reads all of its output once it has ended. */
  async run(
    sandbox: Sandbox,
    how: 'start' | 'exec',
    command: string | readonly string[],
    changes: Partial<ProcessSpec> = {},
  ): Promise<RunningCommand> {
    const [executable, ...rest] = typeof command === 'string' ? ['sh', '-c', command] : command;
    this.#count += 1;
    const path = join(this.directory, `output-${this.#count}`);
    const input = openSync('/dev/null', 'r');
    const output = openSync(path, 'w');
    try {
      const starting = sandbox[how](
        {
          ...{
            executable: executable as string,
            arguments: rest,
            environment: ['PATH=/bin'],
            workingDirectory: '/',
          },
          ...{ user: { uid: 0, gid: 0 }, supplementalGroups: [], rlimits: [], isTerminal: false },
          ...changes,
        },
        { stdin: input, stdout: output, stderr: output },
      );
      return new RunningCommand(await starting, path);
    } finally {
      closeSync(input);
      closeSync(output);
    }
  }

  /** Runs a command to its end. */
  async output(...parameters: Parameters<SandboxFixture['run']>): Promise<readonly [number, string]> {
    return (await this.run(...parameters)).output();
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** A command in a sandbox. */
export class RunningCommand {
  readonly process: SandboxProcess;
  readonly #path: string;

  constructor(process: SandboxProcess, path: string) {
    this.process = process;
    this.#path = path;
  }

  /** Its exit code and all that it wrote. */
  async output(): Promise<readonly [number, string]> {
    const { code } = await this.process.exited;
    return [code, await readFile(this.#path, 'utf8')];
  }
}
