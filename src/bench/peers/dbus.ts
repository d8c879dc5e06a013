/** D-Bus: a bus of our own, dbus-next at both ends. Its low-level calls, which spare the proxies. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { EchoMessage, EchoTransport } from '../transport.js';
import { startBroker } from './broker.js';
import { loadPackage } from './load-package.js';

interface DbusMessage {
  readonly member: string;
  readonly body: Body;
}

interface Bus {
  on(event: 'error', listener: (error: Error) => void): void;
  once(event: 'connect', listener: () => void): void;
  requestName(name: string): Promise<number>;
  addMethodHandler(handler: (message: DbusMessage) => boolean): void;
  call(message: DbusMessage): Promise<DbusMessage>;
  send(message: DbusMessage): void;
  disconnect(): void;
}

interface Dbus {
  sessionBus(options: { busAddress: string }): Bus;
  readonly Message: {
    new (options: Readonly<Record<string, unknown>>): DbusMessage;
    newMethodReturn(call: DbusMessage, signature: string, body: Body): DbusMessage;
  };
}

type Body = readonly [route: string, id: number, payload: Buffer, name: string, flag: boolean];

const NAME = 'dev.launchport.Bench';
const SIGNATURE = 'sdaysb';

/** `folder`: where dbus-next is. */
export async function dbus(folder: string): Promise<EchoTransport> {
  const { sessionBus, Message } = await loadPackage<Dbus>(folder, 'dbus-next');
  const open = async (address: string): Promise<Bus> => {
    const bus = sessionBus({ busAddress: `unix:path=${address}` });
    await once(bus as unknown as NodeJS.EventEmitter, 'connect');
    return bus;
  };
  return {
    name: 'D-Bus',
    serve: async (address) => {
      const configuration = `${address}.conf`;
      await writeFile(configuration, busConfiguration(address), { mode: 0o600 });
      const command = ['dbus-daemon', `--config-file=${configuration}`, '--nofork', '--nopidfile'] as const;
      const broker = await startBroker([...command, '--print-address=1'], (line) => line.startsWith('unix:'));
      try {
        const bus = await open(address);
        bus.on('error', () => {});
        bus.addMethodHandler((call) => {
          if (call.member !== 'Echo') return false;
          bus.send(Message.newMethodReturn(call, SIGNATURE, bodyOf(messageOf(call.body))));
          return true;
        });
        await bus.requestName(NAME);
        return {
          close: async () => {
            bus.disconnect();
            await broker.close();
          },
        };
      } catch (error) {
        await broker.close();
        throw error;
      }
    },
    connect: async (address) => {
      const bus = await open(address);
      let fail: (error: Error) => void = () => {};
      const failed = new Promise<never>((_resolve, reject) => {
        fail = reject;
      });
      failed.catch(() => {});
      bus.on('error', fail);
      const options = { destination: NAME, path: '/', interface: NAME, member: 'Echo', signature: SIGNATURE };
      return {
        echo: async (message) =>
          messageOf((await bus.call(new Message({ ...options, body: bodyOf(message) }))).body),
        close: async () => bus.disconnect(),
      };
    },
  };
}

function bodyOf({ route, id, payload, name, flag }: EchoMessage): Body {
  return [route, id, Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength), name, flag];
}

function messageOf([route, id, payload, name, flag]: Body): EchoMessage {
  return { route, id, payload, name, flag };
}

/** A bus for our user alone, with room for the largest messages there may be (128 MiB). */
function busConfiguration(address: string): string {
  const path = address.replaceAll(/[^-0-9A-Za-z_/.\\*]/g, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  );
  const limits = [
    'max_incoming_bytes',
    'max_outgoing_bytes',
    'max_message_size',
    'max_replies_per_connection',
  ];
  return [
    '<busconfig>',
    '<type>session</type>',
    `<listen>unix:path=${path}</listen>`,
    '<auth>EXTERNAL</auth>',
    '<policy context="default">',
    '<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>',
    '</policy>',
    ...limits.map((name) => `<limit name="${name}">1000000000</limit>`),
    '</busconfig>',
    '',
  ].join('\n');
}
