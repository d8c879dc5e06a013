/** Properties of messages with rights, over the mock world. */
import { describe } from 'vitest';
import { defineRightProperties } from '../helpers/right-properties.js';
import { CLIENT_PID, Pair } from '../helpers/xpc-pair.js';

describe('messages with rights, on the mock', () => {
  defineRightProperties(() => {
    const pair = new Pair();
    return {
      client: pair.client,
      get server() {
        return pair.server;
      },
      connect: (accept) => {
        pair.serve(accept);
        return pair.connect();
      },
      openFiles: (count) => Array.from({ length: count }, (_, index) => pair.file(`file ${index}`)),
      identity: (descriptor) => pair.label(descriptor),
      left: () =>
        [CLIENT_PID, pair.serverPid].map((pid) => pair.world.openDescriptors(pid)).join(' and ') +
        ` descriptors, ${pair.world.openMemories()} memories`,
      [Symbol.asyncDispose]: () => pair[Symbol.asyncDispose](),
    };
  }, 150);
});
