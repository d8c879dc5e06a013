/** The image that a container is made of, from the store of the API server. */
import { join, resolve } from 'node:path';
import { LaunchportError } from '../../base/index.js';
import { ImageStore, isPath, parsePlatform, type StoredImage } from '../../oci/index.js';
import type { CliContext } from '../context.js';
import { isOwnServer, type Services } from './server.js';

/**
 * Finds an image by its name, its digest, or a path that begins with `/`, `./` or `../`.
 * @throws LaunchportError ERR_IMAGE_NOT_FOUND, which says how to import it; ERR_UNSUPPORTED when the server is
 *   apple/container's own, whose images are elsewhere
 */
export async function findImage(
  { cwd, signal }: CliContext,
  services: Services,
  name: string,
  platform: string | undefined,
): Promise<StoredImage> {
  if (!(await isOwnServer(services))) {
    throw new LaunchportError(
      'ERR_UNSUPPORTED',
      "the API server is apple/container's, which keeps its images itself",
      {
        hint: 'Make containers there with container run; launchport ps, stop, exec and logs work with them.',
      },
    );
  }
  const { appRoot } = await services.client.ping(services.wait);
  const store = new ImageStore({ directory: imageDirectory(appRoot) });
  return store.find(isPath(name) ? resolve(cwd, name) : name, {
    signal,
    ...(platform === undefined ? {} : { platform: parsePlatform(platform) }),
  });
}

/** Where images are kept below an application root. */
export function imageDirectory(appRoot: string): string {
  return join(appRoot, 'images');
}
