import { describe, expect, it } from 'vitest';
import { buildJobPlist, type JobDefinitionInput, parseJobPlist } from '../../src/launchd/index.js';
import { type SystemdUnits, systemdUnits } from '../../src/systemd/index.js';
import { readUnit, readWords } from './unit-reader.js';

const OPTIONS = {
  bootstrap: '/run/user/7/launchport/bootstrap',
  throttle: '/run/user/7/launchport/throttle',
};
const LABEL = 'com.example.job';
const SERVICE = `launchport.${LABEL}.service`;

function generate(changes: Partial<JobDefinitionInput> = {}, label = LABEL): SystemdUnits {
  const input = { Label: label, ProgramArguments: ['/bin/echo', 'a'], ...changes };
  return systemdUnits(parseJobPlist(buildJobPlist(input)).definition, OPTIONS);
}

function settingsOf(plan: SystemdUnits, name: string, section: string) {
  const unit = plan.units.find((candidate) => candidate.name === name);
  if (unit === undefined) throw new Error(`no ${name} in ${plan.units.map((one) => one.name).join()}`);
  return readUnit(unit.content).get(section) ?? new Map<string, readonly string[]>();
}

/** Settings of [Service] for a job with these keys. */
function service(changes: Partial<JobDefinitionInput> = {}) {
  return settingsOf(generate(changes), SERVICE, 'Service');
}

const warningKeys = (changes: Partial<JobDefinitionInput>) =>
  generate(changes).warnings.map(({ key }) => key);

describe('sockets', () => {
  it('one Mach service is one socket, where clients connect, closed to others and never put out of order', () => {
    const plan = generate({ MachServices: { 'com.example.a': true } });
    expect(plan.triggers).toEqual([`launchport.${LABEL}.socket`]);
    expect(Object.fromEntries(settingsOf(plan, plan.triggers[0] ?? '', 'Socket'))).toEqual({
      ListenSequentialPacket: ['/run/user/7/launchport/bootstrap/com.example.a'],
      FileDescriptorName: ['com.example.a'],
      Service: [SERVICE],
      Accept: ['no'],
      SocketMode: ['0600'],
      DirectoryMode: ['0700'],
      RemoveOnStop: ['yes'],
      TriggerLimitIntervalSec: ['0'],
    });
    expect(settingsOf(plan, SERVICE, 'Unit').get('StartLimitIntervalSec')).toEqual(['0']);
    expect(service({ MachServices: { 'com.example.a': true } }).get('Sockets')).toEqual(plan.triggers);
  });

  it('each further Mach service gets a socket of its own, for its name; one that is false gets none', () => {
    const plan = generate({
      MachServices: {
        'com.example.b': true,
        'com.example.a': { ResetAtClose: true },
        'com.example.c': false,
      },
    });
    expect(plan.triggers).toEqual([`launchport.${LABEL}\\x231.socket`, `launchport.${LABEL}\\x232.socket`]);
    const [first, second] = plan.triggers.map((name) => settingsOf(plan, name, 'Socket'));
    expect(first?.get('FileDescriptorName')).toEqual(['com.example.a']);
    expect(first?.get('FlushPending')).toEqual(['yes']);
    expect(second?.get('FileDescriptorName')).toEqual(['com.example.b']);
    expect(second?.has('FlushPending')).toBe(false);
    expect([...plan.sockets.keys()]).toEqual(['com.example.a', 'com.example.b']);
  });

  it('what a socket cannot do is warned about', () => {
    const MachServices = { a: { HideUntilCheckIn: true, DrainMessagesOnCrash: 'All' as const } };
    expect(warningKeys({ MachServices })).toEqual([
      'MachServices.a.HideUntilCheckIn',
      'MachServices.a.DrainMessagesOnCrash',
    ]);
  });
});

