import fc from 'fast-check';
import { expect, it } from 'vitest';
import { lastExitOf, parseShow, serviceState } from '../../src/systemd/unit-status.js';

const unit = (text: string) => parseShow(`Id=a.service\n${text}\n`).get('a.service');

it.each([
  ['ActiveState=active\nSubState=running\nMainPID=7', 'running'],
  ['ActiveState=active\nSubState=exited\nMainPID=0', 'not running'],
  ['ActiveState=active\nSubState=running\nMainPID=0', 'unknown'],
  ['ActiveState=activating\nSubState=auto-restart', 'spawn scheduled'],
  ['ActiveState=activating\nSubState=start-pre', 'spawn scheduled'],
  ['ActiveState=deactivating\nSubState=stop-sigterm\nMainPID=7', 'exiting'],
  ['ActiveState=inactive\nSubState=dead', 'not running'],
  ['ActiveState=failed\nSubState=failed', 'not running'],
  ['ActiveState=maintenance\nSubState=cleaning', 'unknown'],
  ['', 'unknown'],
])('launchd case 50: %j is %s', (text, state) => {
  expect(serviceState(unit(text))).toBe(state);
});

it('launchd case 50: unknown text never reads as running', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (active, sub) => {
      const properties = new Map([
        ['ActiveState', active],
        ['SubState', sub],
        ['MainPID', '7'],
      ]);
      expect(serviceState(properties)).not.toBe('running');
    }),
  );
});

it.each([
  ['ExecMainCode=0\nExecMainStatus=0', undefined],
  ['ExecMainCode=1\nExecMainStatus=3\nResult=exit-code', { kind: 'exited', code: 3 }],
  ['ExecMainCode=2\nExecMainStatus=9\nResult=signal', { kind: 'signaled', signal: 'SIGKILL' }],
  ['ExecMainCode=3\nExecMainStatus=11\nResult=core-dump', { kind: 'signaled', signal: 'SIGSEGV' }],
  [
    'ExecMainCode=1\nExecMainStatus=203\nResult=exit-code',
    { kind: 'spawn failed', reason: 'the program cannot be executed' },
  ],
  ['ExecMainCode=x\nExecMainStatus=', undefined],
])('%j is how it ended', (text, exit) => {
  expect(lastExitOf(unit(text))).toEqual(exit);
});

it('properties of several units are told apart', () => {
  const units = parseShow('Id=a\nResult=x=y\n\nId=b\nResult=\n');
  expect([...units.keys()]).toEqual(['a', 'b']);
  expect(units.get('a')?.get('Result')).toBe('x=y');
});
