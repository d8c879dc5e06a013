/** `child_process.fork` with its own channel, in both of Node's ways to encode messages. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { builtModule } from '../../base/index.js';
import type { EchoMessage, EchoTransport } from '../transport.js';
import { fromJson, type JsonMessage, toJson } from './json-message.js';
import { PendingEchoes } from './pending-echoes.js';

/** `json`, the default of Node, carries bytes in base64; `advanced` is the structured clone. */
export function forked(serialization: 'json' | 'advanced'): EchoTransport {
  const isJson = serialization === 'json';
  return {
    name: `fork (${serialization})`,
    connect: async (_address, serverPrefix = []) => {
      const [execPath = process.execPath, ...execArgv] = [...serverPrefix, process.execPath];
      const child = fork(builtModule('bench/ends/fork-server.js'), [serialization], {
        serialization,
        execPath,
        execArgv,
      });
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
          // Not `once` of node:events: a message that could no longer be sent is no failure to end.
          const ended = new Promise((resolve) => child.once('exit', resolve));
          if (child.connected) child.disconnect();
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
