/** Ports whose handlers run on a thread of their own, as on macOS: what one burst costs, what holds it back, its end. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Inbound, loadBinding, Outbound, type Port, type SupervisorPort } from '../../src/native/index.js';
import { eventually } from './eventually.js';
import { bindingWith, queueThreads, type Switch } from './native-environment.js';
import { dataMessage, EMPTY_MESSAGE, type Received, RecordPort } from './records.js';

const NAME = 'com.example.threads';
const MIB = 1024 * 1024;
// Inbox::kHighWater.
const HIGH_WATER_BYTES = 8 * MIB;

const DISPATCH: Switch[] = ['LAUNCHPORT_DISPATCH_QUEUE'];

describe.runIf(process.platform === 'linux').each([
  ['serialized bodies', DISPATCH],
  ['transcoded bodies', [...DISPATCH, 'LAUNCHPORT_FORCE_TRANSCODE'] satisfies Switch[]],
])('a port with a dispatch queue, %s', (_what, switches) => {
  const binding = bindingWith(switches);
  let directory: string;
  let supervisor: SupervisorPort;
  let server: RecordPort;
  let client: RecordPort;
  let connection: number;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'lp-'));
    supervisor = loadBinding().openSupervisor?.({ demand: () => {}, exit: () => {} }) as SupervisorPort;
    server = new RecordPort(binding);
    client = new RecordPort(binding);
    const descriptor = supervisor.createListener(join(directory, NAME), 8);
    server.port.activate(server.port.listen({ name: NAME, descriptor }));
    supervisor.closeDescriptor(descriptor);
    connection = client.port.connect({ name: NAME, address: join(directory, NAME) });
    client.port.activate(connection);
  });

  afterEach(async () => {
    server.port.close();
    client.port.close();
    supervisor.close();
    rmSync(directory, { recursive: true });
    await eventually('the end of every queue', () => queueThreads().length === 0);
  });

  /** After a round trip, so that both ends know each other. */
  async function meet(): Promise<number> {
    client.request(connection, 1);
    const { handle, id } = await server.next(Inbound.request);
    server.port.send(Outbound.reply, handle, id, EMPTY_MESSAGE);
    await client.next(Inbound.reply);
    return handle;
  }

  /** Keeps the event loop from turning until so many messages have reached the port's inbox. */
  function block(port: Port, count: number): void {
    for (const end = Date.now() + 60_000; port.statistics().messagesReceived < count; ) {
      if (Date.now() > end)
        throw new Error(`${port.statistics().messagesReceived} of ${count} messages came`);
    }
  }

  function sendMessages(count: number, body: Uint8Array): void {
    for (let sent = 0; sent < count; sent += 1) client.port.send(Outbound.message, connection, 0, body);
  }

  it('has one thread for its handlers', async () => {
    await meet();
    expect(queueThreads()).toHaveLength(2);
  });

  it('is woken once for a burst of many messages, and delivers it in one call', async () => {
    await meet();
    const before = server.port.statistics();
    for (let count = 0; count < 1000; count += 1)
      client.write(Outbound.message, connection, 0, EMPTY_MESSAGE);
    client.flush();
    block(server.port, before.messagesReceived + 1000);
    await server.next(Inbound.message, 1000);
    const after = server.port.statistics();
    expect(after.wakeUps - before.wakeUps).toBe(1);
    expect(after.deliveries - before.deliveries).toBe(1);
  });

  it('is woken at most once for each of the messages that come one by one', async () => {
    await meet();
    const before = [server, client].map(({ port }) => port.statistics());
    const rounds = 50;
    for (let round = 1; round <= rounds; round += 1) {
      client.request(connection, 1 + round);
      const { handle, id } = await server.next(Inbound.request, 1 + round);
      server.port.send(Outbound.reply, handle, id, EMPTY_MESSAGE);
      await client.next(Inbound.reply, 1 + round);
    }
    for (const [index, { port }] of [server, client].entries()) {
      const after = port.statistics();
      expect(after.wakeUps - (before[index]?.wakeUps ?? 0)).toBeLessThanOrEqual(rounds);
      expect(after.deliveries - (before[index]?.deliveries ?? 0)).toBe(rounds);
    }
  });

  it('takes no more than its inbox holds while JavaScript is busy, and all of it later, in order', async () => {
    await meet();
    const size = 48 * 1024;
    const count = 1000;
    const before = server.port.statistics().messagesReceived;
    for (let sent = 0; sent < count; sent += 1) {
      const body = dataMessage(size);
      new DataView(body.buffer).setUint32(32, sent, true);
      client.port.send(Outbound.message, connection, 0, body);
    }
    const enough = Math.ceil(HIGH_WATER_BYTES / (size + 100));
    block(server.port, before + enough);
    // It has stopped with the message that filled it; several more would be there by the time the next is.
    expect(server.port.statistics().messagesReceived - before).toBeLessThanOrEqual(enough + 2);
    await server.next(Inbound.message, count);
    const order = server.of(Inbound.message).map(({ body }) => numberIn(body));
    expect(order).toEqual(Array.from(order.keys()));
  });

  it('closes while its queue is held back', async () => {
    await meet();
    sendMessages(400, dataMessage(48 * 1024));
    block(server.port, Math.floor(HIGH_WATER_BYTES / (48 * 1024)));
    server.port.close();
    await client.next(Inbound.event);
  });

  it('tells a client that its request was dropped, from JavaScript and by closing', async () => {
    const peer = await meet();
    client.request(connection, 2);
    server.port.drop((await server.next(Inbound.request, 2)).id);
    expect((await client.next(Inbound.requestFailed)).id).toBe(2);
    client.request(connection, 3);
    await server.next(Inbound.request, 3);
    server.port.cancel(peer);
    expect((await client.next(Inbound.requestFailed, 2)).id).toBe(3);
  });

  it('can be closed amid traffic both ways, time and again', async () => {
    for (let round = 0; round < 15; round += 1) {
      const port = new RecordPort(binding);
      const end = port.port.connect({ name: NAME, address: join(directory, NAME) });
      port.port.activate(end);
      let id = 0;
      const ask = () => {
        id += 1;
        port.request(end, id, dataMessage(4 * ((id * 977) % 25_000)));
      };
      server.onRecord = ({ kind, handle, id: token, body }) => {
        if (kind !== Inbound.request) return;
        // Some get no answer, and some an unasked message as well.
        if (token % 5 === 0) server.port.drop(token);
        else server.port.send(Outbound.reply, handle, token, body);
        if (token % 3 === 0) server.port.send(Outbound.message, handle, 0, body);
      };
      port.onRecord = ({ kind }) => {
        if (kind === Inbound.reply || kind === Inbound.requestFailed) ask();
      };
      for (let count = 0; count < 8; count += 1) ask();
      await eventually('some answers', () => port.of(Inbound.reply).length > 10 + round);
      if (round % 2 === 0) port.port.cancel(end);
      port.port.close();
    }
    server.onRecord = undefined;
    await eventually('the last peer to go', () => server.port.statistics().connections <= 1);
    expect(server.port.statistics().openTokens).toBe(0);
  });

  it('keeps large bodies that JavaScript holds when everything else is gone', async () => {
    await meet();
    const body = dataMessage(MIB);
    body.fill(7, 32);
    client.port.send(Outbound.message, connection, 0, body);
    const { body: received } = (await server.next(Inbound.message)) as Received;
    server.port.close();
    client.port.close();
    await eventually('the end of every queue', () => queueThreads().length === 0);
    expect(Buffer.compare(received, body)).toBe(0);
  });
});

function numberIn(body: Uint8Array): number {
  return new DataView(body.buffer, body.byteOffset).getUint32(32, true);
}
