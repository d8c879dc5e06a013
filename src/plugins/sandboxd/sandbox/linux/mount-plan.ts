/** What is mounted where in a sandbox, in order: from the specification to resolved paths that exist in the root. */
import { stat } from 'node:fs/promises';
import { LaunchportError } from '../../../../base/index.js';
import type { SandboxMount, SandboxSpec } from '../sandbox.js';
import { isWithin, makeInRoot, resolveInRoot } from './root-path.js';

/** One mount beside the root. `destination` has no links in it. */
export type PlannedMount =
  | { readonly kind: 'proc' | 'dev'; readonly destination: string }
  | {
      readonly kind: 'tmpfs';
      readonly destination: string;
      readonly isReadOnly: boolean;
      readonly size?: string;
      readonly mode: string;
    }
  | {
      readonly kind: 'bind';
      readonly destination: string;
      readonly isReadOnly: boolean;
      readonly source: string;
    };

/** All of it. */
export interface MountPlan {
  readonly mounts: readonly PlannedMount[];
  /** Destinations that the root lacks and that may not be made in it, parents before children. */
  readonly missing: readonly string[];
}

/** Where a read-only root gets memory to write to. */
const SCRATCH = ['/tmp', '/run', '/var/tmp'];

/**
 * Resolves every destination in the root. In a writable root the missing ones are made.
 * @param files paths on the host by path in the sandbox
 * @throws LaunchportError ERR_SANDBOX for a source that is missing, or a destination that cannot be made
 */
export async function planMounts(spec: SandboxSpec, files: ReadonlyMap<string, string>): Promise<MountPlan> {
  const mounts: PlannedMount[] = [];
  const missing: string[] = [];
  const add = async (mount: PlannedMount) => {
    const kind = mount.kind === 'bind' ? await sourceKind(mount.source) : 'directory';
    const path = await destinationOf(spec.root, mounts, mount.destination);
    if ((mount.kind === 'proc' || mount.kind === 'dev') && path.path !== mount.destination) {
      throw new LaunchportError('ERR_SANDBOX', `${mount.destination} of the root is a symbolic link`);
    }
    if (path.isInRoot && path.kind === 'missing') {
      if (spec.isReadOnly) missing.push(path.path);
      else await make(spec.root, path.path, kind);
    } else if (path.isInRoot && path.kind !== kind) {
      throw new LaunchportError(
        'ERR_SANDBOX',
        `cannot mount on ${mount.destination}: it is a ${path.kind}, and what comes there is a ${kind}`,
      );
    }
    mounts.push({ ...mount, destination: path.path });
  };
  const asked = [...spec.mounts, ...spec.tmpfs.map(tmpfsMount)];
  const isAsked = (path: string) => asked.some(({ destination }) => trimmed(destination) === path);

  for (const destination of spec.isReadOnly ? SCRATCH.filter((path) => !isAsked(path)) : []) {
    const found = await resolveInRoot(spec.root, destination);
    // /var/tmp is a habit of few; an image without it does not get one.
    if (found.kind === 'missing' && destination === '/var/tmp') continue;
    if (mounts.some((mount) => mount.destination === found.path)) continue;
    await add({
      kind: 'tmpfs',
      destination,
      isReadOnly: false,
      mode: destination === '/run' ? '0755' : '1777',
    });
  }
  await add({ kind: 'proc', destination: '/proc' });
  await add({ kind: 'dev', destination: '/dev' });
  if (!isAsked('/dev/shm')) {
    const size = String(spec.shmSize ?? 64 << 20);
    await add({ kind: 'tmpfs', destination: '/dev/shm', isReadOnly: false, mode: '1777', size });
  }
  // Parents first, so that none is hidden by what comes after it; otherwise as given.
  for (const mount of asked.toSorted((a, b) => depth(a.destination) - depth(b.destination))) {
    await add(plannedMount(mount));
  }
  for (const [destination, source] of files) {
    if (!isAsked(destination)) await add({ kind: 'bind', destination, source, isReadOnly: spec.isReadOnly });
  }
  return { mounts, missing: missing.sort() };
}

