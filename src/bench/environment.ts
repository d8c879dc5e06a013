/** The machine and the programs that a report tells of. */
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os';
import { packageManifest } from '../base/index.js';
import type { BenchEnvironment } from './model.js';

const GIB = 2 ** 30;

/** Looks around. Call it before the first round, so that the load is not our own. */
export function describeEnvironment(): BenchEnvironment {
  const processors = cpus();
  return {
    platform: platform(),
    kernel: release(),
    architecture: arch(),
    cpu: processors[0]?.model.trim() || 'unknown',
    cores: processors.length,
    memory: round(totalmem() / GIB),
    node: process.versions.node,
    launchport: packageManifest().version,
    versions: {},
    load: round(loadavg()[0] ?? 0),
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
