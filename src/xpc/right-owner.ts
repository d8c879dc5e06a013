/** Whose the rights beside messages are: descriptors, endpoints and shared memory live in the port that they came through. */
import type { Logger } from '../base/index.js';
import type { Port } from '../native/index.js';

/** The part of an engine that rights need. */
export interface RightOwner {
  readonly port: Port;
  readonly logger: Logger;
  readonly isClosed: boolean;
}
