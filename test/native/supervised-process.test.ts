/** Signals to, and ends of, processes that the supervisor port started. */
import { execFile, spawn as spawnChild } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from './eventually.js';
import { addon, isRunning, PARENT_SCRIPT } from './processes.js';
import { SupervisorBench } from './supervisor-bench.js';

describe.runIf(process.platform === 'linux')('SupervisorPort', () => {
  let bench: SupervisorBench;

  beforeEach(() => {
    bench = new SupervisorBench();
  });

  afterEach(() => bench.close());

  describe('processes', () => {
    it('reports exit codes and signals, once each', async () => {
      const first = bench.port.spawn(bench.options({ args: ['sh', '-c', 'exit 3'] }));
      const second = bench.port.spawn(bench.options({ args: ['sh', '-c', 'kill -6 $$'] }));
      await eventually('both exits', () => bench.exits.length === 2);
      expect(bench.exits).toContainEqual({ process: first.process, exitCode: 3, signal: 0 });
      expect(bench.exits).toContainEqual({ process: second.process, exitCode: 0, signal: 6 });
      expect(existsSync(`/proc/${first.pid}`)).toBe(false);
      expect(bench.port.signal(first.process, 0, false)).toBe(false);
    });

    it('leaves the children of node:child_process alone', async () => {
      const child = promisify(execFile)('/bin/sh', ['-c', 'sleep 0.05; echo done; exit 0']);
      await bench.run('exit 0');
      expect((await child).stdout).toBe('done\n');
    });

    it('signals the process or its whole group', async () => {
      const alone = bench.port.spawn(bench.options({ args: ['sh', '-c', 'exec sleep 30'] }));
      expect(bench.port.signal(alone.process, 15, false)).toBe(true);
      const group = bench.port.spawn(
        bench.options({ args: ['sh', '-c', 'sleep 30 & echo $! > child; wait'] }),
      );
      const childFile = join(bench.directory, 'child');
      await eventually(
        'grandchild',
        () => existsSync(childFile) && readFileSync(childFile, 'utf8').endsWith('\n'),
      );
      const grandchild = Number(readFileSync(childFile, 'utf8'));
      expect(bench.port.signal(group.process, 9, true)).toBe(true);
      await eventually('both exits', () => bench.exits.length === 2);
      await eventually('grandchild gone', () => !isRunning(grandchild));
      expect(bench.exits.map(({ signal }) => signal).sort()).toEqual([15, 9]);
    });

    it('does not know handles that it did not give', () => {
      expect(bench.port.signal(12_345, 15, false)).toBe(false);
      expect(() => bench.port.signal(-1, 15, false)).toThrow(TypeError);
      const { process } = bench.port.spawn(bench.options({ args: ['sh', '-c', 'exec sleep 30'] }));
      expect(() => bench.port.signal(process, 1000, false)).toThrow(
        expect.objectContaining({ code: 'EINVAL' }),
      );
      bench.port.signal(process, 9, false);
    });

    it('sends the parent death signal when the supervisor dies', async () => {
      const parent = spawnChild(process.execPath, [PARENT_SCRIPT, addon(), 'exec sleep 60'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let output = '';
      parent.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk;
      });
      await eventually('job', () => output.endsWith('\n'));
      const job = Number(output);
      expect(isRunning(job)).toBe(true);
      parent.kill('SIGKILL');
      await eventually('job gone', () => !isRunning(job));
    });

    it('reports nothing after close, and lets processes live', async () => {
      const { pid } = bench.port.spawn(bench.options({ args: ['sh', '-c', 'exec sleep 30'] }));
      bench.port.close();
      bench.port.close();
      expect(isRunning(pid)).toBe(true);
      process.kill(pid, 'SIGKILL');
      await eventually('end', () => !isRunning(pid));
      expect(bench.exits).toEqual([]);
      expect(() => bench.port.spawn(bench.options())).toThrow('closed');
    });
  });
});
