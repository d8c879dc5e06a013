/** Containers of busybox, each with a sandboxd of its own as a job of a supervisor. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { Socket } from 'node:net';
import { dirname, join } from 'node:path';
import {
  type ContainerConfiguration,
  encodeJson,
  RuntimeHelperClient,
  runtimeConfiguration,
} from '../../../src/compat/index.js';
import { loadBinding } from '../../../src/native/index.js';
import { XpcTransport } from '../../../src/xpc/index.js';
import { Rig } from '../supervisor/rig.js';

const PROGRAM = join(import.meta.dirname, '../../../dist/plugins/sandboxd/bin/sandboxd');
const BUSYBOX = '/usr/bin/busybox';

/** Why no container can be run here; undefined when one can. */
export function missing(): string | undefined {
  if (process.platform !== 'linux') return 'they need Linux';
  if (!existsSync(BUSYBOX)) return `there is no ${BUSYBOX}`;
  const options = { timeout: 60_000, stdio: 'pipe' as const };
  try {
    execFileSync(BUSYBOX, ['true'], options);
    execFileSync('bwrap', ['--ro-bind', '/', '/', '--unshare-all', '--proc', '/proc', '/bin/true'], options);
    return undefined;
  } catch (error) {
    return `no sandbox can be made: ${String((error as { stderr?: Buffer }).stderr ?? error).trim()}`;
  }
}

/** A process of a busybox shell. */
export function shell(command: string, isTerminal = false): ContainerConfiguration['initProcess'] {
  return {
    executable: '/bin/sh',
    arguments: ['-c', command],
    environment: ['PATH=/bin'],
    workingDirectory: '/',
    terminal: isTerminal,
    user: { id: { uid: 0, gid: 0 } },
    supplementalGroups: [],
    rlimits: [],
  };
}

/** One end of a pipe as a client has it: `theirs` is sent, and closed here once that is done. */
export interface ClientPipe {
  readonly theirs: number;
  readonly ours: Socket;
}

/** A supervisor, a root of busybox, and containers of it. */
export class Containers implements AsyncDisposable {
  readonly rig = new Rig();
  readonly root = join(this.rig.root, 'root');
  readonly transport = new XpcTransport(loadBinding());

  static async start(): Promise<Containers> {
    const containers = new Containers();
    await containers.rig.supervise();
    containers.#makeRoot();
    return containers;
  }

  directory(id: string): string {
    return join(this.rig.root, id);
  }

  /** Writes a container's files, registers its job, and connects to it. */
  async create(id: string, changes: Record<string, unknown>): Promise<RuntimeHelperClient> {
    const directory = this.directory(id);
    mkdirSync(directory);
    const root = { type: { virtiofs: {} }, source: this.root, destination: '/', options: [] };
    const descriptor = { mediaType: 'application/vnd.oci.image.index.v1+json', digest: 'sha256:0', size: 0 };
    const configuration = runtimeConfiguration.parse({
      path: directory,
      initialFilesystem: root,
      kernel: {
        path: '/none',
        platform: { os: 'linux', architecture: 'amd64' },
        commandLine: { kernelArgs: [], initArgs: [] },
      },
      containerConfiguration: { id, image: { reference: 'busybox', descriptor }, ...changes },
      containerRootFilesystem: root,
      options: { autoRemove: false },
    });
    writeFileSync(
      join(directory, 'runtime-configuration.json'),
      encodeJson(runtimeConfiguration, configuration),
    );
    await this.rig.load({
      Label: `com.apple.container.sandboxd.${id}`,
      ProgramArguments: [PROGRAM, 'start', '--root', directory, '--uuid', id, '--debug'],
      MachServices: { [`com.apple.container.runtime.sandboxd.${id}`]: true },
      EnvironmentVariables: { PATH: `${dirname(process.execPath)}:/usr/sbin:/usr/bin:/sbin:/bin` },
      StandardErrorPath: join(directory, 'stderr'),
    });
    return RuntimeHelperClient.connect('sandboxd', id, {
      transport: this.transport,
      bootstrap: join(this.rig.directory, 'bootstrap'),
    });
  }

  /** A file of a container's directory. */
  file(id: string, name: string): Buffer {
    return readFileSync(join(this.directory(id), name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.transport.close();
    await this.rig[Symbol.asyncDispose]();
  }

  #makeRoot(): void {
    for (const name of ['bin', 'etc', 'proc', 'dev', 'sys', 'tmp', 'run', 'root', 'var/tmp']) {
      mkdirSync(join(this.root, name), { recursive: true });
    }
    copyFileSync(BUSYBOX, join(this.root, 'bin/busybox'));
    const applets = execFileSync(BUSYBOX, ['--list'], { encoding: 'utf8', timeout: 60_000 })
      .trim()
      .split('\n');
    for (const applet of applets)
      if (applet !== 'busybox') symlinkSync('busybox', join(this.root, 'bin', applet));
    writeFileSync(
      join(this.root, 'etc/passwd'),
      'root:x:0:0::/root:/bin/sh\nweb:x:1234:1234::/srv:/bin/sh\n',
    );
    writeFileSync(join(this.root, 'etc/group'), 'root:x:0:\nweb:x:1234:\nlog:x:77:web\n');
  }
}

/** A pipe whose other end is for a container to read from. */
export function inputPipe(): ClientPipe {
  const { reader, writer } = pipe();
  return { theirs: reader, ours: new Socket({ fd: writer, readable: false, writable: true }) };
}

/** A pipe whose other end is for a container to write to. */
export function outputPipe(): ClientPipe {
  const { reader, writer } = pipe();
  return { theirs: writer, ours: new Socket({ fd: reader, readable: true, writable: false }) };
}

/** Sends what `pipes` have for the container, then closes them here. */
export async function sending<T>(pipes: readonly ClientPipe[], send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } finally {
    for (const { theirs } of pipes) closeSync(theirs);
  }
}

function pipe() {
  const { openPipe } = loadBinding();
  if (openPipe === undefined) throw new Error('the addon is too old');
  return openPipe();
}
