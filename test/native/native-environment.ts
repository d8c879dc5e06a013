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
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addonPaths, type Binding, loadBinding, MAX_BODY_BYTES } from '../../src/native/index.js';
import type { ConformanceEnvironment, ConformanceFiles } from '../conformance/environment.js';

const JOB_SCRIPT = fileURLToPath(new URL('./fixtures/conformance-job.mjs', import.meta.url));

const isLinux = process.platform === 'linux';
// Of Linux; Node has no name for it.
const O_CLOEXEC = 0o2000000;

/**
 * A directory of its own for sockets; on macOS names are looked up in the process's bootstrap. With `isTranscoding`
 * bodies become XPC objects and bytes again even where they could pass as they are.
 */
export function nativeEnvironment(addon: string, isTranscoding = false): ConformanceEnvironment {
  const directory = mkdtempSync(join(tmpdir(), 'lp-'));
  const opened = new Set<number>();
  const nothing = openSync('/dev/null', 'r+');
  return {
    binding: isTranscoding ? transcodingBinding() : loadBinding(),
    files: filesIn(directory, opened),
    executable: process.execPath,
    jobExecutable: process.execPath,
    maxBodyBytes: MAX_BODY_BYTES,
    target: (name) => (isLinux ? { name, address: join(directory, name) } : { name }),
    job: (...args) => ({
      file: process.execPath,
      args: ['node', JOB_SCRIPT, addon, ...args],
      // All of ours, so that a job runs under the same sanitizers.
      env: [...Object.entries(process.env).map(([key, value]) => `${key}=${value}`), 'GREETING=hello=world'],
      cwd: directory,
      stdio: [nothing, nothing, 2],
    }),
    kill: (pid) => void process.kill(pid, 'SIGKILL'),
    close() {
      for (const descriptor of opened) closeSync(descriptor);
      closeSync(nothing);
      rmSync(directory, { recursive: true });
    },
  };
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
    count: () => openFiles().length,
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

/** A port reads the switch when it is opened. */
function transcodingBinding(): Binding {
  const binding = loadBinding();
  return {
    ...binding,
    open(deliver) {
      process.env.LAUNCHPORT_FORCE_TRANSCODE = '1';
      try {
        return binding.open(deliver);
      } finally {
        delete process.env.LAUNCHPORT_FORCE_TRANSCODE;
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
