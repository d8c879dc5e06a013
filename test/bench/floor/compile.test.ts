import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LaunchportError } from '../../../src/base/index.js';
import { compileFloor } from '../../../src/bench/floor/compile.js';
import type { CommandResult, CommandRunner } from '../../../src/launchd/index.js';
import { rejectionOf } from '../../helpers/thrown.js';

const SUCCESS: CommandResult = {
  exitStatus: 0,
  signal: undefined,
  isTimedOut: false,
  stdout: '',
  stderr: '',
};

describe('compiling the floor', () => {
  let cache: string;
  let commands: (readonly string[])[];
  /** A compiler by one name, of one version. */
  const compiler =
    (name: string, version: string, failure?: string): CommandRunner =>
    async (file, args) => {
      commands.push([file, ...args]);
      if (file !== name) throw new LaunchportError('ERR_UNSUPPORTED', `${file} is not on this system`);
      if (args[0] === '--version') return { ...SUCCESS, stdout: `${version}\nmore\n` };
      if (failure !== undefined) return { ...SUCCESS, exitStatus: 1, stderr: failure };
      await writeFile(args[args.indexOf('-o') + 1] as string, 'program');
      return SUCCESS;
    };
  const compile = (runner: CommandRunner, platform: NodeJS.Platform = 'linux', environment = {}) =>
    compileFloor(undefined, { runner, platform, environment: { XDG_CACHE_HOME: cache, ...environment } });

  beforeEach(async () => {
    cache = await mkdtemp(join(tmpdir(), 'launchport-compile-'));
    commands = [];
  });
  afterEach(() => rm(cache, { recursive: true, force: true }));

  it('takes the first compiler there is, and keeps what it made', async () => {
    const first = await compile(compiler('gcc', 'gcc 12'));
    expect(first.compiler).toBe('gcc 12');
    const count = commands.length;
    expect(await compile(compiler('gcc', 'gcc 12'))).toEqual(first);
    // It asked for the version again, and compiled nothing.
    expect(commands.slice(count).every((command) => command[1] === '--version')).toBe(true);
    expect((await compile(compiler('gcc', 'gcc 13'))).program).not.toBe(first.program);
  });

  it('prefers the compiler of the environment', async () => {
    expect((await compile(compiler('tcc', 'tcc 1'), 'linux', { CC: 'tcc' })).compiler).toBe('tcc 1');
  });

  it('compiles the libxpc program on macOS, with blocks', async () => {
    await compile(compiler('cc', 'Apple clang'), 'darwin');
    expect(commands.at(-1)).toEqual(
      expect.arrayContaining(['-fblocks', expect.stringMatching(/libxpc_ping_pong\.c$/)]),
    );
  });

  it('gives advice where there is no compiler', async () => {
    const none = compiler('none', '');
    expect(await rejectionOf(compile(none))).toMatchObject({
      code: 'ERR_UNSUPPORTED',
      hint: expect.stringContaining('apt install gcc'),
    });
    expect((await rejectionOf(compile(none, 'darwin'))).hint).toContain('xcode-select');
  });

  it('says what the compiler said', async () => {
    const failure = 'floor.c: In function main:\nfloor.c:1:10: fatal error: sys/epoll.h: No such file\n';
    const error = await rejectionOf(compile(compiler('cc', 'cc 1', failure)));
    expect(error.message).toContain('fatal error: sys/epoll.h');
  });
});
