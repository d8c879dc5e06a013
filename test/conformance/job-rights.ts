/** Rights between processes: from one to another, on to a third, and beyond the end of who made them. */
import { constants } from 'node:os';
import { expect, it } from 'vitest';
import type { Handle, PeerRequirement } from '../../src/native/index.js';
import type { Service } from './bench.js';
import { jsonOf } from './body.js';
import type { UseBench } from './define.js';
import type { JobReport } from './job.js';
import { echo } from './lifecycle.js';
import { letGo, valuesOf } from './rights.js';
import { command, descriptor, endpoint, memory, type SentRight } from './rights-body.js';

const { SIGKILL } = constants.signals;
const MIB = 1024 * 1024;

interface Job {
  readonly service: Service;
  readonly process: Handle;
  readonly pid: number;
  readonly connection: Handle;
}

export function jobRightsTests(use: UseBench): void {
  const files = () => use().environment.files;

  /** A job behind a service, and a connection to it. */
  const start = (requirement?: PeerRequirement): Job => {
    const { client, environment, supervisor } = use();
    const options = environment.job;
    if (options === undefined) throw new Error('the environment has no jobs');
    const service = use().service();
    const { name, descriptor: socket } = service;
    const job = supervisor.spawn({
      ...options('serve', 'default', name),
      listeners: [{ name, descriptor: socket }],
    });
    const target = requirement === undefined ? service.target : { ...service.target, requirement };
    return { service, ...job, connection: client.dial(target) };
  };

  const stop = async (...jobs: Job[]) => {
    const { exits, supervisor } = use();
    for (const { process } of jobs) supervisor.signal(process, SIGKILL, false);
    await use().until('exits', () =>
      jobs.every((job) => exits.some(({ process }) => process === job.process)),
    );
  };

  /** The reply to a command. */
  const tell = async ({ connection }: Job, name: string, ...rights: SentRight[]) => {
    const { client } = use();
    const outcome = await client.outcome(client.request(connection, ...command(name, ...rights)));
    if (outcome.type !== 'reply') throw new Error(`${name}: ${outcome.failure}`);
    return outcome;
  };

  const report = async ({ connection }: Job): Promise<JobReport> => {
    const { client } = use();
    const outcome = await client.outcome(client.request(connection));
    if (outcome.type !== 'reply') throw new Error(`the job did not answer: ${outcome.failure}`);
    return jsonOf(outcome.body) as JobReport;
  };

  it('everything goes to another process and comes back, and neither has more open than before', async () => {
    const { port } = use().client;
    const job = start();
    const { descriptors } = await report(job);
    const listener = use().client.listen({});
    const sent = files().open();
    await use().withoutLeak(async () => {
      const bytes = port.createMemory(MIB + 1);
      const target = port.endpoint(listener);
      for (let round = 0; round < 10; round += 1) {
        const reply = await tell(job, 'bounce', descriptor(sent), memory(bytes, MIB + 1), endpoint(target));
        const [file, got, back] = valuesOf(reply) as [number, number, number];
        expect(file).not.toBe(sent);
        expect(files().isSame(file, sent)).toBe(true);
        new Uint8Array(port.memory(bytes))[MIB] = round + 1;
        expect(new Uint8Array(port.memory(got))[MIB]).toBe(round + 1);
        const connection = use().client.connect({ endpoint: back });
        use().client.cancel(connection);
        letGo(use().client, reply.rights ?? []);
      }
      port.release(bytes);
      port.release(target);
    });
    expect(port.statistics().rights).toBe(0);
    expect((await report(job)).descriptors).toBe(descriptors);
    await stop(job);
  });

  it.each([1, MIB + 1])('what another process writes into %i bytes is seen', async (byteLength) => {
    const { port } = use().client;
    const job = start();
    const bytes = port.createMemory(byteLength);
    const view = new Uint8Array(port.memory(bytes));
    const reply = await tell(job, 'fill', memory(bytes, byteLength));
    expect(jsonOf(reply.body)).toEqual({ lengths: [byteLength] });
    expect(view.every((byte) => byte === (byteLength & 0xff))).toBe(true);
    await stop(job);
    expect(view[byteLength - 1]).toBe(byteLength & 0xff);
  });

  it('a third process, reached by an endpoint, fills a memory that a second forwarded', async () => {
    const { port } = use().client;
    const [second, third] = [start(), start()];
    const given = await tell(third, 'give', descriptor(files().open()));
    const [, target] = valuesOf(given) as [number, number];
    const bytes = port.createMemory(5000);
    const reply = await tell(second, 'forward', endpoint(target), memory(bytes, 5000));
    expect(jsonOf(reply.body)).toEqual({ lengths: [5000] });
    expect(new Uint8Array(port.memory(bytes)).every((byte) => byte === (5000 & 0xff))).toBe(true);
    await stop(second, third);
  });

  it('a service calls its client back over an endpoint', async () => {
    const { client } = use();
    const job = start();
    const listener = client.listen({});
    echo(client);
    await tell(job, 'call', endpoint(client.port.endpoint(listener)));
    const { credentials, handle } = await client.next('peer');
    expect(handle).toBe(listener);
    expect(credentials.pid).toBe(job.pid);
    await stop(job);
  });

  it('a third process calls the second over the endpoint that the second gave', async () => {
    const [second, third] = [start(), start()];
    const given = await tell(second, 'give', descriptor(files().open()));
    const [, target] = valuesOf(given) as [number, number];
    const reply = await tell(third, 'call', endpoint(target));
    expect(jsonOf(reply.body)).toMatchObject({ pid: second.pid });
    await stop(second, third);
  });

  it('a connection to an endpoint of a process that dies is invalid, never interrupted', async () => {
    const { client } = use();
    const job = start();
    const given = await tell(job, 'give', descriptor(files().open()));
    const [got, target] = valuesOf(given) as [number, number];
    const connection = client.dial({ endpoint: target });
    const outcome = await client.outcome(client.request(connection));
    expect(outcome.type === 'reply' && jsonOf(outcome.body)).toMatchObject({ pid: job.pid });
    expect(client.port.peer(connection).pid).toBe(job.pid);
    await stop(job);
    await client.event(connection, 'invalid');
    expect(client.events(connection)).toEqual(['invalid']);
    await client.event(job.connection, 'interrupted');
    // What it gave away lives on, and its endpoint leads nowhere.
    expect(new Uint8Array(client.port.memory(got)).every((byte) => byte === 100)).toBe(true);
    const late = client.dial({ endpoint: target });
    await client.event(late, 'invalid');
    expect(client.events(late)).toEqual(['invalid']);
  });

  it('a process that dies with what it was sent harms nobody', async () => {
    const { client } = use();
    const job = start();
    await report(job);
    const listener = client.listen({});
    const sent = files().open();
    const bytes = client.port.createMemory(64);
    const target = client.port.endpoint(listener);
    await tell(job, 'keep', descriptor(sent), memory(bytes, 64), endpoint(target));
    await stop(job);
    expect(files().isSame(sent, sent)).toBe(true);
    expect(client.port.memory(bytes).byteLength).toBe(64);
    echo(client);
    expect(await client.outcome(client.request(client.dial({ endpoint: target })))).toMatchObject({
      type: 'reply',
    });
  });

  it('a client that requires the program of a job gets its replies; of another none', async () => {
    const { client, environment } = use();
    const { jobExecutable = '' } = environment;
    const job = start({ executables: [jobExecutable] });
    expect((await report(job)).pid).toBe(job.pid);
    const requirement = { executables: ['/no/such/program'] };
    const strict = client.connect({ ...job.service.target, requirement });
    const id = client.request(strict);
    client.port.activate(strict);
    expect(await client.outcome(id)).toMatchObject({ type: 'failed', failure: 'peerRequirement' });
    await client.event(strict, 'invalid');
    await stop(job);
  });
}
