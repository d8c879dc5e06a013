/** The API server killed and started again under running containers: real daemon, real runtimes, real busybox. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ContainerConfiguration, containerConfiguration } from '../../src/compat/index.js';
import { ApiClient } from '../../src/harness/index.js';
import { NO_INTERFACES, runCommand } from '../helpers/command.js';
import { processesWith, SandboxFixture, sandboxProblem } from '../helpers/sandbox-fixture.js';
import { eventually } from '../native/eventually.js';
import { isRunning } from './supervisor/rig.js';

const problem = sandboxProblem();
if (problem !== undefined) console.warn(`apiserver-restart.test.ts skipped: ${problem}`);

/** How many containers run; and milliseconds for one step, which a busy machine cannot reach. */
const COUNT = 20;
const PATIENCE = 120_000;

let directory = '';
let fixture: SandboxFixture;

const launchport = async (...args: readonly string[]): Promise<Record<string, unknown>> => {
  const { code, stdout, stderr } = await runCommand(directory, [...args, '--json'], PATIENCE, NO_INTERFACES);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as Record<string, unknown>;
};

function container(id: string, seconds: number): ContainerConfiguration {
  return containerConfiguration.parse({
    id,
    image: {
      reference: fixture.root,
      descriptor: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: 'sha256:0', size: 0 },
    },
    initProcess: {
      executable: '/bin/sleep',
      arguments: [String(seconds)],
      environment: ['PATH=/bin'],
      workingDirectory: '/',
      terminal: false,
      user: { id: { uid: 0, gid: 0 } },
      supplementalGroups: [],
      rlimits: [],
    },
    runtimeHandler: 'sandboxd',
    readOnly: true,
  });
}

describe.skipIf(problem !== undefined)(
  'the API server killed under running containers',
  { timeout: 300_000 },
  () => {
    beforeAll(async () => {
      directory = mkdtempSync(join(tmpdir(), 'lp-restart-'));
      fixture = await SandboxFixture.make();
    }, PATIENCE);
    afterAll(async () => {
      await runCommand(directory, ['system', 'stop'], PATIENCE);
      await fixture.remove();
      rmSync(directory, { recursive: true, force: true });
    }, PATIENCE);

    it(`loses none of ${COUNT}: the next one goes on with them, and hears of those that ended meanwhile`, async () => {
      const first = await launchport('system', 'start', '--timeout', '100');
      const client = new ApiClient({ bootstrap: join(directory, 'run/bootstrap'), timeout: PATIENCE });
      await using _client = client;
      const { containers } = client;
      const ids = Array.from({ length: COUNT }, (_, index) => `box-${index}`);
      const hostPid = async (id: string) => {
        const pid = (await containers.processes(id)).map((each) => each.hostPid).at(-1);
        if (pid === undefined) throw new Error(`nothing runs in ${id}`);
        return pid;
      };
      const commands = new Map<string, number>();
      await Promise.all(
        ids.map(async (id, index) => {
          // An argument that nobody else has.
          await containers.create(container(id, 30_000_000 + (process.pid % 10_000) * 100 + index));
          await containers.bootstrap(id);
          await containers.startProcess(id);
          commands.set(id, await hostPid(id));
        }),
      );
      const startedAt = (await containers.get('box-5')).startedDate;

      process.kill(first.pid as number, 'SIGKILL');
      await eventually('the end of the server', () => !isRunning(first.pid as number), PATIENCE);
      // Two end while nobody is there to hear of it.
      for (const id of ['box-0', 'box-1'])
        process.kill(commands.get(id) as number, id === 'box-0' ? 'SIGTERM' : 'SIGKILL');
      await eventually(
        'the ends of two commands',
        () => !['box-0', 'box-1'].some((id) => isRunning(commands.get(id) as number)),
        PATIENCE,
      );
      const second = await launchport('system', 'start', '--timeout', '100');
      expect(second).toMatchObject({ started: true });
      expect(second.pid).not.toBe(first.pid);

      // Waits for what is still being looked after.
      expect(await containers.wait('box-0')).toMatchObject({ exitCode: 143 });
      expect(await containers.wait('box-1')).toMatchObject({ exitCode: 137 });
      const rest = ids.slice(2);
      const pids = await Promise.all(rest.map(hostPid));
      expect(pids).toEqual(rest.map((id) => commands.get(id)));
      const running = await containers.list({ status: 'running' });
      expect(running.map(({ configuration }) => configuration.id).sort()).toEqual([...rest].sort());
      expect((await containers.get('box-5')).startedDate).toEqual(startedAt);
      expect((await client.health()).containers.filter((each) => each.problem !== undefined)).toEqual([]);

      // They are this server's as if it had started them.
      const waited = containers.wait('box-2');
      await containers.kill('box-2', 'SIGKILL');
      expect(await waited).toMatchObject({ exitCode: 137 });
      await containers.delete('box-3', true);
      await containers.bootstrap('box-0');
      await containers.startProcess('box-0');
      expect((await containers.get('box-0')).status).toBe('running');

      await launchport('system', 'stop', '--timeout', '60');
      for (const pid of commands.values()) expect(isRunning(pid)).toBe(false);
      // The server has given everything back by now, and may still have to leave.
      await eventually('the end of all processes', () => processesWith(directory).length === 0, PATIENCE);
      expect(processesWith(directory)).toEqual([]);
    });
  },
);
