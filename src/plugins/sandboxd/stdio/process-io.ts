/** The standard streams of one process: what it is given, and how its bytes reach the client and the log. */
import { closeSync, fchownSync, openSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { ReadStream } from 'node:tty';
import { errorText, type Logger, settlesWithin } from '../../../base/index.js';
import type { ProcessStdio } from '../sandbox/index.js';
import { ClientOutput } from './client-output.js';
import { readDescriptor, readPipe, writeDescriptor, writePipe } from './descriptor-stream.js';
import type { DescriptorSource } from './descriptors.js';
import { FileWriter } from './file-writer.js';
import type { OutputLog } from './output-log.js';
import { pumpInput, pumpOutput } from './pump.js';

/** Descriptors of a client; they belong to whoever gets them. */
export interface ClientDescriptors {
  readonly stdin?: number | undefined;
  readonly stdout?: number | undefined;
  readonly stderr?: number | undefined;
}

/** What the streams of a process are made with. */
export interface ProcessIoOptions {
  readonly descriptors: DescriptorSource;
  readonly logger: Logger;
  /** Gets all output too; absent for processes whose output is the client's alone. */
  readonly log?: OutputLog | undefined;
  readonly isTerminal: boolean;
  /** See `ClientOutputOptions`. */
  readonly stallTimeout: number;
}

/** The size of a terminal before anybody says another, in characters. */
const COLUMNS = 80;
const ROWS = 24;

/**
 * The streams of one process. Bytes are moved as they are. With a terminal there is one stream each way, both belong to
 * the terminal, and the end of the client's input is not passed on: a terminal has none, and whoever wants one sends ^D.
 */
export class ProcessIo {
  readonly #options: ProcessIoOptions;
  /** The process's own descriptors, until it has them. */
  readonly #given = new Set<number>();
  /** A terminal's other side, while it is open. */
  #controller: number | undefined;
  /** What carries input to the process, and what brings it. */
  #sink: Writable | undefined;
  #source: Readable | undefined;
  readonly #outputs: Readable[] = [];
  readonly #clients: ClientOutput[] = [];
  readonly #pumps: Promise<void>[] = [];
  #stdio: ProcessStdio;

  /**
   * Opens pipes or a terminal and starts to move bytes. Takes the client's descriptors, whatever happens.
   * @throws the system's error when there are no more descriptors or terminals, or one of the client's is not open
   */
  constructor(client: ClientDescriptors, options: ProcessIoOptions) {
    this.#options = options;
    // Of a client's three descriptors, those that no stream has taken yet.
    const left = new Set(Object.values(client).filter((each) => each !== undefined) as number[]);
    const take = (descriptor: number | undefined) => {
      if (descriptor !== undefined) left.delete(descriptor);
      return descriptor;
    };
    try {
      this.#stdio = options.isTerminal ? this.#openTerminal(client, take) : this.#openPipes(client, take);
    } catch (error) {
      this.close();
      throw error;
    } finally {
      for (const descriptor of left) closeQuietly(descriptor);
    }
  }

  /** What the process is to be started with. It is closed here by {@link started}. */
  get stdio(): ProcessStdio {
    return this.#stdio;
  }

  /** Makes the process's descriptors its user's, so that it may open /dev/stdout anew. For root; else nothing happens. */
  giveTo(uid: number, gid: number): void {
    if (process.getuid?.() !== 0) return;
    for (const descriptor of this.#given) {
      try {
        fchownSync(descriptor, uid, gid);
      } catch (error) {
        this.#options.logger.debug('standard streams keep their owner', { error: errorText(error) });
      }
    }
  }

  /** The process has its descriptors, or will never have them. A terminal's side stays open until {@link exited}. */
  started(): void {
    if (this.#controller === undefined) this.#closeGiven();
  }

  /**
   * Sets the size of the terminal; without one nothing happens.
   * @throws TypeError for what is no size, the system's error
   */
  resize(columns: number, rows: number): void {
    if (this.#controller !== undefined) this.#options.descriptors.resize(this.#controller, columns, rows);
  }

  /**
   * The process has ended: its input does too. Resolves when all its output has been handed on, or after `grace`
   * milliseconds: what remains, because another process still has the descriptors or the client is slow, is moved on.
   */
  async exited(grace: number): Promise<void> {
    this.#source?.destroy();
    await this.#endInput();
    this.#closeGiven();
    await settlesWithin(grace, this.done);
  }

  /**
   * As {@link exited}, for a process after which nothing is moved on any more. Clients that still take something get
   * `patience` milliseconds, until `hurry` aborts; then they are left, and the rest goes to the log alone.
   */
  async drained(grace: number, patience: number, hurry: AbortSignal): Promise<void> {
    const end = performance.now() + patience;
    await this.exited(grace);
    for (let taken = -1; !hurry.aborted && performance.now() < end; ) {
      const now = this.#clients.reduce((sum, client) => sum + client.taken, 0);
      const isWaiting = this.#clients.some(({ isBusy }) => isBusy);
      // Nobody is waited for: all is done, or somebody out of reach still has the descriptors and is silent.
      if (!isWaiting && now === taken) break;
      taken = now;
      if (await settlesWithin(grace, this.done)) return;
    }
    for (const client of this.#clients) client.leave('the container has ended');
    await settlesWithin(grace, this.done);
  }

  /** Resolves when all output has been handed on. */
  get done(): Promise<void> {
    return Promise.all(this.#pumps).then(() => {});
  }

  /** Ends everything at once. */
  close(): void {
    this.#closeGiven();
    this.#source?.destroy();
    this.#sink?.destroy();
    for (const output of this.#outputs) output.destroy();
  }

  #openPipes(client: ClientDescriptors, take: (fd: number | undefined) => number | undefined): ProcessStdio {
    const stdin = this.#give(
      client.stdin === undefined ? openSync('/dev/null', 'r') : this.#inputPipe(client, take),
    );
    const outputs = (['stdout', 'stderr'] as const).map((name) => {
      const { reader, writer } = this.#options.descriptors.pipe();
      this.#give(writer);
      this.#pumpOut(readPipe(reader), this.#client(name, take(client[name])));
      return writer;
    });
    return { stdin, stdout: outputs[0] as number, stderr: outputs[1] as number };
  }

  #inputPipe(client: ClientDescriptors, take: (fd: number | undefined) => number | undefined): number {
    const { reader, writer } = this.#options.descriptors.pipe();
    this.#give(reader);
    this.#sink = writePipe(writer);
    this.#pumpIn(readDescriptor(take(client.stdin) as number), this.#sink);
    return reader;
  }

  #openTerminal(
    client: ClientDescriptors,
    take: (fd: number | undefined) => number | undefined,
  ): ProcessStdio {
    const { controller, terminal } = this.#options.descriptors.terminal(COLUMNS, ROWS);
    this.#give(terminal);
    this.#controller = controller;
    const output = new ReadStream(controller);
    output.on('error', () => {});
    output.on('close', () => {
      this.#controller = undefined;
    });
    this.#pumpOut(output, this.#client('stdout', take(client.stdout)));
    if (client.stdin !== undefined) {
      // Its end is not the end of the terminal: whoever is at it may come back.
      const sink = new FileWriter(controller, { isOwner: false });
      this.#sink = sink;
      this.#pumpIn(readDescriptor(take(client.stdin) as number), sink);
    }
    return { stdin: terminal, stdout: terminal, stderr: terminal };
  }

  #client(name: string, descriptor: number | undefined): ClientOutput | undefined {
    if (descriptor === undefined) return undefined;
    const { logger, stallTimeout } = this.#options;
    const output = new ClientOutput(name, writeDescriptor(descriptor), { logger, stallTimeout });
    this.#clients.push(output);
    return output;
  }

  #pumpOut(source: Readable, client: ClientOutput | undefined): void {
    this.#outputs.push(source);
    this.#pumps.push(pumpOutput(source, this.#options.log, client));
  }

  #pumpIn(source: Readable, sink: Writable): void {
    this.#source = source;
    sink.on('error', () => {});
    void pumpInput(source, sink);
  }

  /** No write is under way when this resolves: the terminal's descriptor is the output's, which closes it at its end. */
  async #endInput(): Promise<void> {
    const sink = this.#sink;
    if (sink === undefined || sink.closed) return;
    const closed = new Promise<void>((resolve) => void sink.once('close', () => resolve()));
    sink.destroy();
    await closed;
  }

  #give(descriptor: number): number {
    this.#given.add(descriptor);
    return descriptor;
  }

  #closeGiven(): void {
    for (const descriptor of this.#given) closeQuietly(descriptor);
    this.#given.clear();
  }
}

function closeQuietly(descriptor: number): void {
  try {
    closeSync(descriptor);
  } catch {
    // It was not open, or belonged to a stream that failed.
  }
}
