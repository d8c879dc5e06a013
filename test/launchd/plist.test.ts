import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { buildBinary } from 'plist';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isLaunchportError } from '../../src/base/index.js';
import { buildJobPlist, type JobDefinitionInput, parseJobPlist } from '../../src/launchd/index.js';
import { thrownBy } from '../helpers/thrown.js';
import { plistFixture } from './fake-launchctl.js';

const parseFixture = (name: string) => parseJobPlist(readFileSync(plistFixture(name)), name);
const ECHO = { Label: 'com.example.echo', ProgramArguments: ['/usr/local/libexec/echo', 'start'] };
const xml = (body: string) => `<plist version="1.0"><dict>${body}</dict></plist>`;
const LABEL = '<key>Label</key><string>a</string>';
const PROGRAM = '<key>Program</key><string>/a</string>';

// Whatever is fed to the parser, the console of the host stays untouched.
beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
});
afterEach(() => {
  expect(console.error).not.toHaveBeenCalled();
  vi.restoreAllMocks();
});

describe('parseJobPlist', () => {
  it('reads what plugins are registered with', () => {
    expect(parseFixture('on-demand.plist')).toEqual({
      definition: {
        ...ECHO,
        MachServices: {
          'com.example.runtime.echo': true,
          'com.example.network.echo': { ResetAtClose: true },
        },
        LimitLoadToSessionType: ['Aqua', 'Background', 'System'],
      },
      warnings: [],
    });
  });

  it('reads XML and binary files of another writer alike', () => {
    const full = parseFixture('full.plist');
    expect(full.warnings).toEqual([]);
    expect(full.definition).toMatchObject({
      ProgramArguments: ['/usr/bin/tool', '--name', 'Zoë 😀'],
      KeepAlive: { SuccessfulExit: false, PathState: { '/tmp/x': true } },
      ExitTimeOut: 0,
      Nice: -5,
      Umask: 0x12,
      StartCalendarInterval: [{ Hour: 3, Minute: 0 }],
      SoftResourceLimits: { NumberOfFiles: 4096 },
    });
    expect(parseFixture('full.binary.plist')).toEqual(full);
  });

  it('launchd case 3: a plist without Label is refused', () => {
    const error = thrownBy(() => parseFixture('no-label.plist'));
    expect(error.code).toBe('ERR_LAUNCHD_PLIST');
    expect(error.message).toContain('Label: missing');
    expect(error.details).toEqual({ path: 'no-label.plist', key: 'Label' });
  });

  it('launchd case 5: a relative Program is refused', () => {
    const error = thrownBy(() => parseFixture('relative-program.plist'));
    expect(error.code).toBe('ERR_LAUNCHD_PLIST');
    expect(error.details).toMatchObject({ key: 'Program' });
  });

  it('launchd case 9: an unknown key is only a warning', () => {
    const { definition, warnings } = parseFixture('unknown-key.plist');
    expect(definition).toEqual(ECHO);
    expect(warnings).toEqual(['unknown key "Flavour" ignored']);
  });

  it('launchd case 10: an environment variable that is no string is dropped, the others are kept', () => {
    const { definition, warnings } = parseFixture('environment-integer.plist');
    expect(definition.EnvironmentVariables).toEqual({ LANG: 'C' });
    expect(warnings).toEqual(['EnvironmentVariables.LEVEL ignored: expected string, received number']);
  });

  it('launchd case 11: Umask 18 and "022" are the same mask', () => {
    expect(parseFixture('umask-integer.plist').definition.Umask).toBe(0o022);
    expect(parseFixture('umask-string.plist').definition.Umask).toBe(0o022);
  });

  it.each(['', '8x', '099', '-1', '01000', '0x', ' 22'])('drops Umask %j', (text) => {
    const { definition, warnings } = parseJobPlist(
      xml(`${LABEL}${PROGRAM}<key>Umask</key><string>${text}</string>`),
    );
    expect(definition.Umask).toBeUndefined();
    expect(warnings).toHaveLength(1);
  });

  it('drops an integer that a number does not hold exactly', () => {
    const { definition, warnings } = parseFixture('huge-integer.plist');
    expect(definition.ThrottleInterval).toBeUndefined();
    expect(warnings).toHaveLength(1);
  });

  it('drops the smallest part that is wrong, and keeps the rest', () => {
    const data = buildBinary({
      ...ECHO,
      MachServices: { 'a.b': 'yes', 'c d': true, 'e.f': { ResetAtClose: 1, HideUntilCheckIn: true } },
      KeepAlive: { SuccessfulExit: 'x', Crashed: true, Mood: 1 },
      WatchPaths: ['/a', 1, '/b', 2],
      Nice: 21,
      ThrottleInterval: -1,
      ExitTimeOut: 'soon',
      ProcessType: 'Lazy',
      EnvironmentVariables: { 'A=B': 'x', C: 'y' },
    });
    const { definition, warnings } = parseJobPlist(data);
    expect(definition).toEqual({
      ...ECHO,
      MachServices: { 'e.f': { HideUntilCheckIn: true } },
      KeepAlive: { Crashed: true },
      WatchPaths: ['/a', '/b'],
      EnvironmentVariables: { C: 'y' },
    });
    expect(warnings).toHaveLength(12);
  });

  it('reads keys in any case, maps OnDemand, and ignores obsolete keys', () => {
    const keys = '<key>label</key><string>a</string><key>OnDemand</key><false/><key>ServiceIPC</key><true/>';
    const { definition, warnings } = parseJobPlist(xml(`${keys}${PROGRAM}`));
    expect(definition).toEqual({ Label: 'a', Program: '/a', KeepAlive: true });
    expect(warnings).toEqual([
      'key label read as Label',
      'obsolete key OnDemand ignored',
      'obsolete key ServiceIPC ignored',
      'OnDemand false read as KeepAlive true',
    ]);
  });

  it.each([
    ['an empty file', ''],
    ['the old text format', '{ Label = a; }'],
    ['JSON', '{"Label":"a"}'],
    ['an array', '<plist><array/></plist>'],
    ['another document', '<html></html>'],
    ['an unclosed element', '<plist><dict>'],
    ['crossed elements', '<plist><dict></plist></dict>'],
    ['two roots', '<plist/><plist/>'],
    ['a bare attribute', '<plist version=1.0><dict/></plist>'],
    ['an unknown entity', xml(`${LABEL}<key>Program</key><string>/&nbsp;</string>`)],
    ['entity definitions', `<!DOCTYPE plist [<!ENTITY a "b">]>${xml(LABEL + PROGRAM)}`],
    ['no program', xml(LABEL)],
    ['no arguments', xml(`${LABEL}<key>ProgramArguments</key><array/>`)],
    [
      'arguments that are not text',
      xml(`${LABEL}<key>ProgramArguments</key><array><integer>1</integer></array>`),
    ],
    ['a label that is a path', xml(`<key>Label</key><string>a/b</string>${PROGRAM}`)],
    ['more than a megabyte', `${xml(LABEL + PROGRAM)}${' '.repeat(1 << 20)}`],
    ['text that is not UTF-8', Uint8Array.of(0x3c, 0xff, 0xfe)],
  ])('refuses %s', (_, data) => {
    expect(thrownBy(() => parseJobPlist(data)).code).toBe('ERR_LAUNCHD_PLIST');
  });

  it('refuses deep nesting before it recurses into it', () => {
    const deep = xml(
      `${LABEL}${PROGRAM}<key>LaunchEvents</key>${'<array>'.repeat(99)}${'</array>'.repeat(99)}`,
    );
    expect(thrownBy(() => parseJobPlist(deep)).message).toContain('nested too deeply');
  });

  it('refuses a binary file whose objects contain themselves, or unfold without end', () => {
    expect(thrownBy(() => parseJobPlist(binaryPlist([[0xa1, 0x00]]))).message).toContain('contains itself');
    const doubling = Array.from({ length: 60 }, (_, i) => [0xa2, i + 1, i + 1]);
    const bomb = binaryPlist([...doubling, [0x09]]);
    expect(thrownBy(() => parseJobPlist(bomb)).message).toContain('objects');
  });

  it('drops data where a dictionary should be, as any value of a wrong type', () => {
    const data = buildBinary({ ...ECHO, EnvironmentVariables: Uint8Array.of(1, 2) });
    expect(parseJobPlist(data).definition).toEqual(ECHO);
    expect(parseJobPlist(data).warnings).toEqual([expect.stringContaining('EnvironmentVariables ignored')]);
  });

  it('only ever throws ERR_LAUNCHD_PLIST, whatever bytes a binary file has', () => {
    const good = buildBinary({ ...ECHO, EnvironmentVariables: { A: 'b' }, KeepAlive: true });
    const position = fc.nat(good.length - 1);
    fc.assert(
      fc.property(fc.array(fc.tuple(position, fc.nat(255)), { maxLength: 8 }), position, (changes, cut) => {
        const bytes = Uint8Array.from(good);
        for (const [at, value] of changes) bytes[at] = value;
        for (const data of [bytes, bytes.subarray(0, cut)]) {
          try {
            parseJobPlist(data);
          } catch (error) {
            expect(isLaunchportError(error, 'ERR_LAUNCHD_PLIST')).toBe(true);
          }
        }
      }),
    );
  });
});

