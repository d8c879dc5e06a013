/** Crash recovery in daemon mode: a supervisor that is killed again and again while its jobs serve clients. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { delay } from '../../src/base/index.js';
import { encodeEntry } from '../../src/supervisor/journal-file.js';
import { eventually } from '../native/eventually.js';
import { isRunning, Rig } from './supervisor/rig.js';

const DAEMON = join(import.meta.dirname, 'supervisor', 'daemon.mjs');
const JOB = join(import.meta.dirname, 'supervisor', 'job.mjs');

const KILLS = 50;
const RUNNING = ['com.example.one', 'com.example.two'];
const IDLE = ['com.example.idle', 'com.example.rare'];
const PATIENCE = 60_000;

/** What a daemon says when it is ready. */
interface Ready {
  readonly pid: number;
  readonly jobs: Readonly<Record<string, number>>;
}

/** A daemon in a rig's directory, and those that follow it. */
class Daemons implements AsyncDisposable {
  readonly #rig: Rig;
  readonly #plists: readonly string[];
  child: ChildProcess;
  #output = '';

  constructor(rig: Rig, plists: readonly string[]) {
    mkdirSync(rig.directory, { recursive: true, mode: 0o700 });
    this.#rig = rig;
    this.#plists = plists;
    this.child = this.#start();
  }

