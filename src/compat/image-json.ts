/** JSON of images and platforms (containerization, ContainerizationOCI; OCI image specification). */
import * as z from 'zod';
import { payload, stringMap } from './json.js';

/** Operating system and architecture, in OCI's words. */
export const platform = payload({
  os: z.string(),
  architecture: z.string(),
  variant: z.string().optional(),
});
/** See {@link platform}. */
export type Platform = z.output<typeof platform>;

/** What stands for some content: its type, digest and size in bytes. */
export const descriptor = payload({
  mediaType: z.string(),
  digest: z.string(),
  size: z.int(),
  urls: z.array(z.string()).optional(),
  annotations: stringMap.optional(),
  platform: platform.optional(),
});
/** See {@link descriptor}. */
export type Descriptor = z.output<typeof descriptor>;

/** An image: the name it was asked for by, and what that stood for. */
export const imageDescription = payload({ reference: z.string(), descriptor });
/** See {@link imageDescription}. */
export type ImageDescription = z.output<typeof imageDescription>;

/** The platform of this host's containers: Linux on the host's architecture. */
export function hostPlatform(architecture: string = process.arch): Platform {
  if (architecture === 'arm64') return { os: 'linux', architecture: 'arm64', variant: 'v8' };
  return { os: 'linux', architecture: architecture === 'x64' ? 'amd64' : architecture };
}
