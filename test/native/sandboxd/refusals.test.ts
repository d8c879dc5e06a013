/** What sandboxd refuses, and why. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Bench, BOOT, failure, ID, shell } from './bench.js';

describe('sandboxd', () => {
  it('refuses in each state what that state does not allow', async () => {
    await using bench = new Bench();
    const client = await bench.start();
    const processConfig = shell('exit 0');
    const copy = { sourcePath: '/a', destinationPath: '/b' };
    const refused = failure('invalidState');
    await expect(client.call('start', { id: ID })).rejects.toEqual(refused);
    await expect(client.call('createProcess', { id: 'x', processConfig })).rejects.toEqual(refused);
    await expect(client.call('kill', { id: ID, signal: 'TERM' })).rejects.toEqual(refused);
    await expect(client.call('resize', { id: ID, width: 1, height: 1 })).rejects.toEqual(refused);
    await expect(client.call('statistics')).rejects.toEqual(refused);
    await expect(client.call('dial', { port: 80 })).rejects.toEqual(refused);
    await expect(client.call('copyIn', copy)).rejects.toEqual(refused);
    await expect(client.call('copyOut', copy)).rejects.toEqual(refused);
    await client.call('bootstrap', BOOT);
    await expect(client.call('kill', { id: ID, signal: 'TERM' })).rejects.toEqual(refused);
    await expect(client.call('start', { id: 'x' })).rejects.toEqual(failure('notFound'));
    await client.call('createProcess', { id: 'x', processConfig });
    await expect(client.call('start', { id: 'x' })).rejects.toEqual(refused);
    await expect(client.call('createProcess', { id: 'x', processConfig })).rejects.toEqual(
      failure('invalidArgument'),
    );
    await expect(client.call('createProcess', { id: ID, processConfig })).rejects.toEqual(
      failure('invalidArgument'),
    );
    await expect(client.call('snapshotDisk', { imagePath: '/a', destinationPath: '/b' })).rejects.toEqual(
      failure('unsupported', /no disk image/),
    );
  });

  it('never traps on numbers that nothing has', async () => {
    await using bench = new Bench();
    bench.configure({ initProcess: shell('exec sleep 600') });
    const client = await bench.start();
    await client.call('bootstrap', BOOT);
    await client.call('start', { id: ID });
    const refused = failure('invalidArgument');
    await expect(client.call('resize', { id: ID, width: 65_536, height: 1 })).rejects.toEqual(refused);
    await expect(client.call('resize', { id: ID, width: 1, height: 2 ** 40 })).rejects.toEqual(refused);
    await expect(client.call('dial', { port: 0 })).rejects.toEqual(refused);
    await expect(client.call('dial', { port: 65_536 })).rejects.toEqual(refused);
    await expect(client.call('kill', { id: ID, signal: 'NOSUCH' })).rejects.toEqual(refused);
    await expect(client.call('kill', { id: ID, signal: '65' })).rejects.toEqual(refused);
    await client.call('resize', { id: ID, width: 65_535, height: 0 });
    expect((await client.call('state')).snapshot.status).toBe('running');
  });

  it('may be booted again when that failed, and leaves nothing of the attempt', async () => {
    await using bench = new Bench();
    bench.configure({ initProcess: { ...shell('exit 0'), user: { raw: { userString: 'nobody-here' } } } });
    const client = await bench.start();
    await expect(client.call('bootstrap', BOOT)).rejects.toEqual(
      failure('invalidArgument', /no user "nobody-here"/),
    );
    expect(bench.sandboxes).toEqual([]);
    await expect(client.call('bootstrap', { networkBootstrapInfos: [{ plugin: 'bridge' }] })).rejects.toEqual(
      failure('invalidArgument'),
    );
    writeFileSync(join(bench.root, 'etc/passwd'), 'nobody-here:x:0:0::/home/n:/bin/sh\n');
    await client.call('bootstrap', BOOT);
    await client.call('start', { id: ID });
    expect((await client.call('wait', { id: ID })).exitCode).toBe(0);
    expect(bench.sandbox.started[0]).toMatchObject({ user: { uid: 0, gid: 0 } });
    expect(bench.sandbox.started[0]?.environment).toContain('HOME=/home/n');
  });

  it('refuses a root that is no directory', async () => {
    await using bench = new Bench();
    const runtime = JSON.parse(bench.file('runtime-configuration.json'));
    runtime.containerRootFilesystem.type = {
      block: { format: 'ext4', cache: { on: {} }, sync: { full: {} } },
    };
    writeFileSync(join(bench.directory, 'runtime-configuration.json'), JSON.stringify(runtime));
    const client = await bench.start();
    await expect(client.call('bootstrap', BOOT)).rejects.toEqual(failure('unsupported', /type block/));
  });
});
