/** Checks of a runtime helper before it is booted: its endpoint, and what it says of a container that does not run. */
import { createEndpoint, runtimeProtocol } from '../compat/index.js';
import { type XpcDictionary, XpcEndpoint } from '../xpc/index.js';
import type { JobCheck } from './check.js';
import { CheckFailure } from './outcome.js';
import { decodeKey, expectReply, runtimeConnection } from './route-checks.js';
import type { Subject } from './subject.js';

const { state, wait } = runtimeProtocol.routes;

async function ask(
  subject: Subject,
  route: (typeof runtimeProtocol.routes)[keyof typeof runtimeProtocol.routes],
  body?: XpcDictionary,
) {
  const connection = await runtimeConnection(subject);
  try {
    return await expectReply(subject, connection, route, body);
  } finally {
    connection.cancel();
  }
}

/** The checks, in the order in which they are made. */
export const RUNTIME_CHECKS: readonly JobCheck[] = [
  {
    id: 'runtime-endpoint',
    title: 'gives an endpoint for its routes',
    severity: 'required',
    type: 'runtime',
    async run(subject) {
      const connection = subject.job.connect('runtime');
      try {
        const reply = await expectReply(subject, connection, createEndpoint);
        if (reply.runtimeServiceEndpoint instanceof XpcEndpoint) {
          reply.runtimeServiceEndpoint.release();
          return undefined;
        }
        throw new CheckFailure(
          'its reply has no endpoint under runtimeServiceEndpoint',
          'Listen anonymously, and send an endpoint of that listener.',
        );
      } finally {
        connection.cancel();
      }
    },
  },
  {
    id: 'runtime-state',
    title: 'tells that a container that was not booted is stopped',
    severity: 'required',
    type: 'runtime',
    async run(subject) {
      const { status } = decodeKey(state, await ask(subject, state), 'snapshot');
      if (status === 'stopped') return undefined;
      throw new CheckFailure(`it is ${status}`, 'Report stopped until a process runs.');
    },
  },
  {
    id: 'runtime-wait',
    title: 'answers the wait for an unknown process at once, with -1',
    severity: 'required',
    type: 'runtime',
    async run(subject) {
      const reply = await ask(subject, wait, { id: 'verify-nobody' });
      const exitCode = decodeKey(wait, reply, 'exitCode');
      decodeKey(wait, reply, 'exitedAt');
      if (exitCode === -1) return undefined;
      throw new CheckFailure(
        `it answers ${exitCode}`,
        'Answer -1: clients tell by it that the process is gone.',
      );
    },
  },
];