describe('the service', () => {
  it.each([
    [true, ['always'], undefined, undefined],
    [false, ['no'], undefined, undefined],
    [{ SuccessfulExit: false }, ['on-failure'], 'SIGHUP SIGINT SIGTERM SIGPIPE', undefined],
    [{ SuccessfulExit: true }, ['on-success'], undefined, 'SIGHUP SIGINT SIGTERM SIGPIPE'],
    [{ Crashed: true }, ['no'], 'SIGILL SIGTRAP SIGABRT SIGBUS SIGFPE SIGSEGV SIGSYS', undefined],
    [{ Crashed: false }, ['always'], undefined, 'SIGILL SIGTRAP SIGABRT SIGBUS SIGFPE SIGSEGV SIGSYS'],
    [{ SuccessfulExit: false, Crashed: false }, ['always'], undefined, undefined],
    [{ AfterInitialDemand: true }, ['always'], undefined, undefined],
    [{ AfterInitialDemand: true, PathState: { '/a': true } }, ['no'], undefined, undefined],
  ])(
    'launchd cases 29 to 31: KeepAlive %j restarts after the ends launchd restarts after',
    (KeepAlive, restart, force, prevent) => {
      const settings = service({ KeepAlive });
      expect(settings.get('Restart')).toEqual(restart);
      expect(settings.get('RestartForceExitStatus')?.[0]).toBe(force);
      expect(settings.get('RestartPreventExitStatus')?.[0]).toBe(prevent);
    },
  );

  it('launchd case 25: what is to run from the start is started at load and at login', () => {
    for (const changes of [{ RunAtLoad: true }, { KeepAlive: true }, { KeepAlive: { Crashed: true } }]) {
      expect(generate(changes).startsAtLoad).toBe(true);
      expect(settingsOf(generate(changes), SERVICE, 'Install').get('WantedBy')).toEqual(['default.target']);
    }
    for (const changes of [{}, { KeepAlive: { AfterInitialDemand: true, Crashed: true } }]) {
      expect(generate(changes).startsAtLoad).toBe(false);
      expect(settingsOf(generate(changes), SERVICE, 'Install').size).toBe(0);
    }
  });

  it('launchd case 11: Umask is octal, as number and as text', () => {
    expect(service({ Umask: 18 }).get('UMask')).toEqual(['0022']);
    expect(service({ Umask: '022' }).get('UMask')).toEqual(['0022']);
  });

  it.each<[Partial<JobDefinitionInput>, Record<string, readonly string[]>]>([
    [{ ExitTimeOut: 0 }, { TimeoutStopSec: ['infinity'] }],
    [{ ExitTimeOut: 7 }, { TimeoutStopSec: ['7'] }],
    [{}, { TimeoutStopSec: ['5'], KillMode: ['control-group'], Type: ['exec'] }],
    [{ AbandonProcessGroup: true }, { KillMode: ['process'] }],
    [{ LaunchOnlyOnce: true }, { RemainAfterExit: ['yes'] }],
    [{ WorkingDirectory: '/a b%c' }, { WorkingDirectory: ['/a b%%c'] }],
    [{ StandardInPath: '/in' }, { StandardInput: ['file:/in'] }],
    [{ StandardOutPath: '/out' }, { StandardOutput: ['append:/out'] }],
    [{ StandardErrorPath: '/e"r' }, { StandardError: ['append:/e"r'] }],
    [{ Nice: 20 }, { Nice: ['19'] }],
    [{ ProcessType: 'Background' }, { CPUWeight: ['20'], IOWeight: ['20'] }],
    [{ LowPriorityIO: true }, { IOSchedulingClass: ['best-effort'], IOSchedulingPriority: ['7'] }],
    [{ SoftResourceLimits: { NumberOfFiles: 64 } }, { LimitNOFILE: ['64:infinity'] }],
    [{ HardResourceLimits: { Core: 5 } }, { LimitCORE: ['5:5'] }],
    [
      { SoftResourceLimits: { Stack: 1 }, HardResourceLimits: { Stack: 9223372036854775807n } },
      { LimitSTACK: ['1:infinity'] },
    ],
    [{ ThrottleInterval: 0 }, { RestartSec: ['0'] }],
  ])('%o becomes its settings', (changes, expected) => {
    const settings = service(changes);
    for (const [key, value] of Object.entries(expected))
      expect([key, settings.get(key)]).toEqual([key, value]);
  });

  it('ThrottleInterval holds back every start, those for a request too, and 0 none', () => {
    const words = readWords(service({ ThrottleInterval: 3 }).get('ExecStartPre')?.[0] ?? '');
    expect(words.slice(0, 2)).toEqual(['-:/bin/sh', '-c']);
    expect(words.slice(3)).toEqual(['throttle', `${OPTIONS.throttle}/launchport.${LABEL}`, '3']);
    expect(service({ ThrottleInterval: 0 }).has('ExecStartPre')).toBe(false);
  });

  it("the environment is the job's own on a small base; what is ours cannot be overridden", () => {
    const EnvironmentVariables = {
      A: '1 "2" $3 %4 \\5',
      'B-C': 'x',
      XPC_SERVICE_NAME: 'other',
      LISTEN_FDS: '9',
      PATH: '/p',
    };
    const values = service({ EnvironmentVariables }).get('Environment')?.flatMap(readWords);
    expect(values).toEqual([
      'PATH=/p',
      'A=1 "2" $3 %4 \\5',
      `XPC_SERVICE_NAME=${LABEL}`,
      `LAUNCHPORT_BOOTSTRAP=${OPTIONS.bootstrap}`,
    ]);
    expect(warningKeys({ EnvironmentVariables }).sort()).toEqual([
      'EnvironmentVariables.B-C',
      'EnvironmentVariables.LISTEN_FDS',
      'EnvironmentVariables.XPC_SERVICE_NAME',
    ]);
  });
});

