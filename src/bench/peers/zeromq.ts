/** ZeroMQ: a DEALER and a ROUTER over a Unix socket, with msgpackr for what is in a frame. */
import type { EchoMessage, EchoTransport } from '../transport.js';
import { loadPackage } from './load-package.js';
import { loadMsgpack } from './msgpack.js';
import { PendingEchoes } from './pending-echoes.js';

interface Options {
  readonly sendHighWaterMark: number;
  readonly receiveHighWaterMark: number;
  readonly linger: number;
}

interface ZeromqSocket extends AsyncIterable<Buffer[]> {
  bind(address: string): Promise<void>;
  connect(address: string): void;
  send(frames: readonly Uint8Array[]): Promise<void>;
  close(): void;
}

interface Zeromq {
  readonly Router: new (options: Options) => ZeromqSocket;
  readonly Dealer: new (options: Options) => ZeromqSocket;
}

/** Without limits a send never has to wait, and the socket takes the next at once. */
const OPTIONS: Options = { sendHighWaterMark: 0, receiveHighWaterMark: 0, linger: 0 };

/** Sends in order. The socket takes one message at a time, and mostly at once, but not always. */
class Sender {
  readonly #socket: ZeromqSocket;
  readonly #queue: (readonly Uint8Array[])[] = [];
  #isBusy = false;

  constructor(socket: ZeromqSocket) {
    this.#socket = socket;
  }

  /** @throws what the socket throws, once: then it is closed */
  async send(frames: readonly Uint8Array[]): Promise<void> {
    this.#queue.push(frames);
    if (this.#isBusy) return;
    this.#isBusy = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      await this.#socket.send(next);
    }
    this.#isBusy = false;
  }
}

/** The payload is a frame of its own: the library then need not copy it into another one. */
const EMPTY = new Uint8Array();

/** `folder`: where zeromq and msgpackr are. */
export async function zeromq(folder: string): Promise<EchoTransport> {
  const { Router, Dealer } = await loadPackage<Zeromq>(folder, 'zeromq');
  const { encode, decode } = await loadMsgpack(folder);
  const frames = (message: EchoMessage): Uint8Array[] =>
    message.payload.length < 4096
      ? [encode(message, 0)]
      : [encode({ ...message, payload: EMPTY }, 0), message.payload];
  const message = (head: Buffer | undefined, payload: Buffer | undefined): EchoMessage => {
    if (head === undefined) throw new TypeError('a message without frames');
    return payload === undefined ? decode(head) : { ...decode(head), payload };
  };
  return {
    name: 'zeromq',
    serve: async (address) => {
      const router = new Router(OPTIONS);
      await router.bind(`ipc://${address}`);
      const sender = new Sender(router);
      const work = (async () => {
        for await (const [client, head, payload] of router) {
          // It fails when the socket is closed: then nobody waits any more.
          sender.send([client as Buffer, ...frames(message(head, payload))]).catch(() => {});
        }
      })();
      return {
        close: async () => {
          router.close();
          await work;
        },
      };
    },
    connect: async (address) => {
      const dealer = new Dealer(OPTIONS);
      dealer.connect(`ipc://${address}`);
      const sender = new Sender(dealer);
      const pending = new PendingEchoes();
      const work = (async () => {
        for await (const [head, payload] of dealer) pending.settle(message(head, payload));
      })().catch((error: Error) => pending.fail(error));
      return {
        echo: (request) => {
          sender.send(frames(request)).catch((error: Error) => pending.fail(error));
          return pending.add();
        },
        close: async () => {
          dealer.close();
          await work;
          pending.fail(new Error('the socket is closed'));
        },
      };
    },
  };
}
