/** Runs the workload under callgrind, and with the clock running, and gives back what was counted. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countsOf, parseProfile } from './callgrind.mjs';

const root = join(import.meta.dirname, '..', '..');
const workload = join(import.meta.dirname, 'workload.mjs');
export const addon = join(root, 'build', 'Release', 'launchport.node');

/** Loaded into the counted process; built by gcc each time, which takes less than a second. */
const marks = join(import.meta.dirname, 'marks.c');

// V8 as users get it, with all its compilers, but doing everything in one thread and always in the same order; and
// with so much room for new objects that nothing is collected while they are counted.
const DETERMINISTIC = [
  '--predictable',
  '--hash-seed=1',
  '--random-seed=1',
  '--min-semi-space-size=256',
  '--max-semi-space-size=256',
  '--expose-gc',
];

// When the C library takes memory from the system and gives it back depends on everything that happened before.
const STEADY_MALLOC = 'glibc.malloc.trim_threshold=1073741824:glibc.malloc.mmap_threshold=1073741824';

/** Ends what hangs; the run takes less than a minute. */
const TIMEOUT_MS = 900_000;

/** The phases that were counted, each with its profile: the cheapest round of each. */
export function countedPhases() {
  const folder = mkdtempSync(join(tmpdir(), 'lp-budget-'));
  try {
    const library = join(folder, 'marks.so');
    run('gcc', ['-O2', '-shared', '-fPIC', '-o', library, marks]);
    const callgrind = [
      '--quiet',
      '--tool=callgrind',
      '--instr-atstart=no',
      '--collect-systime=yes',
      `--callgrind-out-file=${join(folder, 'part')}`,
    ];
    const output = run('valgrind', [...callgrind, process.execPath, ...DETERMINISTIC, workload, 'counted'], {
      LD_PRELOAD: library,
      GLIBC_TUNABLES: STEADY_MALLOC,
    });
    return cheapest(JSON.parse(output), profilesIn(folder));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Page faults per large message, as `{ name, faults }`. */
export function pageFaults() {
  return JSON.parse(run(process.execPath, ['--single-threaded', workload, 'faults']));
}

/** A part ends at each mark; a phase is between two, so that every other one is of a phase, the last included. */
function profilesIn(folder) {
  const numberOf = (name) => Number(/\.(\d+)$/.exec(name)?.[1] ?? 0);
  const names = readdirSync(folder).filter((name) => numberOf(name) > 0);
  names.sort((a, b) => numberOf(a) - numberOf(b));
  return names.map((name) => () => parseProfile(readFileSync(join(folder, name), 'utf8')));
}

function cheapest(phases, profiles) {
  const found = new Map();
  for (const [index, phase] of phases.entries()) {
    const profile = profiles.at(2 * (index - phases.length) + 1)();
    const counts = countsOf(profile);
    const total = counts.addonInstructions + counts.otherInstructions;
    const before = found.get(phase.name);
    if (before === undefined || total < before.total) {
      found.set(phase.name, { ...phase, counts, total, profile });
    }
  }
  return [...found.values()];
}

function run(file, args, environment = {}) {
  // The environment is data of the process too: nothing of the caller's but what programs need to run.
  const { PATH, TMPDIR } = process.env;
  const env = { PATH, LAUNCHPORT_ADDON: addon, ...(TMPDIR === undefined ? {} : { TMPDIR }), ...environment };
  return execFileSync(file, args, {
    cwd: root,
    env,
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
