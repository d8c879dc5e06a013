import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { controlMeaning, ensureRunning, parsePrint, renderPrint, replace } from '../../src/launchd/index.js';
import { SystemdControl } from '../../src/systemd/index.js';
import { rejectionOf } from '../helpers/thrown.js';
import { DOMAIN, LABEL, Rig, SERVICE, TARGET } from './rig.js';

describe('enable and disable', () => {
  it('launchd case 47: a disabled label is masked and refused, for another control and without its plist too', async () => {
    using rig = new Rig();
    await rig.control.disable(TARGET);
    expect(rig.fake.masked).toEqual(new Set([SERVICE]));
    expect(await rejectionOf(rig.another().bootstrap(DOMAIN, await rig.plist()))).toMatchObject({
      code: 'ERR_LAUNCHD_DISABLED',
      details: { meaning: 'disabled' },
    });
    expect(await rig.another().overrides(DOMAIN)).toEqual(new Map([[LABEL, true]]));
    await rig.control.enable(TARGET);
    expect(rig.fake.masked.size).toBe(0);
    expect(await rig.control.overrides(DOMAIN)).toEqual(new Map([[LABEL, false]]));
    await rig.load();
  });

  it('a loaded job goes on, is no longer started at login, and is masked when it is unloaded', async () => {
    using rig = new Rig();
    await rig.load({ RunAtLoad: true });
    await rig.control.disable(TARGET);
    expect(await rig.control.print(TARGET)).toMatchObject({ state: 'running' });
    expect(rig.fake.installed.size).toBe(0);
    expect(rig.fake.masked.size).toBe(0);
    await rig.control.bootout(TARGET);
    expect(rig.fake.masked).toEqual(new Set([SERVICE]));
  });

  it('Disabled in the plist counts until enable; a mask by hand counts always', async () => {
    using rig = new Rig();
    expect((await rejectionOf(rig.load({ Disabled: true }))).code).toBe('ERR_LAUNCHD_DISABLED');
    await rig.control.enable(TARGET);
    rig.fake.masked.add(SERVICE);
    expect((await rejectionOf(rig.load({ Disabled: true }))).code).toBe('ERR_LAUNCHD_DISABLED');
    rig.fake.masked.clear();
    await rig.load({ Disabled: true });
  });

  it('a damaged file never reads as enabled', async () => {
    using rig = new Rig();
    await rig.control.disable(TARGET);
    writeFileSync(join(rig.root, '.local/state/launchport/systemd-disabled.json'), '{');
    expect((await rejectionOf(rig.load())).code).toBe('ERR_LAUNCHD_STATE');
  });
});

describe('running', () => {
  it('launchd case 43: kickstart of an unloaded label is told so', async () => {
    using rig = new Rig();
    expect(controlMeaning(await rejectionOf(rig.control.kickstart(TARGET)))).toBe('notFound');
  });

  it('launchd case 45: kickstart starts, and with kill restarts, after forgetting failures and the throttle', async () => {
    using rig = new Rig();
    await rig.load();
    const noted = join(rig.root, 'run/throttle', `launchport.${LABEL}`);
    mkdirSync(join(rig.root, 'run/throttle'), { recursive: true });
    writeFileSync(noted, '1');
    rig.fake.commands.length = 0;
    expect(await rig.control.kickstart(TARGET)).toBe(100);
    expect(existsSync(noted)).toBe(false);
    expect(await rig.control.kickstart(TARGET)).toBe(100);
    expect(await rig.control.kickstart(TARGET, { kill: true })).toBe(101);
    expect(rig.fake.commands.slice(0, 2)).toEqual([`reset-failed -- ${SERVICE}`, `start -- ${SERVICE}`]);
    expect(rig.fake.commands.at(-1)).toBe(`restart -- ${SERVICE}`);
  });

  it("launchd case 35: a program that cannot be executed is a failed spawn, with systemctl's own words", async () => {
    using rig = new Rig();
    await rig.load();
    rig.fake.behaviour = 'cannot start';
    expect(await rejectionOf(rig.control.kickstart(TARGET))).toMatchObject({
      code: 'ERR_LAUNCHD_SPAWN',
      details: { meaning: 'spawnFailed', exitStatus: 1, reason: expect.stringContaining('executed') },
    });
    expect(await rig.control.print(TARGET)).toMatchObject({
      state: 'not running',
      lastExit: { kind: 'spawn failed' },
    });
  });

  it('launchd case 53: a start without an answer has an unknown outcome and is not repeated', async () => {
    using rig = new Rig();
    await rig.load();
    rig.script('start', 'hang');
    const error = await rejectionOf(rig.control.kickstart(TARGET));
    expect(controlMeaning(error)).toBe('unknownOutcome');
    expect(rig.fake.commands.filter((command) => command === `start -- ${SERVICE}`)).toHaveLength(1);
  });

  it('kill reaches the main process only, on old releases too', async () => {
    using rig = new Rig();
    await rig.load();
    expect((await rejectionOf(rig.control.kill(TARGET, 'SIGHUP'))).code).toBe('ERR_LAUNCHD_STATE');
    await rig.control.kickstart(TARGET);
    rig.script('kill', { stderr: "systemctl: unrecognized option '--kill-whom=main'\n" });
    await rig.control.kill(TARGET, 'SIGHUP');
    expect(rig.fake.commands.slice(-2)).toEqual([
      `kill --kill-whom=main --signal=SIGHUP -- ${SERVICE}`,
      `kill --kill-who=main --signal=SIGHUP -- ${SERVICE}`,
    ]);
    await expect(rig.control.kill(TARGET, '-9' as NodeJS.Signals)).rejects.toThrow(TypeError);
  });

  it('the functions over any control work with it', async () => {
    using rig = new Rig();
    await rig.load();
    const clock = rig.fake.clock;
    expect(await ensureRunning(rig.control, TARGET, { clock })).toMatchObject({ state: 'running', pid: 100 });
    await replace(rig.control, DOMAIN, await rig.plist(), { clock });
    expect(await rig.control.print(TARGET)).toMatchObject({ state: 'running', pid: 101 });
    expect(await rig.control.list()).toEqual([{ label: LABEL, pid: 101, status: 0 }]);
    const status = await rig.control.print(TARGET);
    if (status === undefined) throw new Error('not loaded');
    expect(parsePrint(renderPrint(status), TARGET)).toMatchObject({ state: 'running', pid: 101 });
  });
});

