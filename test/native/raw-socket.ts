/** A process that speaks to sockets in raw packets, for Node has no SOCK_SEQPACKET; and the frames to send. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('./fixtures/raw_socket.py', import.meta.url));

/** Why there can be no raw sockets, or undefined. */
export function missingPython(): string | undefined {
  return spawnSync('python3', ['-c', 'import socket; socket.send_fds'], { env: plainEnvironment() })
    .status === 0
    ? undefined
    : 'needs python3 of 3.9 or later';
}

/** Ours, without the sanitizers' runtime, which may be preloaded for the addon. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const { LD_PRELOAD: _, ...environment } = process.env;
  return environment;
}

/** One such process. */
export class RawSocket {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #answers: AsyncIterator<string>;

  constructor() {
    this.#child = spawn('python3', [SCRIPT], { stdio: ['pipe', 'pipe', 'inherit'], env: plainEnvironment() });
    this.#lines = createInterface({ input: this.#child.stdout as Readable });
    this.#answers = this.#lines[Symbol.asyncIterator]();
  }

  connect(path: string, name = 'a', uid?: number): Promise<unknown> {
    return this.#do({ do: 'connect', name, path, ...(uid === undefined ? {} : { uid }) });
  }

  listen(path: string): Promise<unknown> {
    return this.#do({ do: 'listen', name: 'listener', path });
  }

  accept(name = 'a'): Promise<unknown> {
    return this.#do({ do: 'accept', name, listener: 'listener' });
  }

  async send(packet: Uint8Array, count = 1, name = 'a'): Promise<{ sent: number; error?: string }> {
    const answer = await this.#do({ do: 'send', name, packet: Buffer.from(packet).toString('hex'), count });
    return answer as { sent: number; error?: string };
  }

  /** With descriptors of these kinds, which are named in raw_socket.py; `count` times the same. */
  async sendDescriptors(
    packet: Uint8Array,
    descriptors: readonly string[],
    count = 1,
    name = 'a',
  ): Promise<{ sent: number; error?: string }> {
    const hex = Buffer.from(packet).toString('hex');
    const answer = await this.#do({ do: 'send_descriptors', name, packet: hex, descriptors, count });
    return answer as { sent: number; error?: string };
  }

  /** Reads until a descriptor comes, which is a socket: `right` from now on. */
  readRight(right: string, name = 'a'): Promise<unknown> {
    return this.#do({ do: 'read_right', name, right });
  }

  /** Connects to the endpoint whose socket is `right`. */
  knock(right: string, packet: Uint8Array, name = 'a'): Promise<unknown> {
    return this.#do({ do: 'knock', name, right, packet: Buffer.from(packet).toString('hex') });
  }

  /** Shuts a socket down for all who have it. */
  shut(name: string): Promise<unknown> {
    return this.#do({ do: 'shut', name });
  }

  /** How the other side ended the connection, after how many bytes. */
  async readToEnd(name = 'a'): Promise<{ bytes: number; end: string }> {
    return (await this.#do({ do: 'read_to_end', name })) as { bytes: number; end: string };
  }

  close(name = 'a'): Promise<unknown> {
    return this.#do({ do: 'close', name });
  }

  /** The process that the sockets belong to. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Ends the process. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    (this.#child.stdin as Writable).end();
    await ended;
    this.#lines.close();
  }

  async #do(command: object): Promise<unknown> {
    (this.#child.stdin as Writable).write(`${JSON.stringify(command)}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error('the raw socket process ended');
    return JSON.parse(value);
  }
}

/** Kinds of frames; see native/linux/xpc/wire.h. */
export const Frame = {
  clientHello: 1,
  serviceHello: 2,
  message: 3,
  request: 4,
  reply: 5,
  dropped: 6,
} as const;

/** A frame. `length` is what its header claims, by default the truth. */
export function frame(
  kind: number,
  body: Uint8Array = new Uint8Array(0),
  options: FrameOptions = {},
): Uint8Array {
  const { id = 0, flags = 0, length = body.byteLength } = options;
  const bytes = new Uint8Array(16 + body.byteLength);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length, true);
  view.setUint16(4, kind, true);
  view.setUint16(6, flags, true);
  view.setBigUint64(8, BigInt(id), true);
  bytes.set(body, 16);
  return bytes;
}

/** What a header says apart from its kind. */
export interface FrameOptions {
  readonly id?: number;
  readonly flags?: number;
  readonly length?: number;
}

/** The first frame of a side. */
export function hello(kind: number, magic = 0x7470636c, version = 1): Uint8Array {
  return frame(kind, new Uint8Array(Uint32Array.of(magic, version).buffer));
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
