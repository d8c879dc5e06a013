/** Sizes of the mock's buffers and queues, so that a test can make them small. */
import { MAX_BODY_BYTES } from '../records.js';

/** All in bytes. */
export interface MockLimits {
  /** Size of a port's inbox and of its outbox. */
  readonly bufferBytes: number;
  /** What a socket takes before the sender has to queue, as the kernel's send buffer does. */
  readonly socketBytes: number;
  /** A connection whose queue reaches this is `congested`. */
  readonly highWaterBytes: number;
  /** A congested connection whose queue falls below this is `drained`. */
  readonly lowWaterBytes: number;
  /** With so much queued, messages fail with `queueFull`. */
  readonly maxQueueBytes: number;
  /** A longer body fails with `tooLarge`. */
  readonly maxMessageBytes: number;
}

/** What {@link MockLimits} are unless a test says otherwise: those of the addon. */
export const DEFAULT_LIMITS: MockLimits = {
  bufferBytes: 256 * 1024,
  socketBytes: 200 * 1024,
  highWaterBytes: 4 * 1024 * 1024,
  lowWaterBytes: 1024 * 1024,
  maxQueueBytes: 64 * 1024 * 1024,
  maxMessageBytes: MAX_BODY_BYTES,
};
