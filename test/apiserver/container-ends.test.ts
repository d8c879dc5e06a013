/** Ends of containers that come at a bad time, or that something stands in the way of. */
import { execFileSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import { Rig } from './rig.js';

const code = (wire: string) => ({ code: 'ERR_REMOTE', details: { code: wire } });

describe('a container', () => {
  it('that is stopping is not started over, nor deleted when it is about to start', async () => {
    await using rig = await Rig.make();
    await rig.start();
    const { containers } = rig.client();
    await containers.create(rig.container('c1'));
    await containers.bootstrap('c1');
    await expect(containers.delete('c1')).rejects.toMatchObject(code('invalidState'));
    await containers.startProcess('c1');
    const runtime = rig.runtimes.get('c1');
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    rig.runtime.before = (route) => (route === 'stop' ? held : undefined);
    const stopped = containers.stop('c1');
    await vi.waitFor(() => expect(runtime?.calls).toContain('stop'), { timeout: 20_000 });
    await expect(containers.startProcess('c1')).rejects.toMatchObject(code('invalidState'));
    expect(runtime?.calls).not.toContain('shutdown');
    release();
    await stopped;
    expect(await containers.wait('c1')).toMatchObject({ exitCode: 143 });
  });

  it('runs on when its runtime cannot tell of its networks', async () => {
    await using rig = await Rig.make();
    await rig.start();
    const client = rig.client();
    rig.runtime.before = (route) => {
      if (route === 'state') throw new Error('not now');
    };
    await rig.run(client, 'c1');
    expect((await client.containers.get('c1')).status).toBe('running');
  });

  it('goes, however deep the paths in it are', async () => {
    await using rig = await Rig.make();
    await rig.start();
    const { containers } = rig.client();
    await containers.create(rig.container('c1'));
    const name = 'd'.repeat(200);
    const script = `cd "$1" && for i in $(seq 40); do mkdir ${name} && cd -P ./${name} || exit 1; done`;
    execFileSync('bash', ['-c', script, 'bash', rig.state('containers/c1')]);
    await containers.delete('c1');
    expect(await readdir(rig.state('containers'))).toEqual([]);
  });
});
