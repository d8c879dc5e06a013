/** Names of images as Docker's users write them: `alpine`, `ghcr.io/x/y:1.2`, `alpine@sha256:…`. */
import { LaunchportError } from '../base/index.js';
import { type Digest, isDigest } from './digest.js';

/** A name in its parts. */
export interface ImageReference {
  /** With the registry, unless that is Docker Hub: `alpine`, `user/x`, `ghcr.io/x/y`. */
  readonly repository: string;
  /** Absent only when there is a digest. */
  readonly tag?: string;
  readonly digest?: Digest;
}

// Grammar of github.com/distribution/reference; a part before the first slash is a host when it could be no folder.
const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const LABEL = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const HOST = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*|\\[[0-9a-fA-F:]+\\])(?::[0-9]{1,5})?$`);
const PATH = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);
const TAG = /^[\w][\w.-]{0,127}$/;
const MAX_REPOSITORY = 255;

/**
 * Reads a name. Without tag and digest the tag is `latest`. Docker Hub's registry and its `library` folder are left
 * out, so that `docker.io/library/alpine` and `alpine` are one name.
 * @throws LaunchportError ERR_USAGE
 */
export function parseReference(text: string): ImageReference {
  const [named, digest, ...more] = text.split('@') as [string, ...string[]];
  if (more.length > 0 || text.length > 1024) throw badName(text);
  if (digest !== undefined && !isDigest(digest)) throw badName(text);
  const colon = named.lastIndexOf(':');
  const hasTag = colon > named.lastIndexOf('/');
  const tag = hasTag ? named.slice(colon + 1) : undefined;
  if (tag !== undefined && !TAG.test(tag)) throw badName(text);
  const repository = familiar(hasTag ? named.slice(0, colon) : named);
  if (repository === undefined) throw badName(text);
  if (digest === undefined) return { repository, tag: tag ?? 'latest' };
  return { repository, ...(tag === undefined ? {} : { tag }), digest };
}

/** The one spelling of a name: what images are kept and listed under. */
export function formatReference({ repository, tag, digest }: ImageReference): string {
  return `${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

/**
 * The spelling of `text` to keep an image under. @throws LaunchportError ERR_USAGE when it is no name, or one with a
 * digest, which cannot be given
 */
export function nameToKeep(text: string): string {
  const reference = parseReference(text);
  if (reference.digest === undefined) return formatReference(reference);
  throw new LaunchportError('ERR_USAGE', `a name cannot have a digest: ${JSON.stringify(text)}`, {
    hint: 'Leave out what follows the @: the digest is that of the image.',
  });
}

/** Whether `text` names a place on disk rather than an image: it begins with `/`, `./`, `../`, or is `.` or `..`. */
export function isPath(text: string): boolean {
  return /^(?:\/|\.{1,2}(?:\/|$))/.test(text);
}

function familiar(name: string): string | undefined {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const hasHost = /[.:]/.test(first) || first === 'localhost' || /[A-Z]/.test(first);
  const host = hasHost ? first : '';
  const path = hasHost ? name.slice(slash + 1) : name;
  if (path.length > MAX_REPOSITORY || !PATH.test(path) || (hasHost && !HOST.test(host))) return undefined;
  if (host !== '' && host !== 'docker.io' && host !== 'index.docker.io') return `${host}/${path}`;
  return /^library\/[^/]+$/.test(path) ? path.slice('library/'.length) : path;
}

function badName(text: string): LaunchportError {
  return new LaunchportError('ERR_USAGE', `not a name of an image: ${JSON.stringify(text.slice(0, 200))}`, {
    hint: 'A name is like alpine, alpine:3.20 or ghcr.io/owner/name:tag, in lower case; a path begins with / or ./.',
  });
}
