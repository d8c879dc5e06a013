import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PEERS, peerTransport } from '../../../src/bench/peers/catalog.js';
import { installPeers } from '../../../src/bench/peers/install.js';
import { loadPackage } from '../../../src/bench/peers/load-package.js';
import { type PeerInfo, peerFolder } from '../../../src/bench/peers/peer.js';
import type { CommandRunner } from '../../../src/launchd/index.js';
import { rejectionOf } from '../../helpers/thrown.js';

const TWO: readonly PeerInfo[] = [
  { name: 'good', packages: { good: '1.0.0' } },
  { name: 'bad', packages: { bad: '2.0.0' } },
  { name: 'plain', packages: {} },
];

describe('installing peers', () => {
  let cache: string;
  const commands: string[][] = [];
  /** An npm that knows one package. */
  const npm: CommandRunner = async (file, args) => {
    commands.push([file, ...args]);
    const place = args[args.indexOf('--prefix') + 1] as string;
    const isBad = args.includes('bad@2.0.0');
    if (!isBad) {
      const folder = join(place, 'node_modules', 'good');
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'package.json'), '{"name":"good","main":"main.cjs"}');
      await writeFile(join(folder, 'main.cjs'), 'module.exports = { answer: 42 };');
    }
    return {
      exitStatus: isBad ? 1 : 0,
      signal: undefined,
      isTimedOut: false,
      stdout: '',
      stderr: isBad
        ? 'npm error code E404\nnpm error 404 Not Found\nnpm error A complete log of this run is in: x\n'
        : '',
    };
  };
  const install = (runner: CommandRunner, peers = TWO, progress: string[] = []) =>
    installPeers((text) => progress.push(text), undefined, {
      peers,
      runner,
      environment: { XDG_CACHE_HOME: cache, PATH: cache },
    });

  beforeEach(async () => {
    cache = await mkdtemp(join(tmpdir(), 'launchport-install-'));
    commands.length = 0;
  });
  afterEach(() => rm(cache, { recursive: true, force: true }));

  it('installs exact versions, runs no scripts, and skips the peer that cannot be had', async () => {
    const progress: string[] = [];
    const { folder, skipped } = await install(npm, TWO, progress);
    expect(skipped).toEqual([{ name: 'bad', reason: 'npm could not install bad@2.0.0: 404 Not Found' }]);
    expect(commands).toHaveLength(2);
    for (const command of commands) expect(command).toContain('--ignore-scripts');
    expect(commands[0]?.at(-1)).toBe('good@1.0.0');
    expect(progress).toEqual(['Installing good (good 1.0.0)', 'Installing bad (bad 2.0.0)']);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    const good = peerFolder(folder, TWO[0] as PeerInfo);
    // Nothing half done stays behind.
    expect(await readdir(folder)).toEqual([good.slice(folder.length + 1)]);
    expect(await loadPackage<{ answer: number }>(good, 'good')).toEqual({ answer: 42 });
  });

  it('asks nobody for what is there', async () => {
    const [good] = TWO as [PeerInfo];
    await install(npm, [good]);
    const never: CommandRunner = () => Promise.reject(new Error('there is no network'));
    expect((await install(never, [good])).skipped).toEqual([]);
  });

  it('installs another version beside it', async () => {
    await install(npm, [{ name: 'good', packages: { good: '1.0.0' } }]);
    const { folder } = await install(npm, [{ name: 'good', packages: { good: '1.0.1' } }]);
    expect(await readdir(folder)).toHaveLength(2);
  });

  it('tells which program is missing, without installing anything for it', async () => {
    const program = { name: 'a-broker', advice: 'Debian: `apt install a-broker`' };
    const { skipped } = await install(npm, [{ name: 'brokered', packages: { good: '1.0.0' }, program }]);
    expect(skipped).toEqual([
      { name: 'brokered', reason: 'a-broker is not installed (Debian: `apt install a-broker`)' },
    ]);
    expect(commands).toEqual([]);
  });

  it('ends when it is told to, and leaves nothing half done', async () => {
    const aborter = new AbortController();
    aborter.abort();
    const options = { peers: TWO, environment: { XDG_CACHE_HOME: cache, PATH: '' } };
    const error = await rejectionOf(installPeers(() => {}, aborter.signal, options));
    expect(error.code).toBe('ERR_ABORTED');
    expect(await readdir(join(cache, 'launchport', 'bench'))).toEqual([]);
  });

  it('refuses a folder that others can write to', async () => {
    await mkdir(join(cache, 'launchport'));
    await mkdir(join(cache, 'launchport', 'bench'));
    const { chmod } = await import('node:fs/promises');
    await chmod(join(cache, 'launchport', 'bench'), 0o777);
    expect((await rejectionOf(install(npm))).code).toBe('ERR_UNSUPPORTED');
    expect(commands).toEqual([]);
  });
});

describe('the catalog', () => {
  it('names exact versions, and each peer once', () => {
    expect(new Set(PEERS.map(({ name }) => name)).size).toBe(PEERS.length);
    for (const { packages } of PEERS) {
      for (const version of Object.values(packages)) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    }
  });

  it('refuses peers that it does not have, and those that are not installed', async () => {
    expect((await rejectionOf(peerTransport('pigeon', undefined))).code).toBe('ERR_USAGE');
    expect((await rejectionOf(peerTransport('zeromq', undefined))).code).toBe('ERR_USAGE');
  });
});
