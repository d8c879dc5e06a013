/** A plugin's command line. */
import { describe, expect, it } from 'vitest';
import { parseInvocation } from '../../src/sdk/index.js';

describe('parseInvocation', () => {
  it.each([
    ['a loaded plugin', ['start'], { command: 'start', isDebug: false, rest: [] }],
    [
      'a runtime instance',
      ['start', '--root', '/a/containers/c1', '--uuid', 'c1', '--debug', '--resources', '/r', 'x', '--y'],
      {
        command: 'start',
        instance: 'c1',
        root: '/a/containers/c1',
        resources: '/r',
        isDebug: true,
        rest: ['x', '--y'],
      },
    ],
    [
      'a network instance',
      [
        'start',
        '--id',
        'default',
        '--service-identifier',
        'p.network.n.default',
        '--mode',
        'nat',
        '--subnet',
        '10.0.0.0/24',
      ],
      {
        command: 'start',
        instance: 'default',
        serviceIdentifier: 'p.network.n.default',
        isDebug: false,
        rest: ['--mode', 'nat', '--subnet', '10.0.0.0/24'],
      },
    ],
    [
      'default arguments that say start again',
      ['start', 'start', 'with', 'params'],
      { command: 'start', isDebug: false, rest: ['start', 'with', 'params'] },
    ],
    ['an equals sign', ['--uuid=a=b'], { instance: 'a=b', isDebug: false, rest: [] }],
    ['the last of two', ['--uuid', 'a', '--uuid', 'b'], { instance: 'b', isDebug: false, rest: [] }],
    ['the same instance twice', ['--uuid', 'a', '--id', 'a'], { instance: 'a', isDebug: false, rest: [] }],
    [
      'the end of options',
      ['start', '--', '--debug', '--uuid'],
      { command: 'start', isDebug: false, rest: ['--debug', '--uuid'] },
    ],
    ['nothing', [], { isDebug: false, rest: [] }],
  ] as const)('reads %s', (_title, args, expected) => {
    expect(parseInvocation(args)).toEqual(expected);
  });

  it.each([
    ['an option at the end', ['start', '--uuid'], '--uuid needs a value'],
    ['an empty value', ['--root='], '--root needs a value'],
    ['two instances', ['--uuid', 'a', '--id', 'b'], '--uuid a and --id b name two instances'],
  ] as const)('refuses %s', (_title, args, message) => {
    expect(() => parseInvocation(args)).toThrow(expect.objectContaining({ code: 'ERR_USAGE', message }));
  });
});
