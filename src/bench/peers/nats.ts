/** NATS: a server of our own on the loopback interface, and msgpackr for what is in a message. */
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import type { EchoTransport } from '../transport.js';
import { startBroker } from './broker.js';
import { loadPackage } from './load-package.js';
import { loadMsgpack } from './msgpack.js';
import { PendingEchoes } from './pending-echoes.js';

interface NatsMessage {
  readonly data: Uint8Array;
  respond(data: Uint8Array): boolean;
}

interface NatsConnection {
  subscribe(
    subject: string,
    options: { callback: (error: Error | null, message: NatsMessage) => void },
  ): unknown;
  publish(subject: string, data: Uint8Array, options?: { reply: string }): void;
  flush(): Promise<void>;
  close(): Promise<void>;
  closed(): Promise<Error | undefined>;
}

interface Nats {
  connect(options: { servers: string; token: string; noAsyncTraces: boolean }): Promise<NatsConnection>;
  createInbox(): string;
}

/** What the client must know; the server writes it to the address. */
interface Place {
  readonly servers: string;
  readonly token: string;
}

const SUBJECT = 'echo';
/** What the server logs when it can be reached. */
const LISTENING = /Listening for client connections on (127\.0\.0\.1:\d+)/;
/** Largest message the server takes at all: 64 MiB. */
const MAX_PAYLOAD = 64 << 20;

/** `folder`: where nats and msgpackr are. */
export async function nats(folder: string): Promise<EchoTransport> {
  const { connect, createInbox } = await loadPackage<Nats>(folder, 'nats');
  const { encode, decode } = await loadMsgpack(folder);
  const open = (place: Place) => connect({ ...place, noAsyncTraces: true });
  return {
    name: 'NATS',
    serve: async (address) => {
      const { place, broker } = await startServer(address);
      const connection = await open(place).catch(async (error: unknown) => {
        await broker.close();
        throw error;
      });
      connection.subscribe(SUBJECT, {
        callback: (_error, message) => message.respond(encode(decode(message.data), 0)),
      });
      await connection.flush();
      await writeFile(address, JSON.stringify(place), { mode: 0o600 });
      return {
        close: async () => {
          await connection.close();
          await broker.close();
        },
      };
    },
    connect: async (address) => {
      const connection = await open(JSON.parse(await readFile(address, 'utf8')) as Place);
      const pending = new PendingEchoes();
      void connection.closed().then((error) => pending.fail(error ?? new Error('the connection is closed')));
      // Replies of one subscriber keep their order; `request` would set a timer for each.
      const reply = createInbox();
      connection.subscribe(reply, {
        callback: (error, { data }) => (error === null ? pending.settle(decode(data)) : pending.fail(error)),
      });
      return {
        echo: (message) => {
          connection.publish(SUBJECT, encode(message, 0), { reply });
          return pending.add();
        },
        close: () => connection.close(),
      };
    },
  };
}

/** Starts a server at a port that the system chooses. Other users can reach that, so it asks for a token. */
async function startServer(address: string) {
  const token = randomBytes(16).toString('hex');
  const configuration = `${address}.conf`;
  const lines = ['host: 127.0.0.1', 'port: -1', `max_payload: ${MAX_PAYLOAD}`, 'max_pending: 256MB'];
  await writeFile(configuration, [...lines, `authorization { token: "${token}" }`, ''].join('\n'), {
    mode: 0o600,
  });
  const broker = await startBroker(['nats-server', '-c', configuration], (line) => LISTENING.test(line));
  const [, servers = ''] = LISTENING.exec(broker.greeting) ?? [];
  return { place: { servers, token }, broker };
}