const trimmed = (path: string) => path.replace(/(.)\/+$/, '$1');
const depth = (path: string) => path.split('/').filter((part) => part !== '').length;
const tmpfsMount = (destination: string): SandboxMount => ({
  kind: 'tmpfs',
  source: '',
  destination,
  options: [],
});

function plannedMount({ kind, source, destination, options }: SandboxMount): PlannedMount {
  if (!destination.startsWith('/') || (kind === 'bind' && !source.startsWith('/'))) {
    throw new RangeError(`a mount needs absolute paths, not "${source}" on "${destination}"`);
  }
  if (depth(destination) === 0) throw new RangeError('the root cannot be mounted on');
  const isReadOnly = options.includes('ro') || options.includes('readonly');
  if (kind === 'bind') return { kind, source, destination, isReadOnly };
  const option = (name: string) =>
    options.find((text) => text.startsWith(`${name}=`))?.slice(name.length + 1);
  const size = option('size');
  const mode = option('mode') ?? '1777';
  if (!/^[0-7]{3,4}$/.test(mode)) throw new RangeError(`"${mode}" is no mode for ${destination}`);
  return {
    kind,
    destination,
    isReadOnly,
    mode,
    ...(size === undefined ? {} : { size: String(sizeInBytes(size)) }),
  };
}

function sizeInBytes(text: string): bigint {
  const [, digits, unit = ''] = /^(\d{1,15})([kmg]?)$/i.exec(text) ?? [];
  if (digits === undefined) throw new RangeError(`"${text}" is no size`);
  return BigInt(digits) << BigInt({ '': 0, k: 10, m: 20, g: 30 }[unit.toLowerCase()] as number);
}

async function sourceKind(source: string): Promise<'directory' | 'file'> {
  try {
    // Links of the host are the caller's own; bubblewrap follows them too.
    return (await stat(source)).isDirectory() ? 'directory' : 'file';
  } catch (cause) {
    throw new LaunchportError('ERR_SANDBOX', `cannot mount ${source}: it is not there or not readable`, {
      cause,
    });
  }
}

interface Destination {
  readonly path: string;
  readonly kind: 'directory' | 'file' | 'missing';
  /** No other mount is over it. */
  readonly isInRoot: boolean;
}

async function destinationOf(
  root: string,
  above: readonly PlannedMount[],
  path: string,
): Promise<Destination> {
  const written = trimmed(path);
  const lexical = above.findLast(
    ({ kind, destination }) => kind !== 'bind' && destination !== written && isWithin(written, destination),
  );
  // What the root has below a directory that is mounted over does not count.
  if (lexical !== undefined) return { path: written, kind: 'missing', isInRoot: false };
  const found = await resolveInRoot(root, path);
  const cover = above.findLast(({ destination }) => isWithin(found.path, destination));
  if (cover === undefined || cover.destination === found.path) return { ...found, isInRoot: true };
  if (cover.kind !== 'bind') return { path: found.path, kind: 'missing', isInRoot: false };
  // The links of a mounted directory must not lead anywhere else.
  const rest = found.path.slice(cover.destination.length);
  const inside = await resolveInRoot(cover.source, rest);
  if (inside.path !== rest) {
    throw new LaunchportError(
      'ERR_SANDBOX',
      `cannot mount on ${path}: ${cover.source} has a symbolic link there`,
    );
  }
  return { path: found.path, kind: inside.kind, isInRoot: false };
}

async function make(root: string, path: string, kind: 'directory' | 'file'): Promise<void> {
  try {
    await makeInRoot(root, path, kind);
  } catch (cause) {
    throw new LaunchportError('ERR_SANDBOX', `cannot make ${path} in the root ${root}`, { cause });
  }
}
