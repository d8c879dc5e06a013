/** The runtime plugin as real jobs: containers of busybox, their streams, signals, terminals and ends. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { delay } from '../../src/base/index.js';
import type { ProcessInfo, RuntimeHelperClient } from '../../src/compat/index.js';
import { eventually } from '../native/eventually.js';
import { Containers, inputPipe, missing, outputPipe, sending, shell } from './sandboxd/containers.js';
import { isRunning } from './supervisor/rig.js';

const reason = missing();
if (reason !== undefined) console.log(`skipped: containers of sandboxd: ${reason}`);

const BOOT = { networkBootstrapInfos: [] } as const;

describe.skipIf(reason !== undefined)('containers of sandboxd', { timeout: 240_000 }, () => {
  let containers: Containers;

  beforeAll(async () => {
    containers = await Containers.start();
  }, 120_000);

  afterAll(() => containers?.[Symbol.asyncDispose](), 120_000);

  /** Runs a further process to its end; resolves to its exit code and output. */
  async function run(client: RuntimeHelperClient, id: string, command: string, changes = {}) {
    const stdout = outputPipe();
    const output = buffer(stdout.ours);
    const configuration = { ...shell(command), ...changes };
    await sending([stdout], () => client.createProcess(id, configuration, { stdout: stdout.theirs }));
    await client.start(id);
    const { exitCode } = await client.wait(id);
    return { exitCode, output: (await output).toString() };
  }

  it('passes every byte in and out, the ends too, and keeps all of it in the log', async () => {
    const client = await containers.create('bytes', { initProcess: shell('echo begin >&2; exec cat') });
    const [stdin, stdout, stderr] = [inputPipe(), outputPipe(), outputPipe()];
    const output = buffer(stdout.ours);
    const begin = once(stderr.ours, 'data');
    const end = once(stderr.ours, 'end');
    const stdio = { stdin: stdin.theirs, stdout: stdout.theirs, stderr: stderr.theirs };
    await sending([stdin, stdout, stderr], () => client.bootstrap({ ...BOOT, stdio }));
    await client.start('bytes');
    expect(String((await begin)[0])).toBe('begin\n');
    const bytes = randomBytes(3_000_000);
    stdin.ours.end(bytes);
    expect((await output).equals(bytes)).toBe(true);
    await end;
    expect((await client.wait('bytes')).exitCode).toBe(0);
    expect(containers.file('bytes', 'stdio.log').equals(Buffer.concat([Buffer.from('begin\n'), bytes]))).toBe(
      true,
    );
    await client.shutdown();
  });

  it('runs further processes with exact exit codes, as the users they name, and is stopped in time', async () => {
    const server = 'nc -ll -p 7000 -e /bin/cat';
    const init = shell(`trap '' TERM; hostname; ${server} & while :; do sleep 1; done`);
    const client = await containers.create('many', { initProcess: init });
    await client.bootstrap(BOOT);
    await client.start('many');
    expect(await run(client, 'e1', 'exit 42')).toEqual({ exitCode: 42, output: '' });
    expect((await run(client, 'e2', 'kill -SEGV $$')).exitCode).toBe(139);
    expect((await run(client, 'e3', '', { executable: '/nowhere' })).exitCode).toBe(127);
    const user = { raw: { userString: 'web' } };
    expect((await run(client, 'e4', 'id -u; id -G; echo $HOME', { user })).output).toBe(
      '1234\n1234 77\n/srv\n',
    );
    const source = join(containers.rig.root, 'file');
    writeFileSync(source, 'from the host');
    await client.copyIn(source, '/tmp/file');
    expect((await run(client, 'e5', 'cat /tmp/file; echo more >> /tmp/file')).output).toBe('from the host');
    await client.copyOut('/tmp/file', `${source}.back`);
    expect(readFileSync(`${source}.back`, 'utf8')).toBe('from the hostmore\n');

    const commands = (await client.processes()).map(({ command }) => command);
    expect(commands).toContainEqual(expect.stringContaining('nc -ll -p 7000'));
    expect(Number((await client.statistics()).numProcesses)).toBeGreaterThanOrEqual(2);
    const listens = 'until netstat -ltn | grep -q :7000; do sleep 0.1; done';
    expect((await run(client, 'e6', listens)).exitCode).toBe(0);
    const connection = new Socket({ fd: (await client.dial(7000)).take() });
    connection.write('echo');
    expect(String((await once(connection, 'data'))[0])).toBe('echo');
    connection.destroy();

    await client.stop({ timeoutInSeconds: 1 });
    expect((await client.wait('many')).exitCode).toBe(137);
    expect((await client.state()).status).toBe('stopped');
    expect(containers.file('many', 'stdio.log').toString()).toBe('many\n');
    expect(JSON.parse(containers.file('many', 'exit.json').toString())).toMatchObject({ exitCode: 137 });
  });

  it('has a terminal that knows its size, and its signals', async () => {
    const script =
      'test -t 1 && stty size; read x; stty size; trap \'exit 9\' INT; echo "$x"; while :; do sleep 0.1; done';
    const init = shell(script, true);
    const client = await containers.create('terminal', { initProcess: init });
    const [stdin, stdout] = [inputPipe(), outputPipe()];
    let shown = '';
    stdout.ours.setEncoding('utf8').on('data', (text: string) => {
      shown += text;
    });
    const end = once(stdout.ours, 'end');
    const stdio = { stdin: stdin.theirs, stdout: stdout.theirs };
    await sending([stdin, stdout], () => client.bootstrap({ ...BOOT, stdio }));
    await client.resize('terminal', 132, 43);
    await client.start('terminal');
    const shows = (text: string) => eventually(JSON.stringify(text), () => shown.includes(text), 120_000);
    await shows('43 132\r\n');
    await client.resize('terminal', 100, 30);
    stdin.ours.write('typed\n');
    await shows('30 100\r\ntyped\r\n');
    // ^C is a signal for whoever is in the foreground.
    stdin.ours.write('\u0003');
    expect((await client.wait('terminal')).exitCode).toBe(9);
    await end;
  });

  it('leaves no process behind when sandboxd is killed', async () => {
    const client = await containers.create('orphan', { initProcess: shell('sleep 600 & exec sleep 601') });
    await client.bootstrap(BOOT);
    await client.start('orphan');
    const both = (found: readonly ProcessInfo[]) =>
      found.filter(({ command }) => command.includes('sleep 60'));
    let found = await client.processes();
    while (both(found).length < 2) found = await delay(20).then(() => client.processes());
    const pids = found.map(({ hostPid }) => hostPid);
    process.kill(client.client.connection.credentials.pid, 'SIGKILL');
    await eventually('the end of all processes', () => !pids.some(isRunning));
  });
});
