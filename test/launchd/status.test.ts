import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePrint } from '../../src/launchd/index.js';
import { ECHO, fixture } from './fake-launchctl.js';

const parse = (name: string) => parsePrint(fixture(`print/${name}.txt`), ECHO);

describe('launchd case 50: parsePrint', () => {
  it('reads a running job, and takes nothing from the blocks inside it', () => {
    expect(parse('running')).toEqual({
      target: ECHO,
      label: 'com.example.echo',
      state: 'running',
      pid: 4711,
      runs: 2,
      lastExit: { kind: 'signaled', signal: 'SIGTERM' },
      reason: 'ipc (mach)',
      path: '/Users/sam/plugins/echo/service.plist',
      program: '/usr/local/libexec/echo',
      arguments: ['/usr/local/libexec/echo', 'start'],
      endpoints: [
        { name: 'com.example.runtime.echo', isActive: true },
        { name: 'com.example.network.echo', isActive: false, isWatched: true, hideUntilCheckIn: true },
        { name: 'com.example.echo.extra', isActive: true, isDynamic: true },
      ],
      type: 'LaunchAgent',
      domain: 'gui/501 [100015]',
      jobState: 'running',
      forks: 0,
      execs: 1,
      minimumRuntime: 10,
      exitTimeout: 5,
      spawnType: 'daemon (3)',
      environment: { XPC_SERVICE_NAME: 'com.example.echo' },
      properties: ['runatload', 'inferred program', 'managed LWCR', 'has LWCR'],
    });
  });

  it('reads a job that never ran, despite the coalitions that are active', () => {
    const status = parse('never-exited');
    expect(status).toMatchObject({ state: 'not running', runs: 0 });
    expect(status).not.toHaveProperty('pid');
    expect(status).not.toHaveProperty('lastExit');
    expect(status.endpoints.map((endpoint) => endpoint.isActive)).toEqual([false, false]);
  });

  it.each([
    ['ex-config', 'not running', { kind: 'spawn failed', reason: '78: EX_CONFIG' }],
    ['legacy-penalty-box', 'not running', { kind: 'spawn failed', reason: '78: Function not implemented' }],
    ['exited-78', 'not running', { kind: 'exited', code: 78 }],
    ['spawn-failed', 'spawn scheduled', { kind: 'spawn failed', reason: '78: EX_CONFIG' }],
    ['signal', 'not running', { kind: 'signaled', signal: 'SIGSEGV' }],
    ['codesigning', 'not running', { kind: 'spawn failed', reason: 'OS_REASON_CODESIGNING' }],
    [
      'jetsam',
      'not running',
      { kind: 'signaled', signal: 'SIGKILL', reason: 'JETSAM_REASON_MEMORY_PERPROCESSLIMIT' },
    ],
    ['exiting', 'exiting', undefined],
    ['xpcproxy', 'spawn scheduled', undefined],
    ['unknown-state', 'unknown', { kind: 'exited', code: 0 }],
    ['legacy-10.14', 'not running', { kind: 'exited', code: 3 }],
  ])('%s: state %s', (name, state, lastExit) => {
    const status = parse(name);
    expect(status.state).toBe(state);
    expect(status.lastExit).toEqual(lastExit);
  });

  it('reads the layout of macOS 10.14', () => {
    expect(parse('legacy-10.14')).toMatchObject({
      runs: 6,
      path: '/Users/sam/plugins/echo/service.plist',
      endpoints: [{ name: 'com.example.runtime.echo', isActive: false }],
    });
  });

  it('launchd case 54: tells a start that is held back', () => {
    expect(parse('pended')).toMatchObject({ state: 'not running', runs: 0, pendedSpawn: 'speculative' });
  });

  it('is not misled by arguments and variables that look like the layout', () => {
    expect(parse('braces')).toMatchObject({
      state: 'not running',
      runs: 1,
      arguments: ['/bin/echo', '}', 'state = running', 'pid = 1 = {', '  indented text'],
      lastExit: { kind: 'exited', code: 0 },
    });
    expect(parse('braces')).not.toHaveProperty('pid');
  });

  it('gives no plist path to a job that was submitted without one', () => {
    const status = parsePrint(fixture('print/submitted.txt'), 'gui/501/com.example.submitted');
    expect(status).toMatchObject({ state: 'running', pid: 901 });
    expect(status).not.toHaveProperty('path');
  });

  it.each([
    ['nothing', ''],
    [
      'another job',
      fixture('print/running.txt').replace('gui/501/com.example.echo = {', 'gui/501/com.example.other = {'),
    ],
    ['no header', '\tstate = running\n\tpid = 4711\n'],
    ['no end', fixture('print/running.txt').trimEnd().slice(0, -1)],
    ['running without a process', `${ECHO} = {\n\tstate = running\n}\n`],
    ['running with process 0', `${ECHO} = {\n\tstate = running\n\tpid = 0\n}\n`],
    ['running inside a block only', `${ECHO} = {\n\tjob = {\n\t\tstate = running\n\t\tpid = 1\n\t}\n}\n`],
    ['two states', `${ECHO} = {\n\tstate = running\n\tstate = not running\n\tpid = 7\n}\n`],
    ['a state that is a property of every object', `${ECHO} = {\n\tstate = constructor\n\tpid = 7\n}\n`],
    ['another case', `${ECHO} = {\n\tstate = Running\n\tpid = 7\n}\n`],
  ])('says unknown for %s', (_, text) => {
    expect(parsePrint(text, ECHO).state).toBe('unknown');
  });

  it('reads lines that end in CR LF', () => {
    expect(parsePrint(fixture('print/running.txt').replaceAll('\n', '\r\n'), ECHO)).toEqual(parse('running'));
  });

  it('never throws and never says running for garbage', () => {
    const word = fc.constantFrom(
      'state',
      'pid',
      ' = ',
      ' => ',
      '{',
      '}',
      'running',
      '\t',
      '\n',
      '"',
      '4711',
      'x',
    );
    const garbage = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(word).map((words) => words.join('')),
    );
    fc.assert(
      fc.property(garbage, (text) => {
        expect(parsePrint(text, ECHO).state).toBe('unknown');
      }),
    );
  });

  it('never says running for a mutilated output unless the job itself is said to run, with its process', () => {
    const names = readdirSync(join(import.meta.dirname, '../../fixtures/launchctl/print'));
    const texts = names.map((name) => fixture(`print/${name}`).split('\n'));
    const mutation = fc.array(fc.tuple(fc.nat(60), fc.constantFrom('drop', 'repeat', 'swap')), {
      maxLength: 6,
    });
    fc.assert(
      fc.property(fc.constantFrom(...texts), mutation, (original, changes) => {
        const lines = [...original];
        for (const [at, change] of changes) {
          const line = lines[at % lines.length] as string;
          if (change === 'drop') lines.splice(at % lines.length, 1);
          else if (change === 'repeat') lines.splice(at % lines.length, 0, line);
          else lines.push(...lines.splice(at % lines.length, 1));
        }
        if (parsePrint(lines.join('\n'), ECHO).state !== 'running') return;
        expect(lines).toContain('\tstate = running');
        expect(lines.some((line) => /^\tpid = \d+$/.test(line))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
