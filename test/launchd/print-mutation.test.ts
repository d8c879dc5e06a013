/** launchd case 50: no damage to what launchctl prints about a job that does not run makes it read as running. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePrint } from '../../src/launchd/index.js';
import { ECHO, fixture } from './fake-launchctl.js';

const NAMES = readdirSync(join(import.meta.dirname, '../../fixtures/launchctl/print'));
const IDLE = NAMES.map((name) => fixture(`print/${name}`)).filter(
  (text) => parsePrint(text, ECHO).state !== 'running',
);
const LINES = [...new Set(IDLE.flatMap((text) => text.split('\n')))];

type Mutation = (text: string) => string;

const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const at = (text: string, where: number) => Math.floor(where * text.length);

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  // Characters.
  place.map((where) => (text: string) => text.slice(0, at(text, where)) + text.slice(at(text, where) + 1)),
  fc.tuple(place, fc.constantFrom('\t', '\n', '{', '}', ' = ', ' => ', '"', '\r', '\0', '1', 'running')).map(
    ([where, part]) =>
      (text: string) =>
        text.slice(0, at(text, where)) + part + text.slice(at(text, where)),
  ),
  // Cut off at either end.
  place.map((where) => (text: string) => text.slice(0, at(text, where))),
  place.map((where) => (text: string) => text.slice(at(text, where))),
  // Lines, of this output and of others about jobs that do not run.
  fc.tuple(place, fc.constantFrom(...LINES)).map(([where, line]) => (text: string) => {
    const lines = text.split('\n');
    return lines.toSpliced(Math.floor(where * lines.length), 0, line).join('\n');
  }),
  fc.tuple(place, place).map(([from, to]) => (text: string) => {
    const lines = text.split('\n');
    const [line = ''] = lines.splice(Math.floor(from * lines.length), 1);
    return lines.toSpliced(Math.floor(to * lines.length), 0, line).join('\n');
  }),
  place.map((where) => (text: string) => {
    const lines = text.split('\n');
    return lines.toSpliced(Math.floor(where * lines.length), 1).join('\n');
  }),
  // Indentation.
  fc.constantFrom<Mutation>(
    (text) => text.replaceAll('\t', '    '),
    (text) => text.replace(/^\t/gm, ''),
    (text) => text.replace(/^\t+/gm, '\t'),
    (text) => text.replaceAll('\n', '\r\n'),
  ),
);

describe('launchd case 50: a job that does not run', () => {
  it('there are fixtures of them', () => {
    expect(IDLE.length).toBeGreaterThan(12);
  });

  it('never reads as running, however its output is damaged', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...IDLE),
        fc.array(mutation, { minLength: 1, maxLength: 8 }),
        (original, all) => {
          const text = all.reduce((current, mutate) => mutate(current), original);
          expect(parsePrint(text, ECHO).state).not.toBe('running');
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('never has a process that its output does not name', () => {
    fc.assert(
      fc.property(fc.constantFrom(...IDLE), fc.array(mutation, { maxLength: 4 }), (original, all) => {
        const text = all.reduce((current, mutate) => mutate(current), original);
        const { pid } = parsePrint(text, ECHO);
        if (pid !== undefined) expect(text).toMatch(new RegExp(`pid =>? ?${pid}`));
      }),
    );
  });
});

describe('launchd case 50: the layouts of macOS 12 to 26', () => {
  it.each([
    ['macos-12-idle', { state: 'not running', runs: 3, lastExit: { kind: 'exited', code: 1 } }],
    [
      'macos-13-submitted',
      { state: 'not running', jobState: 'exited', type: 'Submitted', semaphores: { 'successful exit': '0' } },
    ],
    ['macos-14-adaptive', { state: 'running', pid: 928, reason: 'ipc (mach)', spawnType: 'adaptive (6)' }],
    ['macos-15-sockets', { state: 'running', pid: 9183, lastExit: { kind: 'exited', code: 2 } }],
    [
      'macos-26-interval',
      {
        state: 'running',
        pid: 22167,
        umask: 0o77,
        minimumRuntime: 1,
        workingDirectory: '/Users/sam',
        stdoutPath: '/Users/sam/Library/Logs/echo log.txt',
        environment: { OSLogRateLimit: '64', XPC_SERVICE_NAME: 'com.example.echo' },
        lastExit: { kind: 'signaled', signal: 'SIGTERM' },
      },
    ],
    [
      'macos-26-penalty-box',
      { state: 'spawn scheduled', runs: 13_741, lastExit: { kind: 'spawn failed', reason: '78: EX_CONFIG' } },
    ],
    [
      'macos-26-held-back',
      { state: 'not running', pendedSpawn: 'inefficient', lastExit: { kind: 'signaled', signal: 'SIGKILL' } },
    ],
    ['macos-26-calendar', { state: 'not running', runs: 4, lastExit: { kind: 'exited', code: 0 } }],
  ])('%s', (name, expected) => {
    const status = parsePrint(fixture(`print/${name}.txt`), ECHO);
    expect(status).toMatchObject(expected);
    if (status.state !== 'running') expect(status).not.toHaveProperty('pid');
  });

  it('a held back start that is none is not told', () => {
    const text = fixture('print/macos-26-held-back.txt').replace('= inefficient', '= false');
    expect(parsePrint(text, ECHO)).not.toHaveProperty('pendedSpawn');
  });

  it('a job that contradicts itself is unknown', () => {
    const text = fixture('print/macos-14-adaptive.txt').replace('job state = running', 'job state = exited');
    expect(parsePrint(text, ECHO).state).toBe('unknown');
  });
});
