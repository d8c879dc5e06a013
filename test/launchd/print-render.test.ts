import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JobExit, type JobStatus, parsePrint, renderPrint } from '../../src/launchd/index.js';
import { ECHO, fixture } from './fake-launchctl.js';

const NAMES = readdirSync(join(import.meta.dirname, '../../fixtures/launchctl/print'));

/** Text that a line can carry and that means nothing by itself. */
const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .map((value) => value.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\s{}|=]/gu, 'x'))
  .filter((value) => value.trim() === value && value !== '');
/** An argument may look like anything. */
const argument = fc.oneof(
  text,
  fc.constantFrom('}', '\t}', 'state = running', 'pid = 1', 'x = {', '', '  indented', '"quoted"', 'a => b'),
);
const count = fc.nat(1_000_000);
const path = text.map((name) => `/${name}`);
const endpoint = fc
  .record({
    name: fc.stringMatching(/^[a-z]{1,8}\.[a-z]{1,8}$/),
    isActive: fc.boolean(),
    flags: fc.subarray(['isDynamic', 'isWatched', 'resetAtClose', 'hideUntilCheckIn'] as const),
  })
  .map(({ flags, ...rest }) => ({ ...rest, ...Object.fromEntries(flags.map((flag) => [flag, true])) }));
const exit: fc.Arbitrary<JobExit> = fc.oneof(
  fc.integer({ min: 0, max: 255 }).map((code): JobExit => ({ kind: 'exited', code })),
  fc
    .constantFrom('SIGTERM', 'SIGKILL', 'SIGSEGV', 'SIGUSR1', 'SIGINFO', 'SIGSTKFLT')
    .map((signal): JobExit => ({ kind: 'signaled', signal })),
  fc.constant<JobExit>({ kind: 'signaled', signal: 'SIGKILL', reason: 'JETSAM_REASON_MEMORY_HIGHWATER' }),
  fc.constant<JobExit>({ kind: 'spawn failed', reason: 'OS_REASON_CODESIGNING' }),
);
const optional = fc.record(
  {
    lastExit: exit,
    reason: text,
    pendedSpawn: fc.constantFrom('speculative', 'semaphore', 'inefficient'),
    path,
    program: text,
    type: text,
    domain: text,
    forks: count,
    execs: count,
    minimumRuntime: count,
    exitTimeout: count,
    workingDirectory: text,
    stdinPath: text,
    stdoutPath: text,
    stderrPath: text,
    username: text,
    group: text,
    umask: fc.integer({ min: 0, max: 0o777 }),
    nice: fc.integer({ min: -20, max: 20 }),
    spawnType: text,
    environment: fc.dictionary(fc.stringMatching(/^[A-Z_]{1,8}$/), argument, { maxKeys: 3 }),
    semaphores: fc.dictionary(text, fc.constantFrom('0', '1'), { maxKeys: 3 }),
    properties: fc.array(text, { maxLength: 4 }),
  },
  { requiredKeys: [] },
);
const status: fc.Arbitrary<JobStatus> = fc
  .record({
    optional,
    life: fc.oneof(
      fc.record({
        state: fc.constant('running' as const),
        pid: fc.integer({ min: 1, max: 99_999 }),
        jobState: fc.constant('running'),
      }),
      fc.record({
        state: fc.constantFrom('not running' as const, 'spawn scheduled' as const, 'unknown' as const),
      }),
      fc.record({ state: fc.constant('exiting' as const), pid: fc.integer({ min: 1, max: 99_999 }) }),
    ),
    failure: fc.boolean(),
    runs: count,
    args: fc.array(argument, { maxLength: 4 }),
    endpoints: fc.uniqueArray(endpoint, { maxLength: 4, selector: (each) => each.name }),
  })
  .map(({ optional: more, life, failure, runs, args, endpoints }) => ({
    target: ECHO,
    label: 'com.example.echo',
    runs,
    arguments: args,
    // As launchctl has it: those of the plist first.
    endpoints: [
      ...endpoints.filter((each) => !('isDynamic' in each)),
      ...endpoints.filter((each) => 'isDynamic' in each),
    ],
    ...more,
    ...life,
    ...(failure && life.state === 'spawn scheduled'
      ? { jobState: 'spawn failed', lastExit: { kind: 'spawn failed' as const, reason: 'no such file' } }
      : {}),
  }));

describe('renderPrint', () => {
  it('writes what parsePrint reads back, whatever the arguments look like', () => {
    fc.assert(
      fc.property(status, (value) => {
        expect(parsePrint(renderPrint(value), ECHO)).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });

  it.each(NAMES)('writes %s so that it reads the same', (name) => {
    const target = name === 'submitted.txt' ? 'gui/501/com.example.submitted' : ECHO;
    const value = parsePrint(fixture(`print/${name}`), target);
    expect(parsePrint(renderPrint(value), target)).toEqual(value);
  });

  it('lays a running job out as launchctl does', () => {
    expect(
      renderPrint({
        target: ECHO,
        label: 'com.example.echo',
        state: 'running',
        pid: 4711,
        runs: 2,
        lastExit: { kind: 'exited', code: 78 },
        reason: 'ipc (mach)',
        path: '/tmp/echo.plist',
        type: 'LaunchAgent',
        program: '/bin/echo',
        arguments: ['/bin/echo', 'start'],
        endpoints: [{ name: 'com.example.echo', isActive: true, hideUntilCheckIn: true }],
        umask: 0o77,
        environment: { LANG: 'C' },
        semaphores: { 'successful exit': '0' },
        properties: ['keepalive', 'runatload'],
      }),
    ).toBe(`gui/501/com.example.echo = {
	active count = 1
	path = /tmp/echo.plist
	type = LaunchAgent
	state = running

	program = /bin/echo
	arguments = {
		/bin/echo
		start
	}

	environment = {
		LANG => C
	}

	umask = 77
	runs = 2
	pid = 4711
	immediate reason = ipc (mach)
	last exit code = 78: EX_CONFIG

	semaphores = {
		successful exit => 0
	}

	endpoints = {
		"com.example.echo" = {
			active = 1
			managed = 1
			reset = 0
			hide = 1
			watching = 0
		}
	}

	properties = keepalive | runatload
}
`);
  });

  it('lets no argument, variable or path pass for a state', () => {
    const forged = 'x\n\t}\n\tstate = running\n\tpid = 4711\n\targuments = {\n\ty';
    const rendered = renderPrint({
      target: ECHO,
      label: 'com.example.echo',
      state: 'not running',
      runs: 0,
      path: `/${forged}`,
      arguments: [forged],
      endpoints: [],
      environment: { A: forged },
    });
    expect(rendered).not.toMatch(/^\tstate = running$/m);
    expect(parsePrint(rendered, ECHO)).toMatchObject({
      state: 'not running',
      arguments: [expect.stringContaining('u000a')],
    });
  });
});
