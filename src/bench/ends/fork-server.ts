/** The server of `fork`: a program of its own, which its client starts. Ends with the channel. */

import { fromJson, type JsonMessage, toJson } from '../peers/json-message.js';
import type { EchoMessage } from '../transport.js';

const send = (message: EchoMessage | JsonMessage | 'ready') => process.send?.(message);

if (process.argv[2] === 'json') {
  process.on('message', (message) => send(toJson(fromJson(message as JsonMessage))));
} else {
  process.on('message', (message) => send(message as EchoMessage));
}
send('ready');
