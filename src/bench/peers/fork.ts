/** `child_process.fork` with its own channel, in both of Node's ways to encode messages. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { EchoMessage, EchoTransport } from '../transport.js';
import { fromJson, type JsonMessage, toJson } from './json-message.js';
import { PendingEchoes } from './pending-echoes.js';

const SERVER = fileURLToPath(new URL('../ends/fork-server.js', import.meta.url));

/** `json`, the default of Node, carries bytes in base64; `advanced` is the structured clone. */
export function forked(serialization: 'json' | 'advanced'): EchoTransport {
  const isJson = serialization === 'json';
  return {
    name: `fork (${serialization})`,
    connect: async (_address, serverPrefix = []) => {
      const [execPath = process.execPath, ...execArgv] = [...serverPrefix, process.execPath];
      const child = fork(SERVER, [serialization], { serialization, execPath, execArgv });
      const pending = new PendingEchoes();
      child.on('error', (error) => pending.fail(error));
      child.on('exit', () => pending.fail(new Error('the child has ended')));
      // It says so when it can be reached.
      await once(child, 'message', { signal: endOf(child) });
      child.on('message', (message) =>
        pending.settle(isJson ? fromJson(message as JsonMessage) : (message as EchoMessage)),
      );
      return {
        echo: (message) => {
          child.send(isJson ? toJson(message) : message);
          return pending.add();
        },
        close: async () => {
          if (child.exitCode !== null || child.signalCode !== null) return;
          const ended = once(child, 'exit');
          child.disconnect();
          await ended;
        },
      };
    },
  };
}

/** Aborts when the child ends. */
function endOf(child: ReturnType<typeof fork>): AbortSignal {
  const ended = new AbortController();
  child.once('exit', () => ended.abort(new Error('the child ended before it was ready')));
  return ended.signal;
}
