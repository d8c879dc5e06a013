/** A server's process: echoes at its addresses until it is told to end, or who started it is gone. */

import { readOrder, say } from '../end-lines.js';
import { openTransport } from '../open-transport.js';
import type { EndOrder } from '../task.js';

const order = readOrder<EndOrder>();
const transport = await openTransport(order.transport, order.folder);
const servers = await Promise.all(order.addresses.map((address) => transport.serve?.(address)));

const end = async () => {
  await Promise.allSettled(servers.map((server) => server?.close()));
  process.exit(0);
};
process.once('SIGTERM', () => void end());
process.once('SIGINT', () => void end());
// A job's stdin is empty, and says nothing of who started it.
if (process.env.XPC_SERVICE_NAME === undefined) process.stdin.on('end', () => void end()).resume();
// Nothing to serve: the client starts its server itself.
if (transport.serve === undefined) process.stdin.unref();
await say({ ready: true });
