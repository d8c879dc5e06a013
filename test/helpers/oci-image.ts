/** Makes images without any tool: layouts, OCI archives and docker-save archives from files given in the test. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { hostPlatform, type ImagePlatform } from '../../src/oci/index.js';
import { TAR_END, tarHeader, tarPadding } from '../../src/oci/tar/tar-writer.js';

/** One entry of a layer; a string is the content of a file with mode 0644. */
export interface ImageEntry {
  readonly type?: 'File' | 'Directory' | 'SymbolicLink' | 'Link' | 'CharacterDevice' | 'BlockDevice' | 'FIFO';
  readonly content?: string | Uint8Array;
  /** Target of a link. */
  readonly target?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: Date;
}

/** Entries by path, or in order where a path comes twice. */
export type LayerEntries =
  | Readonly<Record<string, ImageEntry | string>>
  | readonly (readonly [path: string, entry: ImageEntry | string])[];

/** What an image is made of. */
export interface ImageParts {
  readonly layers: readonly LayerEntries[];
  /** `config` of the image configuration: Entrypoint, Cmd, Env, … */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly platform?: ImagePlatform;
  /** Default gzip. */
  readonly compression?: 'none' | 'gzip';
  readonly created?: string;
}

/** A blob and its descriptor. */
export interface Blob {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly data: Buffer;
}

export const EPOCH = new Date('2024-01-02T03:04:05Z');

/** The tar archive of a layer. */
export function layerTar(entries: LayerEntries): Buffer {
  const list = Array.isArray(entries) ? entries : Object.entries(entries);
  const parts = (list as [string, ImageEntry | string][]).flatMap(([path, given]) => {
    const entry: ImageEntry = typeof given === 'string' ? { content: given } : given;
    const type = entry.type ?? (path.endsWith('/') ? 'Directory' : entry.target ? 'SymbolicLink' : 'File');
    const data = Buffer.from(entry.content ?? '');
    const header = tarHeader({
      path,
      type,
      size: data.length,
      mode: entry.mode ?? (type === 'Directory' ? 0o755 : 0o644),
      uid: entry.uid ?? 0,
      gid: entry.gid ?? 0,
      mtime: entry.mtime ?? EPOCH,
      ...(entry.target === undefined ? {} : { linkpath: entry.target }),
    });
    return [header, data, tarPadding(data.length)];
  });
  return Buffer.concat([...parts, TAR_END]);
}

/** Bytes as a blob. */
export function blob(mediaType: string, content: unknown): Blob {
  const data = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
  return { mediaType, digest: sha256(data), size: data.length, data };
}