describe('what else starts it', () => {
  it('launchd case 66: an interval and a calendar are a timer', () => {
    const plan = generate({
      StartInterval: 60,
      StartCalendarInterval: [{}, { Hour: 3, Minute: 5, Month: 2 }, { Day: 1, Weekday: 7 }],
    });
    expect(plan.triggers).toEqual([`launchport.${LABEL}.timer`]);
    const timer = settingsOf(plan, `launchport.${LABEL}.timer`, 'Timer');
    expect(timer.get('Unit')).toEqual([SERVICE]);
    expect(timer.get('OnActiveSec')).toEqual(['60']);
    expect(timer.get('OnUnitActiveSec')).toEqual(['60']);
    expect(timer.get('OnCalendar')).toEqual([
      '*-*-* *:*:00',
      '*-02-* 03:05:00',
      '*-*-01 *:*:00',
      'Sun *-*-* *:*:00',
    ]);
  });

  it('paths, queues and a path that is to exist are a path unit', () => {
    const KeepAlive = { PathState: { '/yes%': true, '/no': false } };
    const plan = generate({ WatchPaths: ['/w', 'relative'], QueueDirectories: ['/q'], KeepAlive });
    const path = settingsOf(plan, `launchport.${LABEL}.path`, 'Path');
    expect(path.get('PathModified')).toEqual(['/w']);
    expect(path.get('DirectoryNotEmpty')).toEqual(['/q']);
    expect(path.get('PathExists')).toEqual(['/yes%%']);
    expect(plan.warnings.map(({ key }) => key)).toEqual(['WatchPaths', 'KeepAlive.PathState']);
  });
});

describe('warnings', () => {
  it.each<[string, Partial<JobDefinitionInput>]>([
    ['EnableGlobbing', { EnableGlobbing: true }],
    ['Sockets', { Sockets: { a: { SockServiceName: '80' } } }],
    ['inetdCompatibility', { inetdCompatibility: { Wait: true } }],
    ['StartOnMount', { StartOnMount: true }],
    ['LaunchEvents', { LaunchEvents: { a: {} } }],
    ['EnableTransactions', { EnableTransactions: true }],
    ['EnablePressuredExit', { EnablePressuredExit: true }],
    ['RootDirectory', { RootDirectory: '/' }],
    ['UserName', { UserName: 'a' }],
    ['GroupName', { GroupName: 'a' }],
    ['LowPriorityBackgroundIO', { LowPriorityBackgroundIO: true }],
    ['WaitForDebugger', { WaitForDebugger: true }],
    ['LaunchOnlyOnce', { LaunchOnlyOnce: true }],
    ['KeepAlive.OtherJobEnabled', { KeepAlive: { OtherJobEnabled: { a: true } } }],
    ['KeepAlive.NetworkState', { KeepAlive: { NetworkState: true } }],
    ['ProgramArguments', { ProgramArguments: ['echo'] }],
    ['WorkingDirectory', { WorkingDirectory: 'here' }],
    ['Nice', { Nice: -5 }],
    ['ProcessType', { ProcessType: 'Adaptive' }],
    ['StartInterval', { StartInterval: 5 }],
  ])('%s says how it differs', (key, changes) => {
    const own = generate(changes).warnings.filter((warning) => warning.key === key);
    expect(own).toHaveLength(1);
    expect(own[0]?.message).toMatch(new RegExp(`^${key} .{10,}`));
  });

  it('a plain job has none', () => {
    expect(
      warningKeys({ MachServices: { a: true }, RunAtLoad: true, KeepAlive: true, ExitTimeOut: 3 }),
    ).toEqual([]);
  });
});
