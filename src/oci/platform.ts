/** Platforms of images: `linux/amd64`, `linux/arm64/v8` (OCI image-spec, image index). */
import { arch } from 'node:os';
import { LaunchportError } from '../base/index.js';

/** What an image runs on, in Go's words. */
export interface ImagePlatform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
}

/** Node's name of an architecture to Go's, where they differ. */
const GO_ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: '386',
  ppc64: 'ppc64le',
  mipsel: 'mipsle',
};

/** Linux on the processor of this machine: containers are Linux's on macOS as well. */
export function hostPlatform(): ImagePlatform {
  const own = arch();
  return { os: 'linux', architecture: GO_ARCHITECTURES[own] ?? own };
}

/** Reads `os/architecture[/variant]`. @throws LaunchportError ERR_USAGE */
export function parsePlatform(text: string): ImagePlatform {
  const [os = '', architecture = '', variant, ...more] = text.split('/');
  const isGood = [os, architecture, variant ?? 'v'].every((part) => /^[a-z0-9_.]{1,32}$/.test(part));
  if (!isGood || more.length > 0) {
    throw new LaunchportError('ERR_USAGE', `not a platform: ${JSON.stringify(text.slice(0, 100))}`, {
      hint: 'A platform is like linux/amd64 or linux/arm64/v8.',
    });
  }
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

/** As {@link parsePlatform} reads it. */
export function formatPlatform({ os, architecture, variant }: ImagePlatform): string {
  return `${os}/${architecture}${variant === undefined || variant === '' ? '' : `/${variant}`}`;
}

/** Whether what is `offered` serves for what is `wanted`. A variant counts only when both name one. */
export function servesPlatform(offered: ImagePlatform, wanted: ImagePlatform): boolean {
  return (
    offered.os === wanted.os &&
    offered.architecture === wanted.architecture &&
    (variantOf(offered) === undefined ||
      variantOf(wanted) === undefined ||
      variantOf(offered) === variantOf(wanted))
  );
}

/** arm64 has had one variant, v8, and it goes without saying. */
function variantOf({ architecture, variant }: ImagePlatform): string | undefined {
  if (variant !== undefined && variant !== '') return variant;
  return architecture === 'arm64' ? 'v8' : undefined;
}
