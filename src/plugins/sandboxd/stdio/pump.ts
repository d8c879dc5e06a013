/** Moves bytes between a client and a process, one chunk at a time: nobody is read from before the other has taken. */
import type { Readable, Writable } from 'node:stream';
import type { ClientOutput } from './client-output.js';
import type { OutputLog } from './output-log.js';

/** Reads a process's output to its end, into the log and then to the client. Never rejects. */
export async function pumpOutput(
  source: Readable,
  log: OutputLog | undefined,
  client: ClientOutput | undefined,
): Promise<void> {
  try {
    for await (const chunk of source) {
      await log?.append(chunk as Buffer);
      await client?.write(chunk as Buffer);
    }
  } catch {
    // The end of a terminal, or of a stream that was destroyed: either way there is nothing more.
  }
  await client?.end();
}

/**
 * Writes what a client sends to a process. The end of the one is the end of the other: a process that no longer reads
 * closes the client's side, and a client that is done, or has gone, the process's. Never rejects.
 */
export async function pumpInput(source: Readable, sink: Writable): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    sink.once('close', resolve);
    sink.once('error', () => resolve());
  });
  // A process that ends its input while the client sends nothing must not leave the client waiting.
  void closed.then(() => source.destroy());
  try {
    for await (const chunk of source) {
      const taken = new Promise<void>((resolve) => void sink.write(chunk, () => resolve()));
      await Promise.race([taken, closed]);
      if (sink.destroyed) break;
    }
  } catch {
    // As an end.
  }
  source.destroy();
  if (!sink.destroyed) sink.end(() => sink.destroy());
}