  /** Resolves when the daemon of now is ready. */
  async ready(): Promise<Ready> {
    await eventually('a daemon', () => this.#output.endsWith('\n') || this.child.exitCode !== null, PATIENCE);
    return JSON.parse(this.#output);
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    if (this.child.signalCode === null) await once(this.child, 'exit');
  }

  next(): void {
    this.child = this.#start();
  }

  /** What the logs of all say. */
  get log(): string {
    const path = join(this.#rig.root, 'log');
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  get keeper(): number {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        if (args[1] === join(this.#rig.directory, 'keeper')) return Number(pid);
      } catch {
        // It ended meanwhile.
      }
    }
    return 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGTERM');
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const end = setTimeout(() => this.child.kill('SIGKILL'), 5_000);
      await once(this.child, 'exit');
      clearTimeout(end);
    }
    for (const pid of [...this.#rig.started, this.keeper].filter((each) => each > 0 && isRunning(each)))
      process.kill(pid, 'SIGKILL');
  }

  #start(): ChildProcess {
    this.#output = '';
    const child = spawn(process.execPath, [DAEMON, this.#rig.directory, ...this.#plists], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, LOG: join(this.#rig.root, 'log') },
    });
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      if (child === this.child) this.#output += chunk;
    });
    return child;
  }
}

const job = (service: string, isStarted: boolean) => ({
  Label: service,
  ProgramArguments: [process.execPath, JOB],
  MachServices: { [service]: true },
  RunAtLoad: isStarted,
});

const descriptors = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;
const gone = (pid: number) => !existsSync(`/proc/${pid}`);

describe.runIf(process.platform === 'linux')('recovery of a supervisor in daemon mode', () => {
  it(`launchd case 58: answers every request while the supervisor is killed ${KILLS} times`, async () => {
    await using rig = new Rig();
    const plists: string[] = [];
    for (const service of RUNNING) plists.push(await rig.plist(job(service, true)));
    for (const service of IDLE) plists.push(await rig.plist(job(service, false)));
    await using daemons = new Daemons(rig, plists);
    const first = await daemons.ready();
    const keeper = daemons.keeper;
    const pids = RUNNING.map((service) => first.jobs[service] ?? 0);
    await Promise.all(RUNNING.map((service) => rig.connect(service).request({})));
    const before = pids.map(descriptors);

    let isOver = false;
    const answered = { kept: 0, fresh: 0, idle: 0 };
    const idlePids = new Set<bigint>();
    /** On one connection that lives through it all. */
    const keepAsking = async (service: string, pid: number) => {
      const connection = rig.connect(service);
      for (let n = 0n; !isOver; n += 1n) {
        expect(await connection.request({ n }, { timeout: PATIENCE })).toEqual({ n, pid: BigInt(pid) });
        answered.kept += 1;
        await delay(2);
      }
      connection.cancel();
    };
    /** On a new connection for each request. */
    const connectAgain = async (service: string, pid: number) => {
      for (let n = 0n; !isOver; n += 1n) {
        const connection = rig.connect(service);
        expect(await connection.request({ n }, { timeout: PATIENCE })).toEqual({ n, pid: BigInt(pid) });
        connection.cancel();
        answered.fresh += 1;
        await delay(5);
      }
    };
    /** Wakes a service whose process has ended, which then ends again. */
    const wake = async (service: string) => {
      for (let n = 0n; !isOver; n += 1n) {
        const connection = rig.connect(service);
        const { pid, ...rest } = await connection.request({ n, exit: 0n }, { timeout: PATIENCE });
        expect(rest).toEqual({ n, exit: 0n });
        expect(idlePids.has(pid as bigint)).toBe(false);
        idlePids.add(pid as bigint);
        connection.cancel();
        answered.idle += 1;
        await eventually('the end of an idle job', () => gone(Number(pid)), PATIENCE);
      }
    };
    const load = Promise.all([
      ...RUNNING.flatMap((service, i) => [
        keepAsking(service, pids[i] ?? 0),
        connectAgain(service, pids[i] ?? 0),
      ]),
      ...IDLE.map(wake),
    ]);
    // A failure of a client must show at once, not as a timeout at the end.
    let failure: unknown;
    load.catch((error: unknown) => {
      failure = error;
    });

    for (let kill = 0; kill < KILLS && failure === undefined; kill += 1) {
      // At any moment: of its start, of its recovery, and of its work.
      if (kill % 4 === 0) await daemons.ready();
      await delay(Math.random() * 120);
      await daemons.kill();
      daemons.next();
    }
    const last = await daemons.ready();
    isOver = true;
    await load;

    expect(RUNNING.map((service) => last.jobs[service])).toEqual(pids);
    expect(pids.every(isRunning)).toBe(true);
    expect(daemons.keeper).toBe(keeper);
    expect(answered.kept).toBeGreaterThan(KILLS);
    expect(answered.fresh).toBeGreaterThan(KILLS);
    expect(answered.idle).toBeGreaterThan(0);
    // Nothing piled up: the jobs' connections are closed, and the keeper has each socket once.
    await eventually('closed connections', () =>
      pids.every((pid, i) => descriptors(pid) <= (before[i] ?? 0)),
    );
    expect(descriptors(keeper)).toBe(5 + RUNNING.length + IDLE.length);
    expect(rig.sockets.sort()).toEqual([...RUNNING, ...IDLE].sort());

    daemons.child.kill('SIGTERM');
    expect(await once(daemons.child, 'exit')).toEqual([0, null]);
    await eventually('the end of all', () => [...rig.started, keeper].every(gone));
    expect(rig.sockets).toEqual([]);
    expect(readdirSync(rig.directory).sort()).toEqual(['bootstrap', 'lock']);
  }, 180_000);

  it('launchd case 58: replaces a keeper that dies, which then has every socket', async () => {
    await using rig = new Rig();
    const [running = '', idle = ''] = [RUNNING[0], IDLE[0]];
    await using daemons = new Daemons(rig, [
      await rig.plist(job(running, true)),
      await rig.plist(job(idle, false)),
    ]);
    await daemons.ready();
    const first = daemons.keeper;
    process.kill(first, 'SIGKILL');
    await eventually('another keeper', () => daemons.keeper > 0 && daemons.keeper !== first);
    await eventually('its sockets', () => descriptors(daemons.keeper) === 7);
    await daemons.kill();
    // Nobody supervises: the idle service takes its client all the same.
    const reply = rig.connect(idle).request({ n: 1n }, { timeout: PATIENCE });
    daemons.next();
    expect((await reply).n).toBe(1n);
  }, 240_000);

  it('launchd case 58: a job that died meanwhile is seen to, one whose pid was reused is not touched', async () => {
    await using rig = new Rig();
    const [kept = '', crashed = ''] = RUNNING;
    await using daemons = new Daemons(rig, [
      await rig.plist({ ...job(kept, false), KeepAlive: true }),
      await rig.plist({ ...job(crashed, false), KeepAlive: { SuccessfulExit: true } }),
    ]);
    const { jobs } = await daemons.ready();
    await daemons.kill();
    const [first = 0, second = 0] = [jobs[kept], jobs[crashed]];
    process.kill(first, 'SIGTERM');
    process.kill(second, 'SIGKILL');
    await eventually('their ends', () => gone(first) && gone(second));
    // As if this process had got the number of a job: the start time tells them apart.
    const journal = join(rig.directory, 'jobs.journal');
    const lines = readFileSync(journal, 'utf8').trimEnd().split('\n');
    const entries = lines.map((line) => line.slice(9).replaceAll(`"pid":${second}`, `"pid":${process.pid}`));
    writeFileSync(journal, entries.map((entry) => encodeEntry(JSON.parse(entry)).toString()).join(''));
    daemons.next();
    const after = await daemons.ready();
    expect(after.jobs[kept]).toBeGreaterThan(0);
    expect(after.jobs[kept]).not.toBe(first);
    // An end that nobody saw counts as none of success.
    expect(after.jobs[crashed]).toBe(0);
    expect((await rig.connect(crashed).request({ n: 1n })).n).toBe(1n);
    expect(daemons.log).not.toContain('error');
  }, 240_000);

  it('an embedded supervisor ends what a killed daemon left, and has all names', async () => {
    await using rig = new Rig();
    const [running = '', idle = ''] = [RUNNING[0], IDLE[0]];
    const plists = [await rig.plist(job(running, true)), await rig.plist(job(idle, false))];
    await using daemons = new Daemons(rig, plists);
    const { jobs } = await daemons.ready();
    const { keeper } = daemons;
    await daemons.kill();
    await rig.supervise();
    await eventually('the end of the old', () => gone(jobs[running] ?? 0) && gone(keeper));
    expect(rig.sockets).toEqual([]);
    const domain = await rig.supervisor.defaultDomain();
    for (const plist of plists) await rig.supervisor.bootstrap(domain, plist);
    expect((await rig.connect(idle).request({ n: 1n })).n).toBe(1n);
    expect(readdirSync(rig.directory)).not.toContain('jobs.journal');
  }, 240_000);
});
