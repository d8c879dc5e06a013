/** Installs what the peers need, in the benchmark's own folder: they are never dependencies of ours. */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText, isLaunchportError, LaunchportError } from '../../base/index.js';
import { findProgram } from '../../base/programs/index.js';
import { type CommandRunner, runCommand } from '../../launchd/index.js';
import type { Skipped } from '../model.js';
import { isThere, privateFolder } from '../private-folder.js';
import { PEERS } from './catalog.js';
import { LOADER, LOADER_SOURCE } from './load-package.js';
import { type PeerInfo, peerFolder } from './peer.js';

/** Milliseconds for the packages of one peer. */
const TIMEOUT_MS = 300_000;

/** For tests: another npm, other folders. */
export interface InstallOptions {
  readonly peers?: readonly PeerInfo[];
  readonly runner?: CommandRunner;
  readonly environment?: NodeJS.ProcessEnv;
}

/** Where peers are, and which are not. */
export interface InstalledPeers {
  /** To give to `peerTransport`. */
  readonly folder: string;
  /** By the peer's name. */
  readonly skipped: readonly Skipped[];
}

/**
 * Installs with npm the exact versions of the catalog that are not there yet; what is there needs no network. Packages
 * run no scripts of theirs. A peer that cannot be had is skipped, with the reason. `progress` gets a line for each step.
 * @throws LaunchportError ERR_UNSUPPORTED when there can be no folder, ERR_ABORTED
 */
export async function installPeers(
  progress: (text: string) => void,
  signal?: AbortSignal,
  { peers = PEERS, runner = runCommand, environment = process.env }: InstallOptions = {},
): Promise<InstalledPeers> {
  const folder = await privateFolder(environment);
  const skipped: Skipped[] = [];
  for (const peer of peers) {
    try {
      requireProgram(peer, environment.PATH);
      if (hasPackages(peer) && !(await isThere(join(peerFolder(folder, peer), LOADER)))) {
        progress(`Installing ${describe(peer)}`);
        await install(peer);
      }
    } catch (error) {
      if (isLaunchportError(error, 'ERR_ABORTED')) throw error;
      skipped.push({ name: peer.name, reason: errorText(error) });
    }
  }
  return { folder, skipped };

  async function install(peer: PeerInfo): Promise<void> {
    // Complete before it gets its name: an install that was cut short is never taken for one.
    const work = await mkdtemp(join(folder, 'install-'));
    try {
      await writeFile(join(work, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
      const packages = Object.entries(peer.packages).map(([name, version]) => `${name}@${version}`);
      const flags = ['--save-exact', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
      const bounds = { timeout: TIMEOUT_MS, ...(signal === undefined ? {} : { signal }) };
      const result = await runner('npm', ['install', '--prefix', work, ...flags, ...packages], bounds);
      if (result.exitStatus !== 0) {
        const why = result.isTimedOut ? `not done in ${TIMEOUT_MS / 1000} s` : npmReason(result.stderr);
        throw new LaunchportError('ERR_UNSUPPORTED', `npm could not install ${packages.join(', ')}: ${why}`);
      }
      await writeFile(join(work, LOADER), LOADER_SOURCE);
      await rename(work, peerFolder(folder, peer)).catch(async (error: unknown) => {
        // Another benchmark may have been first.
        if (!(await isThere(join(peerFolder(folder, peer), LOADER)))) throw error;
      });
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }
}

function hasPackages({ packages }: PeerInfo): boolean {
  return Object.keys(packages).length > 0;
}

function describe({ name, packages }: PeerInfo): string {
  return `${name} (${Object.entries(packages)
    .map((entry) => entry.join(' '))
    .join(', ')})`;
}

function requireProgram({ program }: PeerInfo, path: string | undefined): void {
  if (program === undefined || findProgram(program.name, path) !== undefined) return;
  throw new LaunchportError('ERR_UNSUPPORTED', `${program.name} is not installed (${program.advice})`);
}

/** What npm says is wrong, without the lines about its log. */
function npmReason(stderr: string): string {
  const lines = stderr
    .split('\n')
    .map((line) => line.replace(/^npm (?:ERR!|error)\s*/, '').trim())
    .filter((line) => line !== '' && !/^code |complete log/.test(line));
  return lines[0] ?? 'it did not say why';
}
