/** The conformance environment of the in-memory mock. */
import { createMockWorld, DEFAULT_LIMITS, type MockProcess } from '../../src/native/mock/index.js';
import type { ConformanceEnvironment } from './environment.js';
import { runJob } from './job.js';

const JOB_FILE = '/conformance/job';

/** A world of its own. */
export function mockEnvironment(): ConformanceEnvironment {
  const world = createMockWorld();
  world.program(JOB_FILE, (process) => {
    runMockJob(process, () => world.openDescriptors(process.pid) + world.openMemories(process.pid));
  });
  return {
    binding: world.binding(),
    files: {
      open: () => world.createDescriptor('a file'),
      close: (descriptor) => void world.closeDescriptor(descriptor),
      isSame: world.isSameDescriptor,
      // A process of the world starts with its listeners alone, whatever else its parent has open.
      isCloseOnExec: () => true,
      count: () => world.openDescriptors() + world.openMemories(),
    },
    executable: process.execPath,
    jobExecutable: JOB_FILE,
    maxBodyBytes: DEFAULT_LIMITS.maxMessageBytes,
    target: (name) => ({ name, address: `/conformance/${name}` }),
    job: (...args) => ({
      file: JOB_FILE,
      args: ['job', ...args],
      env: ['GREETING=hello=world'],
      cwd: '/conformance',
      stdio: [0, 1, 2],
    }),
    kill: (pid) => void world.kill(pid),
    isBusy: () => world.isBusy(),
    stranger: () => world.binding(4_000_001, { euid: 54_321, egid: 54_322, executable: '/strange/program' }),
    close() {
      world.close();
      if (world.failures.length > 0) throw new AggregateError(world.failures, 'jobs threw');
    },
  };
}

function runMockJob(process: MockProcess, countDescriptors: () => number): void {
  runJob({
    args: process.argv.slice(1),
    facts: { pid: process.pid, cwd: process.cwd, env: process.env },
    binding: process.binding,
    countDescriptors,
    onSignal(signal, listener) {
      process.signals = (received) => {
        if (received === signal) listener();
      };
    },
    exit: (exitCode) => process.exit(exitCode),
  });
}
