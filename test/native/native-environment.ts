/** The conformance environment of the addon. */
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addonPaths, type Binding, loadBinding } from '../../src/native/index.js';
import type { ConformanceEnvironment } from '../conformance/environment.js';

const JOB_SCRIPT = fileURLToPath(new URL('./fixtures/conformance-job.mjs', import.meta.url));

// The addon's kMaxBodyBytes.
const MAX_BODY_BYTES = 64 * 1024 * 1024 - 4096;

/**
 * A directory of its own for sockets; on macOS names are looked up in the process's bootstrap. With `isTranscoding`
 * bodies become XPC objects and bytes again even where they could pass as they are.
 */
export function nativeEnvironment(addon: string, isTranscoding = false): ConformanceEnvironment {
  const directory = mkdtempSync(join(tmpdir(), 'lp-'));
  const nothing = openSync('/dev/null', 'r+');
  const isLinux = process.platform === 'linux';
  return {
    binding: isTranscoding ? transcodingBinding() : loadBinding(),
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
      closeSync(nothing);
      rmSync(directory, { recursive: true });
    },
  };
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
