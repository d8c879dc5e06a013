/** Compiles the floor, a C program of this package, when it is first needed. */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isLaunchportError, LaunchportError, packageRoot } from '../../base/index.js';
import { type CommandResult, type CommandRunner, runCommand } from '../../launchd/index.js';
import { isThere, privateFolder } from '../private-folder.js';

const HEADER = 'measure.h';
/** Tried in this order; `CC` comes before them. */
const COMPILERS = ['cc', 'gcc', 'clang'];
const TIMEOUT_MS = 120_000;

/** A program, and what made it. */
export interface CompiledFloor {
  /** Path. */
  readonly program: string;
  /** The compiler's version, as it says it. */
  readonly compiler: string;
}

/** For tests: other compilers, another folder. */
export interface CompileOptions {
  readonly runner?: CommandRunner;
  readonly environment?: NodeJS.ProcessEnv;
  readonly platform?: NodeJS.Platform;
}

/**
 * The compiled floor of this system. It is kept in the benchmark's folder, under the hash of its source, the compiler
 * and the flags: made once, and anew when one of them changes.
 * @throws LaunchportError ERR_UNSUPPORTED without a compiler or where it fails, ERR_ABORTED
 */
export async function compileFloor(
  signal?: AbortSignal,
  { runner = runCommand, environment = process.env, platform = process.platform }: CompileOptions = {},
): Promise<CompiledFloor> {
  const bounds = { timeout: TIMEOUT_MS, ...(signal === undefined ? {} : { signal }) };
  const sources = join(packageRoot(), 'native', 'bench');
  const isDarwin = platform === 'darwin';
  const name = isDarwin ? 'libxpc_ping_pong.c' : 'floor.c';
  const flags = isDarwin ? ['-O2', '-fblocks'] : ['-O2'];
  const { command, version } = await findCompiler(environment.CC);
  const hash = createHash('sha256').update([command, version, ...flags, process.arch].join('\0'));
  for (const file of [HEADER, name]) hash.update(await readFile(join(sources, file)));
  const folder = await privateFolder(environment);
  const program = join(folder, `floor-${hash.digest('hex').slice(0, 20)}`);
  const result = { program, compiler: version };
  if (await isThere(program)) return result;

  // Renamed when complete: two benchmarks may compile at a time.
  const work = await mkdtemp(join(folder, 'compile-'));
  try {
    const output = join(work, 'floor');
    const built = await runner(command, [...flags, '-o', output, join(sources, name), '-lm'], bounds);
    if (built.exitStatus !== 0) throw compileError(command, name, built);
    await rename(output, program);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return result;

  async function findCompiler(first: string | undefined): Promise<{ command: string; version: string }> {
    const tried = [...(first === undefined || first === '' ? [] : [first]), ...COMPILERS];
    for (const command of tried) {
      const answer = await runner(command, ['--version'], bounds).catch((error: unknown) => {
        if (isLaunchportError(error, 'ERR_ABORTED')) throw error;
      });
      // On a Mac without the command line tools, `cc` is there and fails.
      if (answer?.exitStatus === 0) return { command, version: answer.stdout.split('\n')[0]?.trim() ?? '' };
    }
    throw new LaunchportError('ERR_UNSUPPORTED', `there is no C compiler: tried ${tried.join(', ')}`, {
      hint: isDarwin
        ? 'Run `xcode-select --install`.'
        : 'Install gcc and the headers of the C library (Debian: `apt install gcc libc6-dev`).',
      details: { tried },
    });
  }
}

function compileError(command: string, name: string, { exitStatus, stderr }: CommandResult): LaunchportError {
  return new LaunchportError(
    'ERR_UNSUPPORTED',
    `${command} could not compile ${name}: ${firstLine(stderr)}`,
    {
      hint: 'The headers of the C library may be missing (Debian: `apt install libc6-dev`).',
      details: { exitStatus, stderr },
    },
  );
}

/** Where a compiler says what is wrong. */
function firstLine(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.find((line) => line.includes('error')) ?? lines[0] ?? 'it did not say why';
}
