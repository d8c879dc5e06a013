/** Names of what is measured besides the peers, as series have them. */

export const LAUNCHPORT = 'launchport';
export const TYPED_ROUTES = 'launchport (typed routes)';
/** Deliveries by a dispatch queue at both ends, as on macOS. */
export const DISPATCH_QUEUE = 'launchport (dispatch queue)';
export const FLOOR = 'floor';

/** Whether it is launchport, in whatever way. */
export function isOwn(transport: string): boolean {
  return transport === LAUNCHPORT || transport.startsWith(`${LAUNCHPORT} (`);
}

/** Whether it is somebody else's. */
export function isPeer(transport: string): boolean {
  return !isOwn(transport) && transport !== FLOOR;
}
