import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { controlMeaning, ensureStopped } from '../../src/launchd/index.js';
import { rejectionOf } from '../helpers/thrown.js';
import { DOMAIN, LABEL, Rig, SERVICE, SOCKET, TARGET } from './rig.js';

describe('bootstrap', () => {
  it('launchd case 1: writes private units, starts and installs the socket; the service waits for demand', async () => {
    using rig = new Rig();
    expect(await rig.load()).toBe(TARGET);
    expect(rig.files).toEqual([SERVICE, SOCKET]);
    expect(statSync(join(rig.units, SERVICE)).mode & 0o777).toBe(0o600);
    expect(rig.fake.commands).toEqual(['daemon-reload', `start -- ${SOCKET}`, `--quiet enable -- ${SOCKET}`]);
    expect(await rig.control.print(TARGET)).toMatchObject({
      state: 'not running',
      runs: 0,
      path: join(rig.root, `${LABEL}.plist`),
      program: '/bin/echo',
      arguments: ['/bin/echo', 'a'],
      minimumRuntime: 10,
      exitTimeout: 5,
      endpoints: [{ name: 'com.example.service', isActive: false, isWatched: true }],
    });
  });

  it('launchd case 2: the same label again is refused, and the first job untouched', async () => {
    using rig = new Rig();
    await rig.load();
    const before = [...rig.fake.commands];
    const error = await rejectionOf(rig.load({ ProgramArguments: ['/bin/false'] }));
    expect(error).toMatchObject({ code: 'ERR_LAUNCHD_ALREADY_LOADED', details: { target: TARGET } });
    expect(rig.fake.commands).toEqual(before);
    expect(await rig.control.print(TARGET)).toMatchObject({ program: '/bin/echo' });
  });

  it('launchd case 25: a job with RunAtLoad runs, and nobody waits for it', async () => {
    using rig = new Rig();
    await rig.load({ RunAtLoad: true });
    expect(rig.fake.commands).toContain(`start --no-block -- ${SERVICE}`);
    expect(rig.fake.installed).toEqual(new Set([SERVICE, SOCKET]));
    expect(await rig.control.print(TARGET)).toMatchObject({ state: 'running', pid: 100, runs: 1 });
  });

  it('launchd case 9: keys without equivalent are told to the log', async () => {
    using rig = new Rig();
    await rig.load({ StartOnMount: true });
    expect(rig.warnings).toEqual([
      expect.stringMatching(/^com\.example\.job: StartOnMount has no equivalent/),
    ]);
  });

  it.each(['daemon-reload', 'start', 'enable'])('leaves nothing when %s fails', async (verb) => {
    using rig = new Rig();
    rig.script(verb, { stderr: 'Something failed.\n' });
    expect(await rejectionOf(rig.load())).toMatchObject({
      code: 'ERR_LAUNCHD_COMMAND',
      details: { exitStatus: 1, stderr: 'Something failed.\n', label: LABEL, domain: DOMAIN },
    });
    expect(rig.files).toEqual([]);
    expect(rig.fake.units.get(SOCKET)?.active ?? 'inactive').toBe('inactive');
    expect(await rig.control.print(TARGET)).toBeUndefined();
    expect(await rig.load()).toBe(TARGET);
  });

  it('clears away what an interrupted load left', async () => {
    using rig = new Rig();
    await rig.load();
    writeFileSync(join(rig.units, `launchport.${LABEL}.pending`), '');
    await rig.load({ ProgramArguments: ['/bin/true'] });
    expect(await rig.control.print(TARGET)).toMatchObject({ program: '/bin/true' });
    expect(rig.files).toEqual([SERVICE, SOCKET]);
  });

  it('refuses a name that another job has, or another process listens for', async () => {
    using rig = new Rig();
    await rig.load();
    const other = await rejectionOf(rig.load({ Label: 'other' }));
    expect(other).toMatchObject({ code: 'ERR_LAUNCHD_SERVICE_TAKEN', details: { owner: TARGET } });
    await rig.control.bootout(TARGET);
    const path = join(rig.bootstrap, 'com.example.service');
    const line = (flags: string) => `ffff: 00000002 00000000 ${flags} 0005 01 4711 ${path}\n`;
    writeFileSync(rig.socketTable, `Num RefCount Protocol Flags Type St Inode Path\n${line('00010000')}`);
    expect(await rejectionOf(rig.load())).toMatchObject({ code: 'ERR_LAUNCHD_SERVICE_TAKEN' });
    // A connection of somebody to the path, not its listener.
    writeFileSync(rig.socketTable, line('00000000'));
    await rig.load();
  });

  it('takes jobs of the own user domain only', async () => {
    using rig = new Rig();
    for (const domain of ['system', 'gui/501', 'user/502'] as const) {
      const error = await rejectionOf(rig.control.bootstrap(domain, await rig.plist()));
      expect(controlMeaning(error)).toBe('unsupportedDomain');
    }
    expect(await rig.control.defaultDomain()).toBe(DOMAIN);
    expect(await rig.control.managerName()).toBe('Background');
  });
});

describe('bootout', () => {
  it('launchd case 69: stops socket and service at once, then removes all', async () => {
    using rig = new Rig();
    await rig.load({ RunAtLoad: true });
    rig.fake.commands.length = 0;
    await rig.control.bootout(TARGET);
    expect(rig.fake.commands[0]).toMatch(/^stop -- /);
    expect(new Set(rig.fake.commands[0]?.split(' ').slice(2))).toEqual(new Set([SERVICE, SOCKET]));
    expect(rig.files).toEqual([]);
    expect(rig.fake.installed.size).toBe(0);
    expect(await rig.control.print(TARGET)).toBeUndefined();
    expect(await rig.control.list()).toEqual([]);
  });

  it('launchd case 42: a label that is not loaded is told so, and ensureStopped is content', async () => {
    using rig = new Rig();
    expect(controlMeaning(await rejectionOf(rig.control.bootout(TARGET)))).toBe('notFound');
    await ensureStopped(rig.control, TARGET, { clock: rig.fake.clock });
  });

  it('a stop without an answer is looked at, not repeated; a job that does not end keeps its units', async () => {
    using rig = new Rig();
    await rig.load({ RunAtLoad: true });
    rig.script('stop', 'hang');
    Object.assign(rig.fake.unit(SERVICE), { active: 'deactivating', sub: 'stop-sigterm' });
    const error = await rejectionOf(rig.control.bootout(TARGET));
    expect(error.code).toBe('ERR_LAUNCHD_BUSY');
    expect(rig.fake.commands.filter((command) => command.startsWith('stop'))).toHaveLength(1);
    expect(rig.files).toEqual([SERVICE, SOCKET]);
    await rig.control.bootout(TARGET);
    expect(rig.files).toEqual([]);
  });
});
