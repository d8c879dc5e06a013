/** The keeper of sockets: what it takes, gives back and refuses, and when it ends. */
import { chmodSync, existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type KeeperAnswer, KeeperOperation, type SpawnedProcess } from '../../src/native/index.js';
import { eventually } from './eventually.js';
import { isRunning } from './processes.js';
import { missingPython, RawSocket } from './raw-socket.js';
import { SupervisorBench } from './supervisor-bench.js';

const { EINVAL, ENOENT, ENOSPC } = constants.errno;
const { hello, store, remove, take, end } = KeeperOperation;

/** One record of native/linux/launchd/keeper/protocol.h. */
function record(operation: number, { magic = 0x4c504b01, nameSize = 1 } = {}): Buffer {
  const bytes = Buffer.alloc(168);
  bytes.writeUInt32LE(magic, 0);
  bytes.writeUInt32LE(operation, 4);
  bytes.writeUInt32LE(nameSize, 32);
  bytes.write('x', 40);
  return bytes;
}

describe.runIf(process.platform === 'linux')('the keeper of sockets', () => {
  let bench: SupervisorBench;
  let path: string;
  let keeper: SpawnedProcess | undefined;

  beforeEach(() => {
    bench = new SupervisorBench();
    path = join(bench.directory, 'keeper');
  });

  afterEach(async () => {
    const { process: handle, pid } = keeper ?? { process: 0, pid: 0 };
    if (keeper !== undefined && bench.port.signal(handle, 9, false))
      await eventually('the end of the keeper', () => !existsSync(`/proc/${pid}`));
    keeper = undefined;
    bench.close();
  });

  function start(unattendedMs = 60_000): SpawnedProcess {
    const listener = bench.port.createListener(path, 4);
    keeper = bench.port.spawn(
      bench.options({
        file: bench.port.keeperProgram(),
        args: ['launchport-keeper', path, String(unattendedMs)],
        env: [],
        listeners: [{ name: 'keeper', descriptor: listener }],
      }),
    );
    bench.port.closeDescriptor(listener);
    return keeper;
  }

  /** A connection to a keeper that has just been started. */
  function connected(): number {
    start();
    const connection = bench.port.connectKeeper(path);
    ask(connection, hello);
    return connection;
  }

  const ask = (connection: number, operation: number, more: object = {}): KeeperAnswer =>
    bench.port.callKeeper(connection, { operation, ...more });

  const openFiles = () => readdirSync(`/proc/${keeper?.pid}/fd`).length;

  it('keeps a socket and those who wait on it when everybody else has closed it', async () => {
    const connection = connected();
    const service = bench.port.createListener(bench.socketPath(), 8);
    expect(
      ask(connection, store, { name: 'com.example.service', tag: 2 ** 53 - 1, descriptor: service }),
    ).toEqual({
      status: 0,
      count: 1,
      pid: keeper?.pid,
      tag: 0,
      name: '',
      descriptor: -1,
    });
    bench.port.closeDescriptor(service);
    // Connects, which leaves a client in the queue.
    expect(bench.port.isListening(bench.socketPath())).toBe(true);
    bench.port.closeDescriptor(connection);
    const later = bench.port.connectKeeper(path);
    const taken = ask(later, take, { index: 0 });
    expect(taken).toMatchObject({ status: 0, count: 1, name: 'com.example.service', tag: 2 ** 53 - 1 });
    bench.port.watch(taken.descriptor);
    await eventually('demand', () => bench.demands.length === 1);
    expect(ask(later, take, { index: 1 })).toMatchObject({ status: ENOENT, descriptor: -1 });
    expect(ask(later, hello).count).toBe(1);
  });

  it('replaces a socket of the same name, and closes what is removed', () => {
    const connection = connected();
    const idle = openFiles();
    const sockets = ['one', 'two', 'three'].map((name) => {
      const descriptor = bench.port.createListener(bench.socketPath(name), 8);
      expect(ask(connection, store, { name, descriptor }).status).toBe(0);
      return descriptor;
    });
    expect(ask(connection, store, { name: 'two', descriptor: sockets[0] }).count).toBe(3);
    expect(openFiles()).toBe(idle + 3);
    expect(ask(connection, remove, { name: 'one' }).count).toBe(2);
    expect(ask(connection, remove, { name: 'one' })).toMatchObject({ status: 0, count: 2 });
    expect([0, 1].map((index) => ask(connection, take, { index }).name)).toEqual(['two', 'three']);
    for (const descriptor of sockets) bench.port.closeDescriptor(descriptor);
    expect(bench.port.isListening(bench.socketPath('two'))).toBe(false);
    expect(bench.port.isListening(bench.socketPath('three'))).toBe(true);
    ask(connection, remove, { name: 'two' });
    ask(connection, remove, { name: 'three' });
    expect(openFiles()).toBe(idle);
  });

  it('takes nothing but named listening sockets, and as many as it has room for', () => {
    const connection = connected();
    const idle = openFiles();
    const file = bench.open('/dev/null', 'r');
    const service = bench.port.createListener(bench.socketPath(), 8);
    expect(ask(connection, store, { name: 'file', descriptor: file }).status).toBe(EINVAL);
    expect(ask(connection, store, { name: 'none' }).status).toBe(EINVAL);
    expect(ask(connection, store, { descriptor: service }).status).toBe(EINVAL);
    expect(ask(connection, store, { name: 'connection', descriptor: connection }).status).toBe(EINVAL);
    expect(openFiles()).toBe(idle);
    for (let i = 0; i < 4096; i += 1) ask(connection, store, { name: `service.${i}`, descriptor: service });
    expect(ask(connection, hello).count).toBe(4096);
    expect(ask(connection, store, { name: 'more', descriptor: service }).status).toBe(ENOSPC);
    expect(ask(connection, store, { name: 'service.7', descriptor: service }).status).toBe(0);
    expect(openFiles()).toBe(idle + 4096);
  });

  it.skipIf(missingPython())(
    'hangs up on those who send anything else, and keeps nothing of it',
    async () => {
      const connection = connected();
      const idle = openFiles();
      const raw = new RawSocket();
      try {
        const packets: readonly [Buffer, readonly string[]][] = [
          [Buffer.from('hello'), []],
          [Buffer.alloc(169), []],
          [record(hello, { magic: 0x4c504b02 }), []],
          [record(99), []],
          [record(hello, { nameSize: 128 }), []],
          [record(hello, { nameSize: 0xffff_ffff }), []],
          [record(hello), ['null']],
          [record(store), ['null', 'null']],
          [record(store), Array.from({ length: 200 }, () => 'null')],
        ];
        for (const [packet, descriptors] of packets) {
          await raw.connect(path);
          if (descriptors.length > 0) await raw.sendDescriptors(packet, descriptors);
          else await raw.send(packet);
          expect((await raw.readToEnd()).bytes).toBe(0);
        }
      } finally {
        await raw.end();
      }
      expect(ask(connection, hello).count).toBe(0);
      expect(openFiles()).toBe(idle);
    },
  );

  it('serves four at a time; the next one waits for its turn', async () => {
    const first = connected();
    const others = Array.from({ length: 3 }, () => bench.port.connectKeeper(path));
    for (const connection of [first, ...others]) ask(connection, hello);
    const fifth = bench.port.connectKeeper(path);
    expect(() => ask(fifth, hello)).toThrow(expect.objectContaining({ code: 'ETIMEDOUT' }));
    bench.port.closeDescriptor(first);
    // Its first question was answered as well; this reads that answer.
    expect(ask(fifth, hello).pid).toBe(keeper?.pid);
  });

  it('ends when told, with its socket, and answers before', async () => {
    const connection = connected();
    const { pid } = keeper as SpawnedProcess;
    expect(ask(connection, end).status).toBe(0);
    await eventually('its end', () => bench.exits.length === 1);
    expect(bench.exits).toEqual([{ process: keeper?.process, exitCode: 0, signal: 0 }]);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(existsSync(path)).toBe(false);
    expect(bench.port.connectKeeper(path)).toBe(-1);
    expect(() => ask(connection, hello)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^(EPIPE|ECONNRESET)$/) }),
    );
  });

  it('ends by itself when no supervisor came for long enough, but not before', async () => {
    start(1500);
    const connection = bench.port.connectKeeper(path);
    ask(connection, hello);
    const other = bench.port.connectKeeper(path);
    // Several times its patience: whoever is connected keeps it.
    const until = Date.now() + 3500;
    await eventually('time', () => Date.now() > until);
    expect(ask(other, hello).pid).toBe(keeper?.pid);
    bench.port.closeDescriptor(connection);
    bench.port.closeDescriptor(other);
    await eventually('its end', () => bench.exits.length === 1);
    expect(existsSync(path)).toBe(false);
  });

  it.each([
    ['removed', (file: string) => rmSync(file)],
    ['taken by another', (file: string) => renameSync(join(file, '..', 'other'), file)],
  ])('ends when its socket was %s and no supervisor is there', async (_, act) => {
    // It answers, so it has looked at the file that is its own.
    bench.port.closeDescriptor(connected());
    const other = bench.port.createListener(join(bench.directory, 'other'), 1);
    act(path);
    const wasThere = existsSync(path);
    await eventually('its end', () => bench.exits.length === 1);
    // It removes no file that is not its own.
    expect(existsSync(path)).toBe(wasThere);
    bench.port.closeDescriptor(other);
  });

  it('inherits nothing but its socket, and belongs to no terminal', () => {
    connected();
    const pid = keeper?.pid as number;
    // 0, 1, 2, its listener, and the connection.
    expect(openFiles()).toBe(5);
    expect(isRunning(pid)).toBe(true);
  });

  it.runIf(process.geteuid?.() === 0 && missingPython() === undefined)(
    'hangs up on other users',
    async () => {
      const connection = connected();
      const raw = new RawSocket();
      try {
        // The file's mode keeps others out already; opened here so that the keeper's own check is what refuses.
        chmodSync(path, 0o777);
        chmodSync(bench.directory, 0o755);
        await raw.connect(path, 'a', 65534);
        await raw.send(record(hello));
        expect((await raw.readToEnd()).bytes).toBe(0);
      } finally {
        await raw.end();
      }
      expect(ask(connection, hello).count).toBe(0);
    },
  );
});
