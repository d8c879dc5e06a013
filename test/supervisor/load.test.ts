/** Loading: bootstrap, print, list. */
import { chmodSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { controlMeaning } from '../../src/launchd/index.js';
import { bootstrapPath, type SupervisorPort } from '../../src/native/index.js';
import { rejectionOf } from '../helpers/thrown.js';
import { Bench, DOMAIN, LABEL, PROGRAM, SERVICE } from './bench.js';

describe('bootstrap', () => {
  it('launchd case 1: an on-demand job is loaded, not running, never ran, its endpoint idle', async () => {
    await using bench = await Bench.start();
    expect(await bench.load()).toBe(`${DOMAIN}/${LABEL}`);
    expect(await bench.print()).toEqual({
      target: `${DOMAIN}/${LABEL}`,
      label: LABEL,
      type: 'LaunchAgent',
      domain: DOMAIN,
      state: 'not running',
      runs: 0,
      workingDirectory: '/',
      minimumRuntime: 10,
      exitTimeout: 5,
      properties: ['has services'],
      path: join(bench.root, 'plists', `${LABEL}.plist`),
      program: PROGRAM,
      arguments: [PROGRAM, 'start'],
      endpoints: [{ name: SERVICE, isActive: false, isWatched: true }],
    });
    expect(await bench.supervisor.list()).toEqual([{ label: LABEL, status: 0 }]);
    expect(bench.started).toEqual([]);
  });

  it('launchd case 2: the same label again is refused and the first job untouched', async () => {
    await using bench = await Bench.start();
    await bench.load({ RunAtLoad: true });
    const { pid } = await bench.print();
    const error = await rejectionOf(bench.load({ ProgramArguments: ['/mock/other'] }));
    expect(error.code).toBe('ERR_LAUNCHD_ALREADY_LOADED');
    expect(error.details).toMatchObject({ domain: DOMAIN, label: LABEL });
    expect(await bench.print()).toMatchObject({ pid, program: PROGRAM, runs: 1 });
  });

  it('launchd case 2: of two loads at once, one wins', async () => {
    await using bench = await Bench.start();
    const path = await bench.plist();
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => bench.supervisor.bootstrap(DOMAIN, path)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it.each([
    ['launchd case 3: no Label', '<key>Program</key><string>/p</string>'],
    [
      'launchd case 5: relative Program',
      '<key>Label</key><string>l</string><key>Program</key><string>p</string>',
    ],
    ['no program', '<key>Label</key><string>l</string>'],
  ])('%s is ERR_LAUNCHD_PLIST', async (_case, body) => {
    await using bench = await Bench.start();
    const path = join(bench.root, 'bad.plist');
    writeFileSync(path, `<?xml version="1.0"?><plist version="1.0"><dict>${body}</dict></plist>`, {
      mode: 0o600,
    });
    const error = await rejectionOf(bench.supervisor.bootstrap(DOMAIN, path));
    expect(error.code).toBe('ERR_LAUNCHD_PLIST');
    expect(await bench.supervisor.list()).toEqual([]);
  });

  it('launchd case 6: a plist that others may write is refused', async () => {
    await using bench = await Bench.start();
    const path = await bench.plist();
    chmodSync(path, 0o666);
    const error = await rejectionOf(bench.supervisor.bootstrap(DOMAIN, path));
    expect(error.code).toBe('ERR_LAUNCHD_PERMISSION');
  });

  it('launchd case 10: an environment variable that is no string is dropped, the others kept', async () => {
    await using bench = await Bench.start();
    const path = join(bench.root, 'job.plist');
    const body =
      `<key>Label</key><string>${LABEL}</string><key>RunAtLoad</key><true/>` +
      `<key>ProgramArguments</key><array><string>${PROGRAM}</string></array>` +
      '<key>EnvironmentVariables</key><dict><key>A</key><integer>1</integer><key>B</key><string>2</string></dict>';
    writeFileSync(path, `<?xml version="1.0"?><plist version="1.0"><dict>${body}</dict></plist>`, {
      mode: 0o600,
    });
    await bench.supervisor.bootstrap(DOMAIN, path);
    await bench.settled();
    expect(bench.started[0]?.env).toMatchObject({ B: '2', XPC_SERVICE_NAME: LABEL, HOME: '/home/someone' });
    expect(bench.started[0]?.env).not.toHaveProperty('A');
    expect(bench.started[0]?.env).not.toHaveProperty('SECRET');
    expect(bench.log.text).toContain('EnvironmentVariables.A');
  });

  it('refuses a service of another job, names the owner, and changes nothing', async () => {
    await using bench = await Bench.start();
    await bench.load();
    const error = await rejectionOf(
      bench.load({
        Label: 'com.example.second',
        MachServices: { 'com.example.free': true, [SERVICE]: true },
      }),
    );
    expect(error.code).toBe('ERR_LAUNCHD_SERVICE_TAKEN');
    expect(error.message).toContain(`${DOMAIN}/${LABEL}`);
    expect(error.details).toMatchObject({ service: SERVICE, owner: `${DOMAIN}/${LABEL}` });
    expect((await bench.supervisor.list()).map(({ label }) => label)).toEqual([LABEL]);
    // The free name was not kept.
    await bench.load({ Label: 'com.example.third', MachServices: { 'com.example.free': true } });
    expect((await bench.connect().request({ n: 1 })).n).toBe(1);
  });

  it('refuses a service that a process outside serves', async () => {
    await using bench = await Bench.start();
    bench.world.createListener(bootstrapPath(bench.supervisor.bootstrapDirectory, SERVICE));
    const error = await rejectionOf(bench.load());
    expect(error.code).toBe('ERR_LAUNCHD_SERVICE_TAKEN');
    expect(error.details.owner).toContain('outside');
    expect(await bench.supervisor.list()).toEqual([]);
  });

  it('takes back the sockets it had when one cannot be made', async () => {
    let isBroken = true;
    let port: SupervisorPort | undefined;
    await using bench = await Bench.start();
    const binding = bench.world.binding();
    await using other = await bench.supervise({
      directory: join(bench.root, 'other'),
      binding: {
        ...binding,
        openSupervisor: (sink) => {
          const opened = binding.openSupervisor(sink);
          port = opened;
          const createListener = opened.createListener.bind(opened);
          opened.createListener = (path, backlog) => {
            if (isBroken && path.endsWith('second')) throw new Error('no more sockets');
            return createListener(path, backlog);
          };
          return opened;
        },
      },
    });
    const path = await bench.plist({ MachServices: { first: true, second: true } });
    await expect(other.bootstrap(DOMAIN, path)).rejects.toThrow('no more sockets');
    expect(port?.isListening(bootstrapPath(other.bootstrapDirectory, 'first'))).toBe(false);
    expect(await other.list()).toEqual([]);
    isBroken = false;
    await other.bootstrap(DOMAIN, path);
    expect((await other.print(`${DOMAIN}/${LABEL}`))?.endpoints).toHaveLength(2);
  });

  it('refuses a job that is disabled by its plist', async () => {
    await using bench = await Bench.start();
    expect((await rejectionOf(bench.load({ Disabled: true }))).code).toBe('ERR_LAUNCHD_DISABLED');
    expect(await bench.supervisor.list()).toEqual([]);
  });

  it('refuses domains and sessions that are not here', async () => {
    await using bench = await Bench.start();
    const path = await bench.plist();
    const gui = `gui/${process.getuid?.() ?? 0}` as const;
    expect((await rejectionOf(bench.supervisor.bootstrap(gui, path))).code).toBe('ERR_LAUNCHD_NO_DOMAIN');
    const stranger = await rejectionOf(bench.supervisor.bootstrap('user/4000000', path));
    expect(stranger.code).toBe('ERR_LAUNCHD_NO_DOMAIN');
    const misfit = await rejectionOf(bench.load({ LimitLoadToSessionType: 'Aqua' }));
    expect(misfit.code).toBe('ERR_LAUNCHD_PLIST');
    expect(controlMeaning(misfit)).toBe('sessionMismatch');
    await bench.load({ LimitLoadToSessionType: ['Aqua', 'Background', 'System'] });
  });

  it('warns about keys that have no effect here', async () => {
    await using bench = await Bench.start();
    await bench.load({ StartOnMount: true, StartInterval: 5 });
    expect(bench.log.text).toContain('StartOnMount');
    expect(bench.log.text).not.toContain('StartInterval');
  });
});

describe('list and names', () => {
  it('lists by label, with pid and last status', async () => {
    await using bench = await Bench.start();
    await bench.load({ Label: 'b', MachServices: {}, RunAtLoad: true });
    await bench.settled();
    await bench.end('SIGKILL');
    await bench.load({ Label: 'a', MachServices: {}, RunAtLoad: true });
    await bench.load({ Label: 'c', MachServices: {}, ProgramArguments: ['/mock/none'], RunAtLoad: true });
    expect(await bench.supervisor.list()).toEqual([
      { label: 'a', pid: expect.any(Number), status: 0 },
      { label: 'b', status: -9 },
      { label: 'c', status: 78 },
    ]);
  });

  it('knows its session and its domain', async () => {
    await using bench = await Bench.start();
    const isRoot = process.getuid?.() === 0;
    expect(await bench.supervisor.managerName()).toBe(isRoot ? 'System' : 'Background');
    const domain = await bench.supervisor.defaultDomain();
    expect(domain).toBe(isRoot ? 'system' : DOMAIN);
    await bench.supervisor.bootstrap(domain, await bench.plist());
    expect(await bench.supervisor.print(`${domain}/${LABEL}`)).toBeDefined();
  });

  it('leaves nothing in its directory but the lock', async () => {
    const bench = await Bench.start();
    await bench.load();
    await bench.supervisor.stop();
    expect(readdirSync(bench.directory).sort()).toEqual(['bootstrap', 'lock']);
    expect(readdirSync(join(bench.directory, 'bootstrap'))).toEqual([]);
    expect(existsSync(join(bench.directory, 'lock'))).toBe(true);
    await bench[Symbol.asyncDispose]();
  });
});
