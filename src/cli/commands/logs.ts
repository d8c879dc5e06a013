/** `launchport logs`: what a container wrote. */
import { StringDecoder } from 'node:string_decoder';
import { printable } from '../../base/index.js';
import { assertContainerId } from '../../plugin/index.js';
import { about } from '../containers/failure.js';
import { FollowedLog } from '../containers/followed-log.js';
import { type ServerOptions, withServices } from '../containers/server.js';
import { isRunning } from '../containers/snapshot.js';
import { waitForExit } from '../containers/wait.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { writePaced } from '../output/line.js';

/** Options of `logs`. */
export interface ContainerLogsOptions extends GlobalOptions, ServerOptions {
  readonly follow?: boolean;
  readonly tail?: number;
  readonly boot?: boolean;
}

/** Milliseconds between two looks at a log that is followed. */
const POLL_MS = 200;

/**
 * Writes the log byte for byte, as it would have come to a terminal; with `json` one value for each line. With `follow`
 * until the container has stopped, and then what it wrote last.
 */
export async function containerLogs(
  context: CliContext,
  name: string,
  options: ContainerLogsOptions,
): Promise<void> {
  assertContainerId(name);
  await withServices(context, options, async ({ containers, wait }) => {
    const open = async () => {
      const { stdio, boot } = await about('container', name, () => containers.logs(name, wait));
      using _other = options.boot ? stdio : boot;
      return options.boot ? boot : stdio;
    };
    using tail = new FollowedLog(await open(), open);
    if (options.tail !== undefined) await tail.seekLines(options.tail);
    const writer = options.json ? new LineWriter(context) : undefined;
    const copy = async () => {
      for await (const bytes of tail.added()) {
        if (context.signal.aborted) return;
        await (writer?.write(bytes) ?? writePaced(context, bytes));
      }
    };
    if (options.follow) {
      const [snapshot] = await containers.list({ ids: [name] }, wait);
      if (snapshot !== undefined && isRunning(snapshot)) {
        // All that the process wrote is in the log before its end is told.
        const end = { isReached: false };
        const ended = waitForExit(containers, name, name, context.signal).then(
          () => {
            end.isReached = true;
          },
          (error: unknown) => {
            end.isReached = true;
            if (!context.signal.aborted) throw error;
          },
        );
        ended.catch(() => {});
        while (!end.isReached) {
          await copy();
          await pause(ended);
        }
        await copy();
        await ended;
      }
    }
    await copy();
    await writer?.end();
  });
}

/** Resolves after a while, or when `early` settles. */
async function pause(early: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, POLL_MS);
  });
  await Promise.race([early.catch(() => {}), late]);
  clearTimeout(timer);
}

/** One JSON value a line. */
class LineWriter {
  readonly #context: CliContext;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  constructor(context: CliContext) {
    this.#context = context;
  }

  async write(bytes: Uint8Array): Promise<void> {
    const lines = (this.#rest + this.#decoder.write(Buffer.from(bytes))).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const text of lines) await this.#line(text);
  }

  async end(): Promise<void> {
    const text = this.#rest + this.#decoder.end();
    if (text !== '') await this.#line(text);
  }

  #line(text: string): Promise<void> {
    return writePaced(this.#context, `${printable(JSON.stringify({ text }))}\n`);
  }
}
