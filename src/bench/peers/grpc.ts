/** gRPC over a Unix socket, messages by protobufjs: one call for each request, as services define them. */
import type { EchoMessage, EchoTransport } from '../transport.js';
import { loadPackage } from './load-package.js';

type Done = (error: Error | null, message?: EchoMessage) => void;

interface GrpcServer {
  addService(service: unknown, handlers: Readonly<Record<string, unknown>>): void;
  bindAsync(address: string, credentials: unknown, done: (error: Error | null) => void): void;
  forceShutdown(): void;
}

interface GrpcClient {
  waitForReady(deadline: number, done: (error?: Error) => void): void;
  Echo(message: EchoMessage, done: Done): void;
  close(): void;
}

type ChannelOptions = Readonly<Record<string, number>>;

interface Grpc {
  readonly Server: new (options: ChannelOptions) => GrpcServer;
  readonly ServerCredentials: { createInsecure(): unknown };
  readonly credentials: { createInsecure(): unknown };
  makeGenericClientConstructor(
    service: unknown,
    name: string,
  ): new (
    address: string,
    credentials: unknown,
    options: ChannelOptions,
  ) => GrpcClient;
}

interface MessageType {
  encode(message: EchoMessage): { finish(): Buffer };
  decode(bytes: Buffer): EchoMessage;
}

interface Protobuf {
  parse(source: string): { readonly root: { lookupType(name: string): MessageType } };
}

const PROTO = `syntax = "proto3";
message EchoMessage { string route = 1; double id = 2; bytes payload = 3; string name = 4; bool flag = 5; }`;

/** Messages of any size, and a window that does not hold back a large one. */
const OPTIONS: ChannelOptions = {
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  'grpc-node.flow_control_window': 64 << 20,
};
const EMPTY = new Uint8Array();
const CONNECT_TIMEOUT_MS = 30_000;

/** `folder`: where @grpc/grpc-js and protobufjs are. */
export async function grpc(folder: string): Promise<EchoTransport> {
  const { Server, ServerCredentials, credentials, makeGenericClientConstructor } = await loadPackage<Grpc>(
    folder,
    '@grpc/grpc-js',
  );
  const type = (await loadPackage<Protobuf>(folder, 'protobufjs'))
    .parse(PROTO)
    .root.lookupType('EchoMessage');
  const serialize = (message: EchoMessage) => type.encode(message).finish();
  const deserialize = (bytes: Buffer): EchoMessage => {
    const { route, id, payload, name, flag } = type.decode(bytes);
    // What is not there it gives as an array.
    return { route, id, payload: payload.length === 0 ? EMPTY : payload, name, flag };
  };
  const service = {
    Echo: {
      path: '/launchport.Bench/Echo',
      requestStream: false,
      responseStream: false,
      requestSerialize: serialize,
      requestDeserialize: deserialize,
      responseSerialize: serialize,
      responseDeserialize: deserialize,
    },
  };
  return {
    name: 'gRPC',
    serve: async (address) => {
      const server = new Server(OPTIONS);
      server.addService(service, {
        Echo: ({ request }: { request: EchoMessage }, done: Done) => done(null, request),
      });
      await new Promise<void>((resolve, reject) => {
        server.bindAsync(`unix:${address}`, ServerCredentials.createInsecure(), (error) =>
          error === null ? resolve() : reject(error),
        );
      });
      return { close: async () => server.forceShutdown() };
    },
    connect: async (address) => {
      const Client = makeGenericClientConstructor(service, 'launchport.Bench');
      const client = new Client(`unix:${address}`, credentials.createInsecure(), OPTIONS);
      await new Promise<void>((resolve, reject) => {
        client.waitForReady(Date.now() + CONNECT_TIMEOUT_MS, (error) =>
          error === undefined ? resolve() : reject(error),
        );
      });
      return {
        echo: (message) =>
          new Promise((resolve, reject) => {
            client.Echo(message, (error, reply) =>
              error === null && reply !== undefined ? resolve(reply) : reject(error),
            );
          }),
        close: async () => client.close(),
      };
    },
  };
}
