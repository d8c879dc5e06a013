/** The first process of a sandbox, which bubblewrap makes: its namespaces are the sandbox, and live as long as it does. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import type { Duplex, Readable, Writable } from 'node:stream';
import {
  abortedError,
  LaunchportError,
  type Logger,
  settlesWithin,
  withDeadline,
} from '../../../../base/index.js';
import { INSIDE_PATH } from './bubblewrap.js';
import { startTicksOf } from './entered-process.js';
import type { Programs } from './programs.js';

/** Time to make namespaces and mounts, milliseconds. */
const SETUP_MS = 60_000;
/** Time for everything in it to end once it is told to, milliseconds; then it is killed, and gets as long again. */
const END_MS = 10_000;
/** How much of bubblewrap's complaints is kept. */
const MAX_COMPLAINT = 4096;

/** What it is made with. */
export interface FirstProcessOptions {
  readonly programs: Programs;
  readonly arguments: readonly string[];
  /** Open cgroup.procs files. */
  readonly groups: readonly number[];
  readonly logger: Logger;
  readonly signal: AbortSignal | undefined;
}

/** It exists and waits; nothing of the root has run. */
export class FirstProcess {
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;
  #complaint = '';
  #hasEnded = false;
  #hostPid = 0;
  #startTicks: bigint | undefined;
  #directory: number | undefined;
  #isEnding = false;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.ended = new Promise((resolve) => {
      const end = () => {
        this.#hasEnded = true;
        this.#closeDirectory();
        resolve();
      };
      child.once('close', end);
      child.once('error', (error) => {
        this.#complaint += error.message;
        end();
      });
    });
  }

  /**
   * @throws LaunchportError ERR_UNSUPPORTED when the system refuses the namespaces, ERR_SANDBOX for what else bubblewrap
   *   complains about, ERR_TIMEOUT, ERR_ABORTED; nothing is left then
   */
  static async make(options: FirstProcessOptions): Promise<FirstProcess> {
    const { programs, groups, signal } = options;
    if (signal?.aborted) throw abortedError('making a sandbox', signal);
    const bubblewrap = [programs.bubblewrap, '--args', '3', '--info-fd', '4', '--', INSIDE_PATH, 'hold', '5'];
    const child = spawn(programs.helper, ['launch', String(5 + groups.length), ...bubblewrap], {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe', 'pipe', ...groups],
      env: {},
      cwd: '/',
      detached: true,
    });
    const first = new FirstProcess(child);
    try {
      await withDeadline(
        'making a sandbox',
        { timeout: SETUP_MS, signal },
        () => new LaunchportError('ERR_TIMEOUT', 'bubblewrap did not make a sandbox in time'),
        () => first.#setUp(options.arguments),
      );
      return first;
    } catch (error) {
      await first.end();
      throw error;
    }
  }

  get hasEnded(): boolean {
    return this.#hasEnded || this.#isEnding;
  }

  get hostPid(): number {
    return this.#hostPid;
  }

  /** An open descriptor of its /proc/PID, which never becomes another's. Undefined after the end. */
  get directory(): number | undefined {
    return this.#directory;
  }

  /**
   * Ends it, and with it everything in the sandbox; resolves when all have ended.
   * @throws LaunchportError ERR_TIMEOUT when not even killing helped, as with a process that waits for a broken disk
   */
  async end(): Promise<void> {
    this.#isEnding = true;
    // The first process ends when its lifeline does. One that is still being made is not killed before it looks there:
    // bubblewrap's child would be left waiting for bubblewrap.
    for (const descriptor of [3, 5]) streamsOf(this.#child)[descriptor]?.destroy();
    if (await settlesWithin(END_MS, this.ended)) return;
    this.#child.kill('SIGKILL');
    if (this.#startTicks !== undefined && startTicksOf(this.#hostPid) === this.#startTicks) {
      try {
        process.kill(this.#hostPid, 'SIGKILL');
      } catch {
        // Gone meanwhile.
      }
    }
    if (await settlesWithin(END_MS, this.ended)) return;
    throw new LaunchportError('ERR_TIMEOUT', 'a sandbox did not end although it was killed');
  }

  async #setUp(bubblewrapArguments: readonly string[]): Promise<void> {
    const [, , complaints, input, info, lifeline] = streamsOf(this.#child);
    if (!complaints || !input || !info || !lifeline) {
      await this.ended;
      throw this.#failure();
    }
    collect(complaints, (text) => {
      this.#complaint = (this.#complaint + text).slice(-MAX_COMPLAINT);
    });
    const isKnown = new Promise<void>((resolve) => {
      let text = '';
      collect(info, (chunk) => {
        text += chunk;
        const id = /"child-pid": *(\d+)\D/.exec(text)?.[1];
        if (id === undefined || this.#hostPid !== 0) return;
        this.#hostPid = Number(id);
        this.#startTicks = startTicksOf(this.#hostPid);
        resolve();
      });
    });
    const isReady = new Promise<void>((resolve) => {
      lifeline.once('data', () => resolve());
    });
    // Broken when bubblewrap has ended early; its complaint tells the rest.
    for (const stream of [input, lifeline]) stream.on('error', () => {});
    (input as Writable).end(bubblewrapArguments.map((argument) => `${argument}\0`).join(''));
    await Promise.race([Promise.all([isKnown, isReady]), this.ended]);
    if (this.#hasEnded) throw this.#failure();
    this.#directory = openSync(`/proc/${this.#hostPid}`, constants.O_RDONLY | constants.O_DIRECTORY);
    // Until bubblewrap has waited for it, the id cannot be another's, and the directory is its own.
    if (this.#startTicks === undefined || this.#hasEnded) throw this.#failure();
  }

  /** Reads a file of its /proc/PID. @throws the system's error, ESRCH or ENOENT after its end */
  read(name: string): string {
    return readFileSync(`/proc/self/fd/${this.#directory}/${name}`, 'utf8');
  }

  #closeDirectory(): void {
    if (this.#directory !== undefined) closeSync(this.#directory);
    this.#directory = undefined;
  }

  #failure(): LaunchportError {
    const complaint = this.#complaint.trim() || 'it ended without a word';
    const isRefused =
      /creat\w+ new namespace|uid map|gid map|Failed to make|proc on|RTM_NEWADDR|No permissions/i.test(
        complaint,
      );
    return new LaunchportError(
      isRefused ? 'ERR_UNSUPPORTED' : 'ERR_SANDBOX',
      `bubblewrap could not make the sandbox: ${complaint}`,
      isRefused
        ? {
            hint: 'This system refuses namespaces to this user: run as root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0).',
          }
        : {},
    );
  }
}

/** Its streams by descriptor; none where it could not be started. */
function streamsOf(child: ChildProcess): readonly (Duplex | null | undefined)[] {
  return (child.stdio ?? []) as unknown as readonly (Duplex | null | undefined)[];
}

function collect(stream: Readable, take: (text: string) => void): void {
  stream.setEncoding('utf8');
  stream.on('data', take);
  stream.on('error', () => {});
}
