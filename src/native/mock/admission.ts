/** Whether a message may be sent: its length, its form, its rights, and the room in the queue. */
import { Failure } from '../records.js';
import type { ChannelHost } from './channel.js';
import type { MockRight } from './right.js';
import type { Outgoing } from './right-table.js';
import { isDictionary, rightWords } from './serialization.js';

/** Why a message was not sent. */
export interface Refused {
  readonly failure: number;
  readonly text: string;
}

/** The rights of a message, retained for the way; or why it cannot be sent, and then nothing is retained. */
export function admit(
  host: ChannelHost,
  { body, hasRights, rights }: Outgoing,
  queuedBytes: number,
): readonly MockRight[] | Refused {
  const { maxMessageBytes, maxQueueBytes } = host.limits;
  if (body.byteLength > maxMessageBytes) {
    return { failure: Failure.tooLarge, text: `${body.byteLength} bytes; the limit is ${maxMessageBytes}` };
  }
  if (!isDictionary(body, hasRights)) {
    return { failure: Failure.malformed, text: 'the body is not a dictionary' };
  }
  if (queuedBytes >= maxQueueBytes) {
    return { failure: Failure.queueFull, text: `the limit of ${maxQueueBytes} bytes is reached` };
  }
  if (!hasRights) return [];
  const held = host.hold(rights, rightWords(body));
  return held ?? { failure: Failure.malformed, text: 'the rights do not fit the body, or name nothing' };
}

export function isRefused(admission: readonly MockRight[] | Refused): admission is Refused {
  return 'failure' in admission;
}
