/** The ends of sandboxes: at any stage, many at once, under an ordinary user, with a terminal; nothing of them is left. */
import { randomInt } from 'node:crypto';
import { readdirSync, readlinkSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createSandbox, type SandboxSpec } from '../../src/plugins/sandboxd/sandbox/index.js';
import { processesWith, SandboxFixture, sandboxProblem } from '../helpers/sandbox-fixture.js';

const problem = sandboxProblem();
if (problem !== undefined) console.log(`ends of sandboxes are not tested: ${problem}`);

const IDLE = ['sleep', '1000'];
/** How many descriptors are of the kinds that a sandbox has; the test runner opens and closes others meanwhile. */
const openDescriptors = () =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return /^(?:(?:pipe|net|mnt|pid|ipc|uts|user|cgroup):|anon_inode:\[pidfd\]|pidfd:|\/proc\/|\/sys\/fs\/cgroup)/.test(
        readlinkSync(`/proc/self/fd/${fd}`),
      );
    } catch {
      return false;
    }
  }).length;

describe.skipIf(problem !== undefined)('the end of a sandbox', { timeout: 180_000 }, () => {
  let fixture: SandboxFixture;

  beforeAll(async () => {
    fixture = await SandboxFixture.make();
  }, 60_000);
  afterEach(() => fixture.destroyAll(), 120_000);
  afterAll(() => fixture.remove());

  it('leaves nothing when given up at any stage', async () => {
    await (await fixture.sandbox()).destroy();
    const descriptors = openDescriptors();
    const states: string[] = [];
    const spec = async (changes: Partial<SandboxSpec> = {}) => {
      const result = await fixture.spec({ network: 'own', ...changes });
      states.push(result.stateDirectory);
      return result;
    };
    // Before, while and after it is made; with a command, and with one that has just ended.
    await expect(createSandbox(await spec(), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
    for (const turns of [1, 3, 10]) {
      const abort = new AbortController();
      const making = createSandbox(await spec(), { signal: abort.signal });
      const outcome = making.then(
        (sandbox) => sandbox.destroy(),
        (error: unknown) => expect(error).toMatchObject({ code: 'ERR_ABORTED' }),
      );
      for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
      abort.abort();
      await outcome;
    }
    const bad = { mounts: [{ kind: 'bind', source: '/nowhere', destination: '/x', options: [] }] } as const;
    await expect(createSandbox(await spec(bad))).rejects.toMatchObject({ code: 'ERR_SANDBOX' });
    await expect(createSandbox(await spec({ hostname: 'x'.repeat(300) }))).rejects.toMatchObject({
      code: 'ERR_SANDBOX',
    });
    await expect(createSandbox(await spec({ sysctls: { 'kernel.panic': '1' } }))).rejects.toThrow(RangeError);

    const unused = await createSandbox(await spec());
    await Promise.all([unused.destroy(), unused.destroy()]);
    const running = await createSandbox(await spec());
    const command = await fixture.run(running, 'start', IDLE);
    const starting = fixture.run(running, 'exec', IDLE).then(
      ({ process }) => process.exited,
      (error: unknown) => expect(error).toMatchObject({ code: 'ERR_SANDBOX' }),
    );
    await running.destroy();
    await starting;
    expect((await command.process.exited).code).toBe(137);
    const failed = await createSandbox(await spec());
    expect((await fixture.output(failed, 'start', ['missing']))[0]).toBe(127);
    await failed.destroy();

    await expect.poll(openDescriptors, { timeout: 60_000 }).toBeLessThanOrEqual(descriptors);
    for (const state of states) expect([state, await readdir(state)]).toEqual([state, []]);
    expect(await readFile('/proc/self/mountinfo', 'utf8')).not.toContain(fixture.directory);
    for (const state of states) expect(processesWith(state)).toEqual([]);
  });

  it('comes to 20 at a time, each with its own processes', async () => {
    const mark = `2${randomInt(1e8, 1e9)}`;
    const results = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const sandbox = await fixture.sandbox({ hostname: `box-${index}` });
        await fixture.run(sandbox, 'start', ['sleep', mark]);
        const [code, text] = await fixture.output(
          sandbox,
          'exec',
          'busybox hostname; busybox ps | busybox grep -c [s]leep; exit $(busybox hostname | busybox cut -c 5-)',
        );
        return [code, text];
      }),
    );
    expect(results).toEqual(results.map((_, index) => [index, `box-${index}\n1\n`]));
    expect(processesWith(`sleep\0${mark}`)).toHaveLength(20);
    await fixture.destroyAll();
    expect(processesWith(`sleep\0${mark}`)).toEqual([]);
  });
});
