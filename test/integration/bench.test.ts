/** `launchport bench` for real: little of it, and what it leaves behind. Nothing here is about how fast anything is. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { BenchReport } from '../../src/bench/index.js';
import { commandEnvironment, MAIN, runCommand } from '../helpers/command.js';
import { markedProcesses } from '../helpers/marked-processes.js';
import { useDirectory } from '../plugin/bundles.js';

const directory = useDirectory();

/** Where it puts its temporary directory, which also marks its processes. */
function temporary(): string {
  const path = join(directory(), 'tmp');
  mkdirSync(path);
  return path;
}

describe.runIf(process.platform === 'linux')('launchport bench', () => {
  it('measures, prints one JSON text, and leaves nothing', async () => {
    const TMPDIR = temporary();
    const args = ['bench', '--quick', '--rounds', '1', '--only', 'latency,throughput', '--json'];
    const { code, stdout, stderr } = await runCommand(directory(), args, 160_000, { TMPDIR });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const report = JSON.parse(stdout) as BenchReport;
    expect(report).toMatchObject({ version: 1, method: { rounds: 1, effort: 'quick' } });
    expect(report.environment).toMatchObject({ platform: 'linux', node: process.versions.node });
    expect(report.rows.length).toBeGreaterThan(4);
    for (const row of report.rows) {
      expect(row.value, row.name).toBeGreaterThan(0);
      expect(row.spread, row.name).toEqual([row.value, row.value]);
      if (row.floor !== null) expect(row.ratioToFloor, row.name).toBeCloseTo(row.value / row.floor);
      expect(row, row.name).toMatchObject({ bestPeer: null, bestPeerName: null, ratioToBestPeer: null });
    }
    const names = report.rows.map(({ name }) => name);
    expect(names.some((name) => name.startsWith('64 B request/reply, p50'))).toBe(true);
    expect(names.some((name) => name.startsWith('4 KiB, 64 in flight'))).toBe(true);
    const latency = report.series.find(({ workload }) => workload === 'latency');
    expect(latency).toMatchObject({ transport: 'launchport', unit: 'µs', rounds: [latency?.median] });
    const buckets = latency?.latency?.buckets ?? [];
    expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(latency?.latency?.count);
    expect(readdirSync(TMPDIR)).toEqual([]);
    expect(markedProcesses(TMPDIR)).toEqual([]);
  });

  it('ends at SIGINT with everything it has started', async () => {
    const TMPDIR = temporary();
    const command = spawn(process.execPath, [MAIN, 'bench', '--only', 'throughput'], {
      env: { ...commandEnvironment(directory()), TMPDIR },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output: string[] = [];
    for (const stream of [command.stdout, command.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => output.push(text));
    }
    const closed = once(command, 'close');
    try {
      // Both ends: a job, and a child.
      await vi.waitFor(
        () => {
          const commands = markedProcesses(TMPDIR).map((found) => found.command);
          expect(commands.some((text) => text.includes('bench/ends/server.js'))).toBe(true);
          expect(commands.some((text) => text.includes('bench/ends/client.js'))).toBe(true);
        },
        { timeout: 90_000, interval: 50 },
      );
      command.kill('SIGINT');
      expect(await closed).toEqual([130, null]);
    } finally {
      command.kill('SIGKILL');
      await closed;
    }
    expect(output.join('')).toBe('launchport: interrupted\n');
    expect(readdirSync(TMPDIR)).toEqual([]);
    await vi.waitFor(() => expect(markedProcesses(TMPDIR)).toEqual([]), { timeout: 60_000, interval: 50 });
  });
});
