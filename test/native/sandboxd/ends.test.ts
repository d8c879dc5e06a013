/** How containers end: by several at once, and with clients that are slow to take the last of the output. */
import { closeSync, existsSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/base/index.js';
import { Container } from '../../../src/plugins/sandboxd/container.js';
import { addonDescriptors } from '../../../src/plugins/sandboxd/stdio/descriptors.js';
import { eventually } from '../eventually.js';
import { Bench, BOOT, ID, shell } from './bench.js';

const IGNORES_TERM = "trap '' TERM; echo ready; while :; do sleep 0.1; done";

/** A container that ignores SIGTERM, and that a first client stops with ten minutes of grace. */
async function stopping(bench: Bench) {
  bench.configure({ initProcess: shell(IGNORES_TERM) });
  const client = await bench.start();
  await client.call('bootstrap', BOOT);
  await client.call('start', { id: ID });
  await eventually('its trap', () => bench.file('stdio.log') === 'ready\n');
  const first = client.call('stop', { stopOptions: { timeoutInSeconds: 600 } });
  const other = await bench.connect();
  let status = '';
  while (status !== 'stopping') status = (await other.call('state')).snapshot.status;
  return { first, other };
}

describe('the end of a container', () => {
  it('comes in the time of whoever gives it the least', async () => {
    await using bench = new Bench();
    const { first, other } = await stopping(bench);
    const waiting = other.call('wait', { id: ID });
    await other.call('stop', { stopOptions: { timeoutInSeconds: 0 } });
    await first;
    expect((await waiting).exitCode).toBe(137);
    expect(JSON.parse(bench.file('exit.json'))).toMatchObject({ exitCode: 137 });
  });

  it('is noted when the runtime is told to end while somebody gives the container time', async () => {
    await using bench = new Bench();
    const { first, other } = await stopping(bench);
    const answered = first.catch(() => {});
    await other.call('shutdown');
    bench.plugin.signal('SIGTERM');
    expect(await bench.plugin.exited).toBe(0);
    await answered;
    expect(JSON.parse(bench.file('exit.json'))).toMatchObject({ exitCode: 137 });
    expect(bench.sandbox.isDestroyed).toBe(true);
  });

  // More than one pipe holds, and less than what is on its way when the process has written all of it.
  const BYTES = 150_000;
  /** A container that has ended by itself while its client has not taken all of its output. */
  async function ended(bench: Bench) {
    bench.configure({ initProcess: shell(`exec head -c ${BYTES} /dev/zero`) });
    await bench.start();
    const container = new Container({
      id: ID,
      directory: bench.directory,
      logger: silentLogger,
      environment: bench.environment({ drainGrace: 20 }),
      network: { transport: bench.plugin.transport, logger: silentLogger, prefix: 'test.' },
    });
    const { reader, writer } = addonDescriptors().pipe();
    const takeDescriptors = () => ({ stdout: writer });
    await container.bootstrap({ takeDescriptors, dynamicEnv: {}, networkPlugins: [] });
    const waiting = container.wait(ID);
    await container.start(ID);
    await eventually('the note of its end', () => existsSync(join(bench.directory, 'exit.json')));
    return { container, reader, waiting };
  }

  it('waits for a client that takes its time, and loses nothing', async () => {
    await using bench = new Bench();
    const { reader, waiting } = await ended(bench);
    const buffer = Buffer.alloc(BYTES);
    let taken = 0;
    const isAtEnd = () => {
      try {
        const count = readSync(reader, buffer);
        taken += count;
        return count === 0;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false;
        throw error;
      }
    };
    await eventually('the end of the output', isAtEnd);
    closeSync(reader);
    expect((await waiting).code).toBe(0);
    expect([taken, bench.file('stdio.log').length]).toEqual([BYTES, BYTES]);
  });

  it('does not wait for a client once somebody stops the container, and the log has everything', async () => {
    await using bench = new Bench();
    const { container, reader, waiting } = await ended(bench);
    await container.stop({ timeoutInSeconds: 600 });
    expect((await waiting).code).toBe(0);
    expect(bench.file('stdio.log').length).toBe(BYTES);
    closeSync(reader);
  });
});