describe('what cannot work', () => {
  it.each([
    ['Failed to connect to bus: No medium found', 'noSuchDomain'],
    ['Failed to connect to user scope bus via local transport: No such file or directory', 'noSuchDomain'],
    ['Failed to connect to bus: $DBUS_SESSION_BUS_ADDRESS and $XDG_RUNTIME_DIR not defined', 'noSuchDomain'],
    ["System has not been booted with systemd as init system (PID 1). Can't operate.", 'noSuchDomain'],
    ['Failed to start a.socket: Access denied', 'notPermitted'],
    ['Failed to start a.socket: Unit a.service is masked.', 'disabled'],
    ['Failed to start a.socket: Unit a.socket not found.', 'notFound'],
    ['Failed to start a.socket: Unit a.socket has a bad unit file setting.', 'invalidPlist'],
    ['Job for a.socket failed.\nSee "systemctl status a.socket"', 'spawnFailed'],
    ['qwertz', 'unknown'],
  ])('"%s" means %s', async (stderr, meaning) => {
    using rig = new Rig();
    rig.script('start', { stderr: `${stderr}\n` });
    const error = await rejectionOf(rig.load());
    expect(controlMeaning(error)).toBe(meaning);
    expect(error.hint).toBeTruthy();
    if (meaning === 'noSuchDomain') expect(error.hint).toContain('loginctl enable-linger');
  });

  it('no manager is told before anything is written', async () => {
    using rig = new Rig();
    rig.script('show', { stderr: 'Failed to connect to bus: No medium found\n' });
    expect(await rejectionOf(rig.load())).toMatchObject({ code: 'ERR_LAUNCHD_NO_DOMAIN' });
    expect(rig.files).toEqual([]);
  });

  it('an abort ends the call and takes back what it did', async () => {
    using rig = new Rig();
    const abort = new AbortController();
    const path = await rig.plist();
    await expect(rig.control.bootstrap(DOMAIN, path, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
    rig.fake.scripted.set('daemon-reload', [{ stdout: '' }]);
    const { runner } = rig.fake;
    const aborting = new SystemdControl({
      runner: (file, args, options) => {
        if (args.includes('start')) abort.abort();
        return runner(file, args, options);
      },
      environment: { HOME: rig.root, XDG_DATA_HOME: join(rig.root, 'data') },
      bootstrap: rig.bootstrap,
      throttle: join(rig.root, 'run/throttle'),
      socketTable: rig.socketTable,
      uid: 501,
    });
    await expect(aborting.bootstrap(DOMAIN, path, { signal: abort.signal })).rejects.toThrow(/abort/i);
    expect(rig.files).toEqual([]);
  });
});
