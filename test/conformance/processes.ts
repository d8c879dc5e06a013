/** The supervisor port: processes, and the sockets they inherit. */
import { constants } from 'node:os';
import { expect, it } from 'vitest';
import type { Service } from './bench.js';
import { jsonOf } from './body.js';
import type { UseBench } from './define.js';
import type { JobOptions } from './environment.js';
import type { JobReport } from './job.js';
import { thrownBy } from './sockets.js';

const { SIGKILL, SIGTERM } = constants.signals;

export function processTests(use: UseBench): void {
  const job = (...args: string[]): JobOptions => {
    const options = use().environment.job?.(...args);
    if (options === undefined) throw new Error('the environment has no jobs');
    return options;
  };

  /** Starts a job that serves these services. */
  const serve = (term: string, ...services: Service[]) => {
    const names = services.map(({ name }) => name);
    const listeners = services.map(({ name, descriptor }) => ({ name, descriptor }));
    return use().supervisor.spawn({ ...job('serve', term, ...names), listeners });
  };

  /** The report of the job behind a service. */
  const ask = async (service: Service): Promise<JobReport> => {
    const { client } = use();
    const outcome = await client.outcome(client.request(client.dial(service.target)));
    if (outcome.type !== 'reply') throw new Error(`the job did not answer: ${outcome.failure}`);
    return jsonOf(outcome.body) as JobReport;
  };

  const exited = (process: number) => {
    return use().until('exit', () => use().exits.some((exit) => exit.process === process));
  };

  it('an exit is reported with its code', async () => {
    const { exits, supervisor } = use();
    const { process, pid } = supervisor.spawn({ ...job('exit', '3'), listeners: [] });
    expect(pid).toBeGreaterThan(0);
    expect(exits).toEqual([]);
    await exited(process);
    expect(exits).toEqual([{ process, exitCode: 3, signal: 0 }]);
  });

  it('several processes are told apart', async () => {
    const { exits, supervisor } = use();
    const codes = ['4', '5', '6'];
    const started = codes.map((code) => supervisor.spawn({ ...job('exit', code), listeners: [] }));
    for (const { process } of started) await exited(process);
    expect(new Set(started.map(({ pid }) => pid)).size).toBe(3);
    const byProcess = new Map(exits.map(({ process, exitCode }) => [process, exitCode]));
    expect(started.map(({ process }) => byProcess.get(process))).toEqual([4, 5, 6]);
  });

  it('a file that is not there cannot be started', () => {
    const options = { ...job('exit', '0'), file: '/no/such/file', listeners: [] };
    expect(thrownBy(() => use().supervisor.spawn(options)).code).toBe('ENOENT');
    expect(thrownBy(() => use().supervisor.spawn(options)).syscall).toMatch(/^(spawn|execve)/);
  });

  it('a message that waited is read by the job, who is then known to both sides', async () => {
    const { client, supervisor } = use();
    const service = use().service();
    const connection = client.dial(service.target);
    const id = client.request(connection);
    await use().settle();
    const { process, pid } = serve('default', service);
    const outcome = await client.outcome(id);
    expect(outcome.type === 'reply' && jsonOf(outcome.body)).toMatchObject({ pid });
    expect(client.port.peer(connection).pid).toBe(pid);
    expect(supervisor.listenerPid(service.descriptor)).toBe(pid);
    supervisor.signal(process, SIGKILL, false);
    await exited(process);
  });

  it('a job gets its arguments, environment, directory and listeners', async () => {
    const { supervisor } = use();
    const services = [use().service(), use().service()];
    const { process, pid } = serve('default', ...services);
    const report = await ask(services[1] as Service);
    expect(report).toMatchObject({
      pid,
      cwd: job().cwd,
      env: {
        GREETING: 'hello=world',
        LISTEN_FDS: '2',
        LISTEN_PID: String(pid),
        LISTEN_FDNAMES: services.map(({ name }) => name).join(':'),
      },
      invalid: [],
    });
    const again = await ask(services[0] as Service);
    expect({ ...again, descriptors: 0, rss: 0 }).toEqual({ ...report, descriptors: 0, rss: 0 });
    supervisor.signal(process, SIGKILL, false);
    await exited(process);
  });

  it('launchd cases 22 and 23: a name is checked in by one listener at a time, and only one that was given', async () => {
    const { supervisor } = use();
    const service = use().service();
    const { name, descriptor } = service;
    const { process } = supervisor.spawn({
      ...job('serve', 'default', name, name, 'com.example.undeclared'),
      listeners: [{ name, descriptor }],
    });
    await ask(service);
    expect((await ask(service)).invalid).toEqual([name, 'com.example.undeclared']);
    supervisor.signal(process, SIGKILL, false);
    await exited(process);
  });

  it('clients of a job that dies are interrupted, and served by the next one', async () => {
    const { client, exits, supervisor } = use();
    const service = use().service();
    const first = serve('default', service);
    const connection = client.dial(service.target);
    await client.outcome(client.request(connection));
    expect(supervisor.signal(first.process, SIGKILL, false)).toBe(true);
    await client.event(connection, 'interrupted');
    await exited(first.process);
    expect(exits).toEqual([{ process: first.process, exitCode: 0, signal: SIGKILL }]);
    supervisor.watch(service.descriptor);
    const id = client.request(connection);
    await use().until('demand', () => use().demands.length > 0);
    const second = serve('default', service);
    const outcome = await client.outcome(id);
    expect(outcome.type === 'reply' && jsonOf(outcome.body)).toMatchObject({ pid: second.pid });
    expect(client.events(connection)).toEqual(['interrupted']);
    supervisor.signal(second.process, SIGKILL, false);
    await exited(second.process);
  });

  it.each([
    ['ends a job by default', 'default', { exitCode: 0, signal: SIGTERM }],
    ['lets a job end as it likes', '7', { exitCode: 7, signal: 0 }],
  ])('SIGTERM %s', async (_what, term, end) => {
    const { exits, supervisor } = use();
    const service = use().service();
    const { process } = serve(term, service);
    await ask(service);
    expect(supervisor.signal(process, SIGTERM, false)).toBe(true);
    await exited(process);
    expect(exits).toEqual([{ process, ...end }]);
  });

  it('SIGTERM can be ignored, SIGKILL to the group cannot', async () => {
    const { exits, supervisor } = use();
    const service = use().service();
    const { process, pid } = serve('ignore', service);
    await ask(service);
    expect(supervisor.signal(process, SIGTERM, true)).toBe(true);
    expect((await ask(service)).pid).toBe(pid);
    expect(exits).toEqual([]);
    expect(supervisor.signal(process, SIGKILL, true)).toBe(true);
    await exited(process);
    expect(exits).toEqual([{ process, exitCode: 0, signal: SIGKILL }]);
  });

  it('the group can be signalled while the exit is reported, and the handle is free after it', async () => {
    const { supervisor } = use();
    const { process } = supervisor.spawn({ ...job('exit', '0'), listeners: [] });
    const sent: boolean[] = [];
    use().onExit = () => sent.push(supervisor.signal(process, SIGKILL, true));
    await exited(process);
    expect(sent).toEqual([true]);
    expect(supervisor.signal(process, SIGKILL, true)).toBe(false);
    expect(supervisor.signal(process, 0, false)).toBe(false);
  });

  it('signal 0 asks whether a process is there, and one that does not exist is an error', async () => {
    const { supervisor } = use();
    const service = use().service();
    const { process } = serve('default', service);
    expect(supervisor.signal(process, 0, false)).toBe(true);
    expect(thrownBy(() => supervisor.signal(process, 4000, false)).code).toBe('EINVAL');
    expect(supervisor.signal(process + 1, SIGKILL, false)).toBe(false);
    supervisor.signal(process, SIGKILL, false);
    await exited(process);
  });

  it('closing the port ends no process and reports none', async () => {
    const { exits, supervisor } = use();
    const service = use().service();
    const { pid } = serve('default', service);
    await ask(service);
    supervisor.close();
    const report = await ask(service);
    expect(report.pid).toBe(pid);
    use().environment.kill?.(pid);
    await use().settle();
    expect(exits).toEqual([]);
  });
}
