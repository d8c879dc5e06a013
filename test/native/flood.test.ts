/** A client that sends as fast as it can and reads nothing: the server's memory has a bound. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadBinding, type SupervisorPort } from '../../src/native/index.js';
import { type XpcListener, XpcTransport } from '../../src/xpc/index.js';
import { isSanitized } from './processes.js';
import { missingPython, plainEnvironment } from './raw-socket.js';

const SCRIPT = fileURLToPath(new URL('./fixtures/raw_flood.py', import.meta.url));
const NAME = 'com.example.flooded';
const MIB = 1024 * 1024;

const reason = process.platform === 'linux' ? missingPython() : 'sockets are for Linux';
const TITLE = reason === undefined ? 'a flood' : `a flood (${reason})`;

describe.skipIf(reason !== undefined)(TITLE, { timeout: 240_000 }, () => {
  let directory: string;
  let supervisor: SupervisorPort;
  let transport: XpcTransport;
  let listener: XpcListener;
  let started = 0;
  let release: () => void;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'lp-'));
    const binding = loadBinding();
    supervisor = binding.openSupervisor?.({ demand: () => {}, exit: () => {} }) as SupervisorPort;
    transport = new XpcTransport(binding);
    const descriptor = supervisor.createListener(join(directory, NAME), 8);
    const open = new Promise<void>((resolve) => {
      release = resolve;
    });
    started = 0;
    listener = transport.listen(
      NAME,
      () => ({
        async request(message) {
          started += 1;
          if (!('now' in message)) await open;
          return message;
        },
      }),
      { descriptor },
    );
    supervisor.closeDescriptor(descriptor);
  });

  afterEach(async () => {
    release();
    await transport.close();
    supervisor.close();
    rmSync(directory, { recursive: true });
  });

  // What one client may have under way by default is a quarter of 256 MiB that run and 64 MiB that wait. Measured: 34,
  // 90 and 82 MiB; the rest is what the allocators and the collector of a busy process have in reserve.
  it.each([
    ['of 64 bytes', 64, 1_200_000, 128 * MIB],
    ['of 16 KiB', 16 * 1024, 60_000, 256 * MIB],
    ['of 1 MiB', MIB, 1200, 256 * MIB],
  ])('of requests %s, while the handlers are slow', async (_what, size, count, bound) => {
    const before = process.memoryUsage.rss();
    let most = 0;
    const timer = setInterval(() => {
      most = Math.max(most, process.memoryUsage.rss() - before);
    }, 20);
    const child = spawn('python3', [SCRIPT, join(directory, NAME), String(size), String(count)], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: plainEnvironment(),
    });
    const lines = createInterface({ input: child.stdout });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    try {
      const { value } = await lines[Symbol.asyncIterator]().next();
      const sent = Number(value);
      expect(sent).toBeGreaterThan(100);
      expect(started).toBeGreaterThan(0);
      if (process.env.LAUNCHPORT_MEASURE) console.log({ size, sent, started, growth: most / MIB });
      if (!isSanitized()) expect(most).toBeLessThan(bound);
      // It serves others meanwhile.
      const endpoint = listener.endpoint();
      const other = transport.connect(endpoint);
      expect(await other.request({ now: true })).toEqual({ now: true });
      other.cancel();
      endpoint.release();
    } finally {
      clearInterval(timer);
      child.stdin.end();
      await ended;
      lines.close();
    }
  });
});
