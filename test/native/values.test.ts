/** Every type of value through the addon, both ways, with real descriptors, on all paths that messages can take. */
import { closeSync, fstatSync, mkdtempSync, openSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { bootstrapPath, loadBinding } from '../../src/native/index.js';
import { type AcceptPeer, type XpcConnection, type XpcListener, XpcTransport } from '../../src/xpc/index.js';
import type { CourierWorld } from '../helpers/right-courier.js';
import { defineRightProperties } from '../helpers/right-properties.js';

const NAME = 'com.example.values';

const isLinux = process.platform === 'linux';

/** Switches that a port reads when it is opened. */
type Switches = Readonly<Record<string, string>>;

/** Two transports of this process and files of a directory of its own. */
class NativeWorld implements CourierWorld, AsyncDisposable {
  readonly client: XpcTransport;
  readonly server: XpcTransport;
  readonly #directory = mkdtempSync(join(tmpdir(), 'lp-'));
  readonly #opened: number[] = [];

  constructor(switches: Switches) {
    Object.assign(process.env, switches);
    this.client = new XpcTransport(loadBinding());
    // On macOS only launchd gives out names, and endpoints stay within a transport until they are sent.
    this.server = isLinux ? new XpcTransport(loadBinding()) : this.client;
    for (const name of Object.keys(switches)) delete process.env[name];
  }

  connect(accept: AcceptPeer): XpcConnection {
    if (!isLinux) return this.client.connect(this.server.listenAnonymous(accept).endpoint());
    this.#listen(accept);
    return this.client.connect(NAME, { bootstrap: this.#directory });
  }

  openFiles(count: number): readonly number[] {
    for (let i = 0; i < count; i++) this.#opened.push(openSync(join(this.#directory, `file ${i}`), 'wx+'));
    return this.#opened.slice(-count);
  }

  identity(descriptor: number): string {
    const { dev, ino } = fstatSync(descriptor);
    return `${dev}:${ino}`;
  }

  readonly left = (): string => {
    const transports = [this.client, this.server].map((transport) => transport.statistics());
    const open = readdirSync(isLinux ? '/proc/self/fd' : '/dev/fd').length;
    return `${open} descriptors, ${transports.map(({ rights }) => rights).join(' and ')} rights`;
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    await this.server.close();
    for (const descriptor of this.#opened) closeSync(descriptor);
    rmSync(this.#directory, { recursive: true });
  }

  #listen(accept: AcceptPeer): XpcListener {
    const supervisor = loadBinding().openSupervisor?.({ demand: () => {}, exit: () => {} });
    if (supervisor === undefined) throw new Error('the addon has no supervisor');
    const descriptor = supervisor.createListener(bootstrapPath(this.#directory, NAME), 8);
    const listener = this.server.listen(NAME, accept, { descriptor });
    supervisor.closeDescriptor(descriptor);
    supervisor.close();
    return listener;
  }
}

const MODES: readonly (readonly [string, Switches])[] = isLinux
  ? [
      ['as they are', {}],
      ['as XPC objects', { LAUNCHPORT_FORCE_TRANSCODE: '1' }],
      ['on a queue with a thread', { LAUNCHPORT_DISPATCH_QUEUE: '1' }],
      [
        'as XPC objects on a queue with a thread',
        { LAUNCHPORT_FORCE_TRANSCODE: '1', LAUNCHPORT_DISPATCH_QUEUE: '1' },
      ],
    ]
  : [['as they are', {}]];

describe.each(MODES)('messages with rights, through the addon, %s', (_mode, switches) => {
  defineRightProperties(() => new NativeWorld(switches), 100);
});
