/** Loads one transport, and nothing of the others. */
import { LaunchportError } from '../base/index.js';
import { isOwn, TYPED_ROUTES } from './contender-names.js';
import type { EchoTransport } from './transport.js';

/** @param folder where peers are installed */
export async function openTransport(name: string, folder: string | undefined): Promise<EchoTransport> {
  if (name === TYPED_ROUTES) return (await import('./routes-transport.js')).routesTransport;
  if (isOwn(name)) return (await import('./launchport-transport.js')).launchportTransport;
  throw new LaunchportError('ERR_INTERNAL', `no transport ${name} in ${folder}`);
}
