/**
 * Puts the entries of layers into a root directory. The policy: nothing is written outside it, whatever names and
 * links say; nothing is written through what an earlier entry made; and only files, directories and links are made.
 */
import { constants } from 'node:fs';
import { chmod, lchown, link, lutimes, mkdir, open, readlink, rm, symlink } from 'node:fs/promises';
import { type ImageLimits, invalidImage, limitError } from '../limits.js';
import { writeAll } from '../store/files.js';
import type { TarEntry } from '../tar/tar-reader.js';
import { RootedTree, splitPath, statAt } from './rooted-tree.js';
import { ReportBuilder, type UnpackReport } from './unpack-report.js';
import { isReserved, meaningOf, OwnPlaces, removeLower, removeLowerIn } from './whiteouts.js';

/** How entries are written. */
export interface UnpackPolicy {
  readonly limits: ImageLimits;
  /** Whether files are given to the owners that the image names; takes root. */
  readonly ownership: boolean;
  /** Whether programs keep their set-user-ID and set-group-ID bits; needs `ownership`. */
  readonly setuid: boolean;
}

interface DirectoryFacts {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: Date | undefined;
}

const SETID = 0o6000;
const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Unpacks the layers of one image, lowest first, into a directory that nobody else writes to. */
export class LayerUnpacker {
  readonly #tree: RootedTree;
  readonly #policy: UnpackPolicy;
  readonly #report: ReportBuilder;
  /** Set at the end, when nothing more is written into them: that would change times, and may not be permitted. */
  readonly #directories = new Map<string, DirectoryFacts>();
  #own = new OwnPlaces();

  /** @param root an empty directory */
  constructor(root: string, policy: UnpackPolicy) {
    this.#tree = new RootedTree(root, policy.limits);
    this.#policy = policy;
    this.#report = new ReportBuilder(policy.ownership);
    this.#directories.set('', { mode: 0o755, uid: 0, gid: 0, mtime: undefined });
  }

