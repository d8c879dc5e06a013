import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLaunchportError } from '../../src/base/index.js';
import { systemdUnits, unitStem } from '../../src/systemd/index.js';
import { thrownBy } from '../helpers/thrown.js';
import { readSpecifiers, readUnit, readWords } from './unit-reader.js';

const OPTIONS = {
  bootstrap: '/run/user/7/launchport/bootstrap',
  throttle: '/run/user/7/launchport/throttle',
};
const LABEL = 'com.example.job';

describe('escaping', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((value) => !value.includes('\0'));
  const nasty = fc
    .array(
      fc.constantFrom(
        '$',
        '%',
        ';',
        ' ',
        '"',
        "'",
        '\\',
        '\n',
        '\t',
        '\x01',
        '\x7f',
        '\u0085',
        'ä',
        '😀',
        '#',
        'a',
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join(''));
  // Property lists cannot hold other control characters, so units are made from definitions here.
  const commandOf = (words: string[]) =>
    readUnit(systemdUnits({ Label: LABEL, ProgramArguments: words }, OPTIONS).units[0]?.content ?? '').get(
      'Service',
    );

  it('every argument reaches the program as it is', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(text, nasty)), (words) => {
        const [line = ''] = commandOf(['/bin/echo', ...words])?.get('ExecStart') ?? [];
        // With the prefix ":" a dollar sign is nothing special.
        expect(readWords(line)).toEqual([':/bin/echo', ...words]);
      }),
    );
  });

  it('every program with spaces, percent and dollar signs is found; another argv[0] is kept', () => {
    fc.assert(
      fc.property(fc.constantFrom('/a b', '/%n', '/$x', '/;', '/ä'), nasty, (program, first) => {
        const definition = { Label: LABEL, Program: program, ProgramArguments: [first, 'x'] };
        const unit = readUnit(systemdUnits(definition, OPTIONS).units[0]?.content ?? '');
        const words = readWords(unit.get('Service')?.get('ExecStart')?.[0] ?? '');
        expect(words).toEqual(first === program ? [`:${program}`, 'x'] : [`:@${program}`, first, 'x']);
      }),
    );
  });

  it('every variable reaches the job as it is', () => {
    fc.assert(
      fc.property(
        nasty.filter((value) => !/[^\P{Cc}\t\n]/u.test(value)),
        (value) => {
          const unit = systemdUnits(
            { Label: LABEL, Program: '/bin/echo', EnvironmentVariables: { KEY: value } },
            OPTIONS,
          ).units[0];
          const lines =
            readUnit(unit?.content ?? '')
              .get('Service')
              ?.get('Environment') ?? [];
          expect(lines.flatMap(readWords)).toContain(`KEY=${value}`);
        },
      ),
    );
  });

  it('a path is on its line as it is, or refused', () => {
    fc.assert(
      fc.property(nasty, (rest) => {
        const path = `/${rest}`;
        const definition = { Label: LABEL, Program: '/bin/echo', StandardOutPath: path };
        const isLine = !/[\p{Cc}]|\s$|\\$/u.test(path);
        const make = () => systemdUnits(definition, OPTIONS).units[0]?.content ?? '';
        if (!isLine) return isLaunchportError(thrownBy(make), 'ERR_LAUNCHD_PLIST');
        const value = readUnit(make()).get('Service')?.get('StandardOutput')?.[0] ?? '';
        return readSpecifiers(value) === `append:${path}`;
      }),
    );
  });

  it.each([
    ['no program', {}],
    ['a quote in the program', { Program: '/a"b' }],
    ['a newline in the program', { Program: '/a\nb' }],
    ['a relative path', { ProgramArguments: ['./a'] }],
    ['broken Unicode', { ProgramArguments: ['/a', '\ud800'] }],
    ['a newline in a path', { Program: '/a', WorkingDirectory: '/a\nExecStart=/evil' }],
  ])('%s is refused', (_what, changes) => {
    const error = thrownBy(() => systemdUnits({ Label: LABEL, ...changes }, OPTIONS));
    expect(error).toMatchObject({ code: 'ERR_LAUNCHD_PLIST', details: { meaning: 'invalidPlist' } });
  });
});

describe('names of units', () => {
  const label = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._@+:-]{0,248}$/);

  it('hold what systemd allows, no template, and fit', () => {
    fc.assert(
      fc.property(label, (name) => {
        expect(unitStem(name)).toMatch(/^launchport\.[A-Za-z0-9._\\-]+$/);
        expect(`${unitStem(name)}\\x239999.service`.length).toBeLessThanOrEqual(255);
      }),
    );
  });

  it('two labels never share one', () => {
    fc.assert(
      fc.property(label, label, (a, b) => {
        expect(unitStem(a) === unitStem(b)).toBe(a === b);
      }),
    );
    expect(unitStem('a@b+c:1')).toBe(String.raw`launchport.a\x40b\x2bc\x3a1`);
  });
});
