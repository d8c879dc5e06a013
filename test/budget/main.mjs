/**
 * The guard of the hot path: counts what messages cost and holds it against the budgets in hot-path.json.
 *
 *   npm run budget                 fails when a count exceeds its budget by more than 3 %
 *   npm run budget -- --record     writes the counts as the new budgets
 *   npm run budget -- --profile    says which functions execute most, and compares nothing
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compare, countsPerMessage, differences, RECORD_COMMAND, verdict } from './budgets.mjs';
import { hottest } from './callgrind.mjs';
import { addon, countedPhases, pageFaults } from './profile.mjs';

const path = join(import.meta.dirname, 'hot-path.json');
const isRecording = process.argv.includes('--record');

if (process.platform !== 'linux' || spawnSync('valgrind', ['--version']).status !== 0) {
  console.error('The guard counts with callgrind: on Linux, apt-get install valgrind');
  process.exit(1);
}
const begin = performance.now();
const phases = countedPhases();
if (process.argv.includes('--profile')) printProfiles();
else process.exitCode = check();
console.log(`counted in ${((performance.now() - begin) / 1000).toFixed(0)} s`);

function check() {
  const counts = countsPerMessage(phases);
  const faults = faultCount();
  const here = tools();
  for (const { name, unit, value } of [...counts, faults]) console.log(`${name}: ${value} ${unit}`);
  console.log(
    Object.entries(here)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
  );
  if (isRecording) {
    record(counts, faults, here);
    return 0;
  }
  const recorded = JSON.parse(readFileSync(path, 'utf8'));
  const different = differences(recorded.tools, here);
  if (different.length > 0) {
    console.log('\nThe budgets are of other tools, so nothing is compared:', different.join('; '));
    console.log(`Where these are the ones to stay, record anew: ${RECORD_COMMAND}`);
    return 0;
  }
  const { hasFailed, lines } = verdict(compare([...counts, faults], recorded.budgets));
  console.log(`\n${lines.join('\n') || `All ${counts.length + 1} counts are within their budgets.`}`);
  return hasFailed ? 1 : 0;
}

function faultCount() {
  const { name, faults } = pageFaults();
  return { name: `${name}: page faults`, unit: 'faults per message', value: Number(faults.toFixed(1)) };
}

function record(counts, faults, here) {
  const budgets = counts.map(({ value, ...rest }) => ({ ...rest, budget: value }));
  // When the collector frees large buffers differs from run to run; mapping 1 MiB anew costs 256.
  budgets.push({
    name: faults.name,
    unit: faults.unit,
    budget: Math.ceil(faults.value * 1.5 + 32),
    isLimit: true,
  });
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  });
  const about = `What a request and its reply may cost, both ends together. Written by ${RECORD_COMMAND}`;
  // The commit that the counted change was made on.
  const content = { about, base: commit.trim(), tools: here, budgets };
  writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`);
  console.log(`\nRecorded in ${path}`);
}

/** What instruction counts depend on besides our code. */
function tools() {
  const comment = /(GCC|clang)[^\0]*? (\d+)\.\d+\.\d+/.exec(readFileSync(addon, 'latin1'));
  const valgrind = execFileSync('valgrind', ['--version'], { encoding: 'utf8' });
  return {
    architecture: process.arch,
    v8: process.versions.v8,
    compiler: comment === null ? 'unknown' : `${comment[1]} ${comment[2]}`,
    libc: process.report.getReport().header.glibcVersionRuntime ?? 'unknown',
    valgrind: valgrind.trim().replace(/^valgrind-/, ''),
  };
}

function printProfiles() {
  for (const { name, messages, profile } of phases) {
    console.log(`\n${name}: instructions per message`);
    for (const [place, instructions] of hottest(profile, 25)) {
      console.log(`${(instructions / messages).toFixed(1).padStart(12)}  ${place}`);
    }
  }
}