describe('buildJobPlist', () => {
  it('writes equal text for equal definitions, whatever the order of keys', () => {
    const one = buildJobPlist({ ...ECHO, RunAtLoad: true });
    expect(buildJobPlist({ RunAtLoad: true, ...ECHO })).toBe(one);
  });

  it('refuses an integer beyond 2^53', () => {
    const definition = { ...ECHO, LaunchEvents: { a: { b: 2 ** 53 } } };
    const error = thrownBy(() => buildJobPlist(definition));
    expect(error.code).toBe('ERR_LAUNCHD_PLIST');
    expect(error.message).toContain('LaunchEvents.a.b is beyond 2^53');
    expect(thrownBy(() => buildJobPlist({ ...ECHO, StartInterval: 2 ** 60 })).code).toBe('ERR_LAUNCHD_PLIST');
  });

  it.each([
    ['no program', { Label: 'a' }],
    ['a wrong type', { ...ECHO, RunAtLoad: 1 }],
    ['an unknown key', { ...ECHO, Flavour: 'vanilla' }],
    ['a control character', { ...ECHO, WorkingDirectory: '/\u0001' }],
    ['half a surrogate pair', { ...ECHO, WorkingDirectory: '/\ud800' }],
    ['an argument with a NUL', { ...ECHO, ProgramArguments: ['/a', 'b\0'] }],
    ['NaN', { ...ECHO, SpawnConstraint: { a: Number.NaN } }],
    ['null', { ...ECHO, SpawnConstraint: { a: null } }],
  ])('refuses %s', (_, definition) => {
    expect(thrownBy(() => buildJobPlist(definition as JobDefinitionInput)).code).toBe('ERR_LAUNCHD_PLIST');
  });

  it('writes what it reads back, or refuses it', () => {
    const text = fc.string({ unit: 'binary', maxLength: 12 });
    const definition = fc.record(
      {
        Label: fc.constant('com.example.echo'),
        ProgramArguments: fc.array(text, { minLength: 1, maxLength: 4 }),
        EnvironmentVariables: fc.dictionary(text, text, { maxKeys: 3 }),
        Nice: fc.integer({ min: -20, max: 20 }),
        ThrottleInterval: fc.maxSafeNat(),
        KeepAlive: fc.oneof(fc.boolean(), fc.record({ SuccessfulExit: fc.boolean() })),
      },
      { requiredKeys: ['Label', 'ProgramArguments'] },
    );
    let written = 0;
    fc.assert(
      fc.property(definition, (value) => {
        let built: string;
        try {
          built = buildJobPlist(value);
        } catch (error) {
          expect(isLaunchportError(error, 'ERR_LAUNCHD_PLIST')).toBe(true);
          return;
        }
        written++;
        expect(parseJobPlist(built)).toEqual({ definition: value, warnings: [] });
        expect(parseJobPlist(Buffer.from(built)).definition).toEqual(value);
      }),
      { numRuns: 200 },
    );
    expect(written).toBeGreaterThan(50);
  });
});

/** A binary plist of these objects with one-byte references and offsets; object 0 is the root. */
function binaryPlist(objects: readonly (readonly number[])[]): Uint8Array {
  const bytes = [...Buffer.from('bplist00')];
  const offsets = objects.map((object) => {
    const offset = bytes.length;
    bytes.push(...object);
    return offset;
  });
  const table = bytes.length;
  const word = (value: number) => [0, 0, 0, 0, 0, 0, 0, value];
  return Uint8Array.from([
    ...bytes,
    ...offsets,
    ...[0, 0, 0, 0, 0, 0, 1, 1],
    ...word(objects.length),
    ...word(0),
    ...word(table),
  ]);
}