  /**
   * Unpacks one layer. After a failure the root is of no use.
   * @throws LaunchportError ERR_IMAGE_INVALID, ERR_IMAGE_LIMIT; the system's error
   */
  async layer(entries: AsyncIterable<TarEntry>): Promise<void> {
    this.#own = new OwnPlaces();
    for await (const entry of entries) {
      this.#report.entries += 1;
      const { limits } = this.#policy;
      if (this.#report.entries > limits.maxEntries) throw limitError('the image', 'maxEntries', limits);
      try {
        await this.#entry(entry);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENAMETOOLONG') throw error;
        const text = `the path ${JSON.stringify(entry.path.slice(0, 200))} is too long for this machine`;
        throw invalidImage(text, error);
      }
    }
  }

  /** Sets what is left to set. Call once, after the last layer. */
  async finish(): Promise<UnpackReport> {
    for (const [place, facts] of this.#directories) {
      if (!(await this.#tree.isDirectory(place))) continue;
      const path = this.#tree.absolute(place);
      await this.#give(path, facts);
      await chmod(path, this.#policy.ownership ? facts.mode & 0o3777 : (facts.mode & 0o3777) | 0o700);
      await setTime(path, facts.mtime);
    }
    return this.#report.report();
  }

  async #entry(entry: TarEntry): Promise<void> {
    const names = splitPath(entry.path, this.#policy.limits);
    const last = names.at(-1);
    if (last === undefined) {
      if (entry.kind !== 'directory') throw invalidImage('the root directory is to be something else');
      this.#directories.set('', factsOf(entry));
      return;
    }
    const before = names.slice(0, -1);
    if (before.some(isReserved)) throw invalidImage(`something in a whiteout: ${quote(entry.path)}`);
    const meaning = meaningOf(last);
    if (meaning.kind === 'ordinary') return this.#make(entry, before, last);
    if (meaning.kind === 'meta') return this.#report.skip(entry.path, 'a note of AUFS');
    const directory = await this.#tree.directory(before);
    if (directory === undefined) return;
    if (meaning.kind === 'opaque') await removeLowerIn(this.#tree, directory, this.#own);
    else await removeLower(this.#tree, join(directory, meaning.name), this.#own);
  }

  async #make(entry: TarEntry, before: readonly string[], last: string): Promise<void> {
    const { kind } = entry;
    if (kind !== 'file' && kind !== 'directory' && kind !== 'symlink' && kind !== 'link') {
      const reason = kind === 'other' ? 'of no known kind' : `a ${kind}: these are not made`;
      return this.#report.skip(entry.path, reason);
    }
    const place = join((await this.#tree.directory(before, (made) => this.#implied(made))) ?? '', last);
    if (entry.hasXattrs) this.#report.xattrCount += 1;
    switch (kind) {
      case 'file':
        await this.#file(entry, place);
        break;
      case 'directory':
        await this.#directory(entry, place);
        break;
      case 'symlink':
        await this.#symlink(entry.linkPath, entry, place);
        break;
      case 'link':
        await this.#link(entry, place);
    }
    this.#own.add(place);
  }

  async #file(entry: TarEntry, place: string): Promise<void> {
    const { limits, ownership, setuid } = this.#policy;
    this.#report.bytes += entry.size;
    if (this.#report.bytes > limits.maxUnpackedBytes)
      throw limitError('the image', 'maxUnpackedBytes', limits);
    await this.#clear(place);
    const path = this.#tree.absolute(place);
    const file = await open(path, CREATE, 0o600);
    try {
      let end = 0;
      for await (const { offset, data } of entry.pieces()) {
        await writeAll(file, data, offset);
        end = offset + data.byteLength;
      }
      if (end < entry.size) await file.truncate(entry.size);
      await this.#give(path, entry);
      const keepsBits = setuid && ownership;
      if ((entry.mode & SETID) !== 0 && !keepsBits) this.#report.setuidCount += 1;
      const mode = entry.mode & (keepsBits ? 0o777 | SETID : 0o777);
      // Who is not root would lock themselves out of their own copy.
      await file.chmod(ownership ? mode : mode | 0o400);
      if (isTime(entry.mtime)) await file.utimes(entry.mtime, entry.mtime);
    } finally {
      await file.close();
    }
  }

  async #directory(entry: TarEntry, place: string): Promise<void> {
    if (!(await this.#tree.isDirectory(place))) {
      await this.#clear(place);
      await mkdir(this.#tree.absolute(place), { mode: 0o700 });
    }
    this.#directories.set(place, factsOf(entry));
  }

  /** The target may be anything: it is looked at only within the root. */
  async #symlink(target: string, entry: DirectoryFacts, place: string): Promise<void> {
    if (target === '') throw invalidImage(`a symbolic link to nothing: ${quote(place)}`);
    const { limits } = this.#policy;
    if (Buffer.byteLength(target) > limits.maxPathBytes)
      throw limitError(`the target of the link ${quote(place)}`, 'maxPathBytes', limits);
    if (target.includes('\0')) throw invalidImage(`the target of the link ${quote(place)} holds a zero byte`);
    await this.#clear(place);
    const path = this.#tree.absolute(place);
    await symlink(target, path);
    await this.#give(path, entry);
    await setTime(path, entry.mtime);
  }

  async #link(entry: TarEntry, place: string): Promise<void> {
    const names = splitPath(entry.linkPath, this.#policy.limits);
    const last = names.at(-1);
    const directory = last === undefined ? undefined : await this.#tree.directory(names.slice(0, -1));
    const target = directory === undefined ? undefined : join(directory, last ?? '');
    if (target === place) return;
    const path = target === undefined ? undefined : this.#tree.absolute(target);
    const status = path === undefined ? undefined : await statAt(path);
    if (path === undefined || status === undefined || !(status.isFile() || status.isSymbolicLink()))
      throw invalidImage(
        `the link ${quote(entry.path)} is to no file of the image: ${quote(entry.linkPath)}`,
      );
    // link(2) follows symbolic links on some systems, out of the root.
    if (status.isSymbolicLink()) return this.#symlink(await readlink(path), entry, place);
    await this.#clear(place);
    try {
      await link(path, this.#tree.absolute(place));
    } catch (error) {
      // It was in the directory that had to go.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      throw invalidImage(`the link ${quote(entry.path)} replaces what it is a link to`, error);
    }
  }

  /** Takes away what is at `place`: files are never written through what was there. */
  async #clear(place: string): Promise<void> {
    const path = this.#tree.absolute(place);
    const status = await statAt(path);
    if (status === undefined) return;
    await rm(path, { recursive: status.isDirectory(), force: true });
    if (status.isDirectory()) this.#tree.forget();
  }

  /** A directory that the image has something in, but does not speak of. */
  #implied(place: string): void {
    this.#directories.set(place, { mode: 0o755, uid: 0, gid: 0, mtime: undefined });
    this.#own.add(place);
  }

  async #give(path: string, { uid, gid }: Pick<DirectoryFacts, 'uid' | 'gid'>): Promise<void> {
    if (!this.#policy.ownership) return;
    try {
      await lchown(path, uid, gid);
    } catch (error) {
      // In a user namespace: the owner does not exist there.
      if (!['EINVAL', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      this.#report.isOwnershipKept = false;
    }
  }
}

function join(place: string, name: string): string {
  return place === '' ? name : `${place}/${name}`;
}

/** Without the entry, which would keep its archive in memory. */
function factsOf({ mode, uid, gid, mtime }: TarEntry): DirectoryFacts {
  return { mode, uid, gid, mtime };
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}

function isTime(date: Date | undefined): date is Date {
  return date !== undefined && !Number.isNaN(date.getTime());
}

async function setTime(path: string, time: Date | undefined): Promise<void> {
  if (isTime(time)) await lutimes(path, time, time);
}
