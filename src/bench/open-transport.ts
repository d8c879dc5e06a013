/** Loads one transport, and nothing of the others. */
import { isOwn, TYPED_ROUTES } from './contender-names.js';
import type { EchoTransport } from './transport.js';

/** @param folder where peers are installed */
export async function openTransport(name: string, folder: string | undefined): Promise<EchoTransport> {
  if (name === TYPED_ROUTES) return (await import('./routes-transport.js')).routesTransport;
  if (isOwn(name)) return (await import('./launchport-transport.js')).launchportTransport;
  return (await import('./peers/catalog.js')).peerTransport(name, folder);
}
