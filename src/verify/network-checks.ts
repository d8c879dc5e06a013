/** Checks of a network helper: what it says of its network, and how it gives addresses. */

import { delay } from '../base/index.js';
import { networkProtocol } from '../compat/index.js';
import type { XpcConnection } from '../xpc/index.js';
import type { JobCheck } from './check.js';
import { CheckFailure } from './outcome.js';
import { decodeKey, expectReply } from './route-checks.js';
import type { Subject } from './subject.js';

const { status, allocate, lookup } = networkProtocol.routes;

/** Milliseconds between looks at a lease that is to go. */
const PAUSE_MS = 50;

async function over<T>(subject: Subject, work: (connection: XpcConnection) => Promise<T>): Promise<T> {
  const connection = subject.job.connect('network');
  try {
    return await work(connection);
  } finally {
    connection.cancel();
  }
}

async function lookUp(subject: Subject, connection: XpcConnection, hostname: string) {
  const reply = await expectReply(subject, connection, lookup, { hostname });
  return reply.attachment === undefined ? undefined : decodeKey(lookup, reply, 'attachment');
}

/** The checks, in the order in which they are made. */
export const NETWORK_CHECKS: readonly JobCheck[] = [
  {
    id: 'network-status',
    title: 'tells its subnets and gateway',
    severity: 'required',
    type: 'network',
    run: (subject) =>
      over(subject, async (connection) => {
        const reply = await expectReply(subject, connection, status);
        const { ipv4Subnet, ipv4Gateway } = decodeKey(status, reply, 'status');
        return `${ipv4Subnet}, gateway ${ipv4Gateway}`;
      }),
  },
  {
    id: 'network-lookup',
    title: 'answers the lookup of an unknown hostname with no attachment, which is no error',
    severity: 'required',
    type: 'network',
    run: (subject) =>
      over(subject, async (connection) => {
        const found = await lookUp(subject, connection, 'verify-nobody');
        if (found === undefined) return undefined;
        throw new CheckFailure(
          `it has ${found.ipv4Address} for a hostname that never asked`,
          'Leave the key attachment out of the reply: the API server asks every network in turn.',
        );
      }),
  },
  {
    id: 'network-allocate',
    title: 'gives a hostname an address, the same when it asks again, and each its own',
    severity: 'required',
    type: 'network',
    run: (subject) =>
      over(subject, async (connection) => {
        const take = async (hostname: string) => {
          const reply = await expectReply(subject, connection, allocate, { hostname });
          return decodeKey(allocate, reply, 'attachment');
        };
        const [first, again, other] = [
          await take('verify-a'),
          await take('verify-a'),
          await take('verify-b'),
        ];
        const fail = (why: string) =>
          new CheckFailure(why, 'Keep addresses by hostname as long as somebody who asked is connected.');
        if (first.hostname !== 'verify-a') throw fail(`the attachment is for ${first.hostname}`);
        if (first.ipv4Address !== again.ipv4Address)
          throw fail(`first ${first.ipv4Address}, then ${again.ipv4Address}`);
        if (first.ipv4Address === other.ipv4Address) throw fail(`two hostnames have ${first.ipv4Address}`);
        const found = await lookUp(subject, connection, 'verify-a');
        if (found?.ipv4Address !== first.ipv4Address)
          throw fail(`lookup tells ${found?.ipv4Address ?? 'nothing'} of ${first.ipv4Address}`);
        return first.ipv4Address;
      }),
  },
  {
    id: 'network-release',
    title: 'takes an address back when the connection that asked for it ends',
    severity: 'recommended',
    type: 'network',
    async run(subject) {
      await over(subject, (connection) =>
        expectReply(subject, connection, allocate, { hostname: 'verify-c' }),
      );
      return over(subject, async (connection) => {
        const end = performance.now() + subject.bounds.answerTimeout;
        while ((await lookUp(subject, connection, 'verify-c')) !== undefined) {
          if (performance.now() >= end) {
            throw new CheckFailure(
              'the address of a client that is gone is still given',
              'End leases with their sessions: containers do not give addresses back in any other way.',
            );
          }
          await delay(PAUSE_MS, subject.bounds.signal);
        }
        return undefined;
      });
    },
  },
];
