/** What is known of a peer, and where its packages are. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';

/** A peer. */
export interface PeerInfo {
  readonly name: string;
  /** Exact versions of what it needs of the registry, by name. */
  readonly packages: Readonly<Record<string, string>>;
  /** A program that must be there already. */
  readonly program?: { readonly name: string; readonly advice: string };
  /** Bytes of the largest payload it is asked to echo: larger ones it refuses, or they take minutes. */
  readonly largest?: number;
  /** Its client starts its server, so that there are no other clients of it. */
  readonly isStartedByClient?: true;
}

/** Where the packages of a peer are: another folder for other versions, and for another Node's native parts. */
export function peerFolder(folder: string, { packages }: Pick<PeerInfo, 'packages'>): string {
  const key = JSON.stringify([
    Object.entries(packages).sort(),
    process.platform,
    process.arch,
    process.versions.modules,
  ]);
  return join(folder, `peers-${createHash('sha256').update(key).digest('hex').slice(0, 20)}`);
}
