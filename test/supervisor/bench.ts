/** A supervisor in a mock world: its directory is real, its sockets and processes are not. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type JobDefinitionInput,
  type JobStatus,
  type ServiceTarget,
  writeJobPlist,
} from '../../src/launchd/index.js';
import { createMockWorld, type MockProcess, type MockWorld } from '../../src/native/mock/index.js';
import { type JobTransition, Supervisor, type SupervisorOptions } from '../../src/supervisor/index.js';
import { type XpcConnection, XpcTransport } from '../../src/xpc/index.js';
import { LogBook } from '../helpers/xpc-pair.js';
import { FakeClock } from './fake-clock.js';

/** The label and the only service of {@link Bench.definition}. */
export const LABEL = 'com.example.job';
export const SERVICE = 'com.example.job.service';
/** The program of {@link Bench.definition}, which {@link Bench.start} registers as an echo server. */
export const PROGRAM = '/mock/program';
/** The domain of whoever runs the tests. */
export const DOMAIN = `user/${process.getuid?.() ?? 0}` as const;

/** Serves every service the process was given: replies with what it got, and who it is. */
export function echo(job: MockProcess): void {
  const transport = new XpcTransport(job.binding);
  for (const service of (job.env.LISTEN_FDNAMES ?? '').split(':').filter((name) => name !== '')) {
    transport.listen(service, () => ({
      request: (message) => ({ ...message, pid: BigInt(job.pid) }),
    }));
  }
}

export class Bench implements AsyncDisposable {
  readonly root = mkdtempSync(join(tmpdir(), 'lp-'));
  readonly directory = join(this.root, 'run');
  readonly world: MockWorld = createMockWorld();
  readonly clock = new FakeClock();
  readonly log = new LogBook();
  readonly transitions: JobTransition[] = [];
  /** Processes started so far. */
  readonly started: MockProcess[] = [];
  supervisor!: Supervisor;
  readonly #transports: XpcTransport[] = [];
  #nextClient = 900_000;

  static async start(options: SupervisorOptions = {}): Promise<Bench> {
    const bench = new Bench();
    bench.runs(echo);
    bench.supervisor = await bench.supervise(options);
    bench.supervisor.onTransition((transition) => bench.transitions.push(transition));
    return bench;
  }

  /** Starts a supervisor on the directory. */
  supervise(options: SupervisorOptions = {}): Promise<Supervisor> {
    return Supervisor.start({
      directory: this.directory,
      binding: this.world.binding(),
      clock: this.clock,
      logger: this.log,
      environment: { HOME: '/home/someone', USER: 'someone', SECRET: 'stays here' },
      ...options,
    });
  }

  /** What a process of `file` does from now on. */
  runs(main: (job: MockProcess) => void, file = PROGRAM): void {
    this.world.program(file, (job) => {
      this.started.push(job);
      main(job);
    });
  }

  /** An on-demand job with one service. */
  definition(changes: Partial<JobDefinitionInput> = {}): JobDefinitionInput {
    return {
      Label: LABEL,
      ProgramArguments: [PROGRAM, 'start'],
      MachServices: { [SERVICE]: true },
      ...changes,
    };
  }

  /** Writes a plist; returns its path. */
  async plist(changes: Partial<JobDefinitionInput> = {}): Promise<string> {
    const definition = this.definition(changes);
    mkdirSync(join(this.root, 'plists'), { recursive: true });
    const path = join(this.root, 'plists', `${definition.Label}.plist`);
    await writeJobPlist(path, definition);
    return path;
  }

  /** Writes a plist and loads it. */
  async load(changes: Partial<JobDefinitionInput> = {}): Promise<ServiceTarget> {
    return this.supervisor.bootstrap(DOMAIN, await this.plist(changes));
  }

  /** The job's status, which must exist. */
  async print(target: ServiceTarget = `${DOMAIN}/${LABEL}`): Promise<JobStatus> {
    const status = await this.supervisor.print(target);
    if (status === undefined) throw new Error(`not loaded: ${target}`);
    return status;
  }

  /** A connection from a process of its own. */
  connect(service = SERVICE): XpcConnection {
    this.#nextClient += 1;
    const transport = new XpcTransport(this.world.binding(this.#nextClient));
    this.#transports.push(transport);
    return transport.connect(service, { bootstrap: this.supervisor.bootstrapDirectory });
  }

  /** Moves time on and lets what follows happen. */
  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.settled();
  }

  /** Resolves when the world stands still. */
  async settled(): Promise<void> {
    // Programs answer through promises, which the world does not wait for; each round gives them one more turn.
    for (let round = 0; round < 10; round += 1) await this.world.settled();
  }

  /** The kinds of transitions so far. */
  get kinds(): readonly string[] {
    return this.transitions.map(({ kind }) => kind);
  }

  /** Ends the job's running process with a code, or by a signal. */
  async end(how: number | NodeJS.Signals): Promise<void> {
    const job = this.started.at(-1);
    if (job === undefined) throw new Error('nothing was started');
    if (typeof how === 'number') job.exit(how);
    else this.world.kill(job.pid, constants.signals[how]);
    await this.settled();
  }

  /** Ends the processes of all clients. */
  async endClients(): Promise<void> {
    for (const transport of this.#transports.splice(0)) await transport.close();
    await this.settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.endClients();
    const stopped = this.supervisor.stop({ timeout: 1000 });
    for (let round = 0; round < 3; round += 1) await this.advance(60_000);
    await stopped;
    this.world.close();
    rmSync(this.root, { recursive: true, force: true });
  }
}