export function sha256(data: Uint8Array): string {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`;
}

export function descriptor({ mediaType, digest, size }: Blob) {
  return { mediaType, digest, size };
}

/** All blobs of an image, the manifest last. */
export function imageBlobs(parts: ImageParts): readonly Blob[] {
  const tars = parts.layers.map(layerTar);
  const isPacked = parts.compression !== 'none';
  const layers = tars.map((tar) =>
    blob(`application/vnd.oci.image.layer.v1.tar${isPacked ? '+gzip' : ''}`, isPacked ? gzipSync(tar) : tar),
  );
  const config = blob('application/vnd.oci.image.config.v1+json', {
    created: parts.created ?? EPOCH.toISOString(),
    ...(parts.platform ?? hostPlatform()),
    config: parts.config ?? {},
    rootfs: { type: 'layers', diff_ids: tars.map(sha256) },
  });
  const manifest = blob('application/vnd.oci.image.manifest.v1+json', {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: descriptor(config),
    layers: layers.map(descriptor),
  });
  return [...layers, config, manifest];
}

/** The manifest of {@link imageBlobs}. */
export function manifestOf(blobs: readonly Blob[]): Blob {
  return blobs.at(-1) as Blob;
}

/** Files of an OCI image layout; `manifests` are descriptors for its index.json. */
export function layoutFiles(blobs: readonly Blob[], manifests: readonly unknown[]): Record<string, Buffer> {
  return {
    'oci-layout': Buffer.from('{"imageLayoutVersion":"1.0.0"}'),
    'index.json': Buffer.from(JSON.stringify({ schemaVersion: 2, manifests })),
    ...Object.fromEntries(blobs.map(({ digest, data }) => [`blobs/${digest.replace(':', '/')}`, data])),
  };
}

/** Files of an OCI image layout with one image, under `name` if given: a tag, or a whole name. */
export function imageFiles(parts: ImageParts, name?: string): Record<string, Buffer> {
  const blobs = imageBlobs(parts);
  const annotations = name === undefined ? {} : { 'org.opencontainers.image.ref.name': name };
  return layoutFiles(blobs, [
    { ...descriptor(manifestOf(blobs)), platform: parts.platform ?? hostPlatform(), annotations },
  ]);
}

/** Writes files below a directory, which is made. */
export function writeFiles(directory: string, files: Readonly<Record<string, Uint8Array | string>>): string {
  for (const [path, data] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), data);
  }
  return directory;
}

/** Writes an OCI image layout with one image. */
export function writeLayout(directory: string, parts: ImageParts, name?: string): string {
  return writeFiles(directory, imageFiles(parts, name));
}

/** Writes files as a tar archive; `.gz` at the end of the path packs it. */
export function writeArchive(path: string, files: Readonly<Record<string, Uint8Array>>): string {
  const tar = layerTar(
    Object.fromEntries(Object.entries(files).map(([name, content]) => [name, { content }])),
  );
  writeFileSync(path, /\.(gz|tgz)$/.test(path) ? gzipSync(tar) : tar);
  return path;
}

/** Files as `docker save` used to write them. */
export function dockerFiles(parts: ImageParts, tags: readonly string[]): Record<string, Buffer> {
  const tars = parts.layers.map(layerTar);
  const config = Buffer.from(
    JSON.stringify({
      created: EPOCH.toISOString(),
      ...(parts.platform ?? hostPlatform()),
      config: parts.config ?? {},
      rootfs: { type: 'layers', diff_ids: tars.map(sha256) },
    }),
  );
  const configName = `${sha256(config).slice('sha256:'.length)}.json`;
  const names = tars.map((_, index) => `${index}/layer.tar`);
  return {
    [configName]: config,
    ...Object.fromEntries(tars.map((tar, index) => [`${index}/layer.tar`, tar])),
    'manifest.json': Buffer.from(JSON.stringify([{ Config: configName, RepoTags: tags, Layers: names }])),
  };
}

export const BUSYBOX = '/usr/bin/busybox';

/** Whether {@link busyboxImage} can be made: Debian's busybox-static is there. */
export function hasBusybox(): boolean {
  return existsSync(BUSYBOX);
}

const APPLETS =
  'sh ash cat chmod chown cp cut date dd df echo env expr false find grep head hostname id ifconfig ip kill ln ls mkdir ' +
  'mknod mount mv nc nproc nslookup od ping printenv printf ps pwd readlink rm sed seq sleep sort stat stty sync tail ' +
  'tee test touch tr true tty umount uname wc wget which whoami yes';

/** The parts of a small Linux: busybox with its usual names, `/etc/passwd`, `/tmp`. Runs `sh` unless told otherwise. */
export function busyboxImage(config: Readonly<Record<string, unknown>> = {}): ImageParts {
  const applets = Object.fromEntries(
    APPLETS.split(' ').map((name) => [`bin/${name}`, { target: 'busybox' }]),
  );
  return {
    layers: [
      {
        'bin/': {},
        'bin/busybox': { content: readFileSync(BUSYBOX), mode: 0o755 },
        ...applets,
        'dev/': {},
        'etc/': {},
        'etc/group': 'root:x:0:\nnogroup:x:65534:\nstaff:x:50:user\n',
        'etc/passwd':
          'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home/user:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
        'home/user/': { mode: 0o755, uid: 1000, gid: 1000 },
        'proc/': { mode: 0o555 },
        'root/': { mode: 0o700 },
        'run/': {},
        'sys/': { mode: 0o555 },
        'tmp/': { mode: 0o1777 },
        'usr/bin/env': { target: '../../bin/busybox' },
        'var/tmp/': { mode: 0o1777 },
      },
    ],
    config: {
      Cmd: ['sh'],
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      ...config,
    },
    compression: 'none',
  };
}
