/** The conformance environment of the addon. */
import {
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addonPaths, type Binding, loadBinding, MAX_BODY_BYTES } from '../../src/native/index.js';
import type { ConformanceEnvironment, ConformanceFiles } from '../conformance/environment.js';
import { eventually } from './eventually.js';

const JOB_SCRIPT = fileURLToPath(new URL('./fixtures/conformance-job.mjs', import.meta.url));

const DISPATCH_QUEUE: Switch = 'LAUNCHPORT_DISPATCH_QUEUE';
/** The label that the addon gives its queues. */
const QUEUE_LABEL = 'launchport.port';

/** Those of its loop: epoll, an event, and a pipe for signals. */
const QUEUE_DESCRIPTORS = 4;

const isLinux = process.platform === 'linux';
// Of Linux; Node has no name for it.
const O_CLOEXEC = 0o2000000;

/**
 * Environment variables that make the addon on Linux do as on macOS: bodies become XPC objects and bytes again, handlers
 * run on a thread of their own. A port reads them when it is opened.
 */
export type Switch = 'LAUNCHPORT_FORCE_TRANSCODE' | 'LAUNCHPORT_DISPATCH_QUEUE';

/** A directory of its own for sockets; on macOS names are looked up in the process's bootstrap. */
export function nativeEnvironment(addon: string, switches: readonly Switch[] = []): ConformanceEnvironment {
  const directory = mkdtempSync(join(tmpdir(), 'lp-'));
  const opened = new Set<number>();
  const nothing = openSync('/dev/null', 'r+');
  return {
    binding: bindingWith(switches),
    files: filesIn(directory, opened),
    executable: process.execPath,
    jobExecutable: process.execPath,
    maxBodyBytes: MAX_BODY_BYTES,
    target: (name) => (isLinux ? { name, address: join(directory, name) } : { name }),
    job: (...args) => ({
      file: process.execPath,
      args: ['node', JOB_SCRIPT, addon, ...args],
      // All of ours, so that a job runs under the same sanitizers.
      env: [
        ...Object.entries(process.env).map(([key, value]) => `${key}=${value}`),
        ...switches.map((name) => `${name}=1`),
        'GREETING=hello=world',
      ],
      cwd: directory,
      stdio: [nothing, nothing, 2],
      // What a failed test leaves running.
      parentDeathSignal: constants.signals.SIGKILL,
    }),
    ...(hasThreads(switches) ? { isConcurrent: true, settle: settleThreads } : {}),
    kill: (pid) => void process.kill(pid, 'SIGKILL'),
    async close() {
      // Each has descriptors of its own, and closing does not wait for it.
      await eventually('the end of every queue', () => queueThreads().length === 0);
      for (const descriptor of opened) closeSync(descriptor);
      closeSync(nothing);
      rmSync(directory, { recursive: true });
    },
  };
}

function hasThreads(switches: readonly Switch[]): boolean {
  return !isLinux || switches.includes(DISPATCH_QUEUE) || process.env[DISPATCH_QUEUE] === '1';
}

/** What the kernel tells of each thread that a dispatch queue of this process has. */
export function queueThreads(): string[] {
  if (!isLinux) return [];
  return readdirSync('/proc/self/task').flatMap((thread) => {
    try {
      const status = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8');
      return status.includes(`(${QUEUE_LABEL})`) ? [status] : [];
    } catch {
      return []; // it has just ended
    }
  });
}

/** Resolves when neither the loop nor any queue had anything to do for a while. */
async function settleThreads(): Promise<void> {
  for (let quiet = 0; quiet < 25; ) {
    await new Promise((resolve) => setImmediate(resolve));
    // A thread that has something to do does not sleep.
    quiet = queueThreads().every((status) => status.includes(') S ')) ? quiet + 1 : 0;
  }
}

/** Real files, each of its own. */
function filesIn(directory: string, opened: Set<number>): ConformanceFiles {
  let count = 0;
  return {
    open() {
      count += 1;
      const descriptor = openSync(join(directory, `file${count}`), 'wx+');
      opened.add(descriptor);
      return descriptor;
    },
    close(descriptor) {
      opened.delete(descriptor);
      closeSync(descriptor);
    },
    isSame(first, second) {
      const [one, other] = [first, second].map((descriptor) => fstatSync(descriptor));
      return one?.dev === other?.dev && one?.ino === other?.ino;
    },
    isCloseOnExec(descriptor) {
      // JavaScript cannot ask elsewhere.
      if (!isLinux) return true;
      const flags = /flags:\s+([0-7]+)/.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))?.[1];
      return (Number.parseInt(flags ?? '0', 8) & O_CLOEXEC) !== 0;
    },
    // The queues' own come and go with them.
    count: () => openFiles().length - QUEUE_DESCRIPTORS * queueThreads().length,
    list: openFiles,
  };
}

/** Open descriptors, and on Linux what they are of. */
function openFiles(): string[] {
  if (!isLinux) return readdirSync('/dev/fd');
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      return [`${descriptor}=${readlinkSync(`/proc/self/fd/${descriptor}`)}`];
    } catch {
      return []; // the one that the listing itself used
    }
  });
}

/** The binding, whose ports are opened with these switches on. */
export function bindingWith(switches: readonly Switch[]): Binding {
  const binding = loadBinding();
  return {
    ...binding,
    open(deliver) {
      const before = switches.map((name) => [name, process.env[name]] as const);
      for (const name of switches) process.env[name] = '1';
      try {
        return binding.open(deliver);
      } finally {
        for (const [name, value] of before) {
          if (value === undefined) delete process.env[name];
          else process.env[name] = value;
        }
      }
    },
  };
}

/** The addon that `loadBinding` loads: the first path that works, for the jobs to load the same. */
export function addonPath(isUsable: (path: string) => boolean): string {
  const path = addonPaths().find(isUsable);
  if (path === undefined) throw new Error('there is no addon; run npm run build:native');
  return path;
}
