/** The routes of sandboxd over a container that isolates nothing: its states, and what each allows. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { processProtocol } from '../../../src/compat/index.js';
import { eventually } from '../eventually.js';
import { Bench, BOOT, failure, ID, shell } from './bench.js';

describe('sandboxd', () => {
  it('runs a container from its configuration to its end', async () => {
    await using bench = new Bench();
    const client = await bench.start();
    expect((await client.call('state')).snapshot).toEqual({
      status: 'stopped',
      networks: [],
      containers: [],
    });
    await client.call('bootstrap', BOOT);
    expect((await client.call('state')).snapshot.status).toBe('stopped');
    const waiting = client.call('wait', { id: ID });
    await client.call('start', { id: ID });
    const { exitCode, exitedAt } = await waiting;
    expect(exitCode).toBe(7);
    expect((await client.call('state')).snapshot.status).toBe('stopped');
    // Who asks later, or again, hears the same.
    expect(await client.call('wait', { id: ID })).toEqual({ exitCode, exitedAt });
    expect(JSON.parse(bench.file('exit.json'))).toMatchObject({ id: ID, exitCode: 7 });
    expect(JSON.parse(bench.file('config.json')).id).toBe(ID);
    expect(JSON.parse(bench.file('options.json'))).toEqual({ autoRemove: false });
    expect(bench.file('vminitd.log')).toContain('this sandbox isolates nothing');
    expect(bench.sandbox.isDestroyed).toBe(true);
  });

  it('leaves files that nobody else can read', async () => {
    await using bench = new Bench();
    const client = await bench.start();
    await client.call('bootstrap', BOOT);
    await client.call('start', { id: ID });
    await client.call('wait', { id: ID });
    for (const name of ['config.json', 'options.json', 'exit.json', 'stdio.log', 'vminitd.log']) {
      expect(statSync(join(bench.directory, name)).mode & 0o777, name).toBe(0o600);
    }
    expect(statSync(join(bench.directory, 'sandbox')).mode & 0o777).toBe(0o700);
  });

  it('keeps all output in its log, of every start one after another', async () => {
    await using bench = new Bench();
    writeFileSync(join(bench.directory, 'stdio.log'), 'before\n');
    bench.configure({ initProcess: shell('echo out; echo err >&2; echo out again') });
    const client = await bench.start();
    await client.call('bootstrap', BOOT);
    await client.call('start', { id: ID });
    await client.call('wait', { id: ID });
    const lines = bench.file('stdio.log').split('\n');
    expect(lines[0]).toBe('before');
    expect(lines.slice(1).sort()).toEqual(['', 'err', 'out', 'out again']);
    expect(lines.indexOf('out')).toBeLessThan(lines.indexOf('out again'));
  });

  it('plugin case 61: wait for an unknown id answers -1, and stop of what does not run succeeds', async () => {
    await using bench = new Bench();
    const client = await bench.start();
    expect((await client.call('wait', { id: 'nobody' })).exitCode).toBe(-1);
    await client.call('stop', { stopOptions: { timeoutInSeconds: 1 } });
    await client.call('bootstrap', BOOT);
    await client.call('start', { id: ID });
    await client.call('wait', { id: ID });
    await client.call('stop', { stopOptions: { timeoutInSeconds: 1 } });
    expect((await client.call('state')).snapshot.status).toBe('stopped');
  });

  it('plugin case 62: shutdown while it runs and a second bootstrap are refused', async () => {
    await using bench = new Bench();
    bench.configure({ initProcess: shell('exec sleep 600') });
    const client = await bench.start();
    await client.call('bootstrap', BOOT);
    await expect(client.call('bootstrap', BOOT)).rejects.toEqual(failure('invalidState'));
    await client.call('start', { id: ID });
    await expect(client.call('shutdown')).rejects.toEqual(failure('invalidState', /running/));
    await expect(client.call('bootstrap', BOOT)).rejects.toEqual(failure('invalidState'));
    await client.call('kill', { id: ID, signal: 'SIGKILL' });
    expect((await client.call('wait', { id: ID })).exitCode).toBe(137);
    await client.call('shutdown');
    await expect(client.call('start', { id: ID })).rejects.toEqual(failure('invalidState'));
  });

  it('plugin case 34: its arguments name the container and its directory', async () => {
    await using bench = new Bench();
    const client = await bench.start();
    expect(bench.plugin.output.join('\n')).toContain(`com.apple.container.runtime.sandboxd.${ID}`);
    expect((await client.call('state')).snapshot.status).toBe('stopped');
  });

  it('gives every client an endpoint to the same container', async () => {
    await using bench = new Bench();
    bench.configure({ initProcess: shell('exec sleep 600') });
    const client = await bench.start();
    await client.call('bootstrap', BOOT);
    const other = await bench.connect();
    await other.call('start', { id: ID });
    const { snapshot } = await client.call('state');
    expect(snapshot).toMatchObject({
      status: 'running',
      containers: [{ status: 'running', configuration: { id: ID } }],
    });
    expect(snapshot.containers[0]?.startedDate).toBeInstanceOf(Date);
    await client.call('stop', { stopOptions: { timeoutInSeconds: 60 } });
    expect((await other.call('wait', { id: ID })).exitCode).toBe(143);
  });

  it('stops with the signal that it is told, and with SIGKILL when that does not help', async () => {
    await using bench = new Bench();
    const ignoring = "trap '' TERM; echo ready; while :; do sleep 0.1; done";
    bench.configure({ initProcess: shell(ignoring) });
    const client = await bench.start();
    await client.call('bootstrap', BOOT);
    await client.call('start', { id: ID });
    await eventually('its traps', () => bench.file('stdio.log') === 'ready\n');
    await client.call('stop', { stopOptions: { timeoutInSeconds: 1, signal: '15' } });
    expect((await client.call('wait', { id: ID })).exitCode).toBe(137);
  });

  it('stops with the signal that the container names', async () => {
    await using bench = new Bench();
    bench.configure({
      initProcess: shell("trap 'exit 5' USR1; echo ready; while :; do sleep 0.1; done"),
      stopSignal: 'SIGUSR1',
    });
    const client = await bench.start();
    await client.call('bootstrap', BOOT);
    await client.call('start', { id: ID });
    await eventually('its trap', () => bench.file('stdio.log') === 'ready\n');
    await client.call('stop', { stopOptions: { timeoutInSeconds: 600 } });
    expect((await client.call('wait', { id: ID })).exitCode).toBe(5);
  });

  it('stops before the first process has run', async () => {
    await using bench = new Bench();
    const client = await bench.start();
    await client.call('bootstrap', BOOT);
    const waiting = client.call('wait', { id: ID });
    await client.call('stop', { stopOptions: { timeoutInSeconds: 5 } });
    expect((await waiting).exitCode).toBe(255);
    expect(bench.sandbox.isDestroyed).toBe(true);
  });

  it('runs further processes, and ends them with the first', async () => {
    await using bench = new Bench();
    bench.configure({ initProcess: shell('exec sleep 600') });
    const client = await bench.start();
    await client.call('bootstrap', BOOT);
    await client.call('start', { id: ID });
    await client.call('createProcess', { id: 'one', processConfig: shell('exit 3') });
    await client.call('createProcess', { id: 'two', processConfig: shell('exec sleep 600') });
    await client.call('createProcess', { id: 'never', processConfig: shell('exit 0') });
    const three = ['one', 'two', 'never'].map((id) => client.call('wait', { id }));
    await client.call('start', { id: 'one' });
    await client.call('start', { id: 'two' });
    await expect(client.call('start', { id: 'one' })).rejects.toEqual(failure('invalidState'));
    expect((await three[0])?.exitCode).toBe(3);
    await client.call('kill', { id: 'two', signal: 'KILL' });
    expect((await three[1])?.exitCode).toBe(137);
    await client.call('stop', { stopOptions: { timeoutInSeconds: 60 } });
    expect((await three[2])?.exitCode).toBe(-1);
  });

  it('tells what runs and what it costs', async () => {
    await using bench = new Bench();
    bench.configure({ initProcess: shell('exec sleep 600') });
    const client = await bench.start();
    await client.call('bootstrap', BOOT);
    await client.call('start', { id: ID });
    expect((await client.call('statistics')).statistics).toEqual({
      id: ID,
      memoryUsageBytes: 3,
      numProcesses: 1,
    });
    const { processes } = await (await bench.connectRaw()).as(processProtocol).call('processes');
    expect(processes).toEqual([
      expect.objectContaining({ pid: 1, command: '/bin/sh', cpuUsec: 1, memoryBytes: 2 }),
    ]);
  });

  it('takes the container with it when it is told to end, and says how that ended', async () => {
    await using bench = new Bench();
    bench.configure({ initProcess: shell('exec sleep 600') });
    const client = await bench.start();
    await client.call('bootstrap', BOOT);
    await client.call('start', { id: ID });
    const waiting = client.call('wait', { id: ID });
    bench.plugin.signal('SIGTERM');
    expect((await waiting).exitCode).toBe(143);
    expect(await bench.plugin.exited).toBe(0);
    expect(JSON.parse(bench.file('exit.json'))).toMatchObject({ exitCode: 143 });
    expect(bench.sandbox.isDestroyed).toBe(true);
  });

  it('copies files in and out', async () => {
    await using bench = new Bench();
    const client = await bench.start();
    await client.call('bootstrap', BOOT);
    const source = join(bench.base, 'source');
    writeFileSync(source, 'content');
    const into = {
      sourcePath: source,
      destinationPath: '/var/lib/thing',
      createParents: true,
      fileMode: 0o640,
    };
    await client.call('copyIn', into);
    const inside = join(bench.root, 'var/lib/thing');
    expect([readFileSync(inside, 'utf8'), statSync(inside).mode & 0o777]).toEqual(['content', 0o640]);
    const back = join(bench.base, 'back');
    await client.call('copyOut', { sourcePath: '/var/lib/thing', destinationPath: back });
    expect(readFileSync(back, 'utf8')).toBe('content');
    await expect(client.call('copyOut', { sourcePath: '/nothing', destinationPath: back })).rejects.toEqual(
      failure('notFound'),
    );
    await expect(client.call('copyIn', { ...into, destinationPath: 'relative' })).rejects.toEqual(
      failure('invalidArgument'),
    );
    expect(existsSync(join(bench.base, 'relative'))).toBe(false);
  });
});
