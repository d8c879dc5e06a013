/** The daemon with real processes: started, shared, stopped, killed and started again. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PluginHost, type PluginHostOptions } from '../../src/harness/index.js';
import { SupervisorClient } from '../../src/supervisor/index.js';
import { commandEnvironment, MAIN, runCommand } from '../helpers/command.js';
import { rejectionOf } from '../helpers/thrown.js';
import { eventually } from '../native/eventually.js';
import { isRunning } from './supervisor/rig.js';

const PLUGINS = resolve(import.meta.dirname, '../../fixtures/plugins/valid');

let directory = '';
const environment = () => commandEnvironment(directory);
const launchport = (...args: readonly string[]) => runCommand(directory, args, 110_000);

async function json(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await launchport(...args, '--json');
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** A host in this process, which uses the daemon. */
function host(options: Partial<PluginHostOptions> = {}): Promise<PluginHost> {
  return PluginHost.start({
    directory: join(directory, 'run'),
    environment: environment(),
    pluginDirectories: [PLUGINS],
    roots: { executable: MAIN },
    ...options,
  });
}

const sockets = () => readdirSync(join(directory, 'run/bootstrap'));

describe.runIf(process.platform === 'linux')('the daemon', { timeout: 300_000 }, () => {
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'lp-'));
  });
  afterEach(async () => {
    await launchport('system', 'stop');
    rmSync(directory, { recursive: true, force: true });
  });

  it('starts in the background, once, answers to commands, and stops with its jobs', async () => {
    const started = await json('system', 'start', '--plugin-dir', PLUGINS);
    expect(started).toMatchObject({ started: true, directory: join(directory, 'run') });
    const pid = started.pid as number;
    // Field 6: its session; field 7: its terminal (proc_pid_stat(5)).
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    expect([Number(stat[3]), Number(stat[4])]).toEqual([pid, 0]);
    expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toContain('Umask:\t0077');

    expect((await launchport('system', 'start')).stdout).toContain('already running');
    expect(await json('system', 'start')).toMatchObject({ started: false, pid });
    const refused = await launchport('system', 'run');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('ERR_SUPERVISOR_RUNNING');

    expect((await launchport('plugin', 'load', 'hydra')).code).toBe(0);
    const status = await json('system', 'status');
    expect(status).toMatchObject({ appName: 'launchport', daemon: { pid, protocol: 1 } });
    expect(status.jobs).toContainEqual(expect.objectContaining({ label: 'com.apple.container.hydra' }));
    const log = await launchport('system', 'logs', '-n', '1000');
    expect(log.stdout).toContain('serving');
    const first = (await launchport('system', 'logs', '--json')).stdout.split('\n')[0] as string;
    expect(JSON.parse(first)).toMatchObject({ level: 'info', time: expect.any(String) });

    expect(await json('system', 'stop')).toEqual({ stopped: true, pid });
    expect(isRunning(pid)).toBe(false);
    expect(sockets()).toEqual([]);
    expect(await json('system', 'stop')).toEqual({ stopped: false });
    expect((await launchport('system', 'status')).code).toBe(3);
  });

  it('is shared by two hosts; each takes along what it loaded, and no more', async () => {
    const { pid } = await json('system', 'start');
    await using first = await host();
    await using second = await host({ supervisor: 'daemon' });
    expect([first.supervisor, second.supervisor]).toEqual([undefined, undefined]);
    expect(first.control.kind).toBe('supervisor');
    await first.harness.load('hydra');
    await second.harness.load('hydra');
    await second.harness.load('echo');
    const labels = async () => (await first.control.list()).map(({ label }) => label);
    expect(await labels()).toEqual(['com.apple.container.echo', 'com.apple.container.hydra']);
    await second.stop();
    expect(await labels()).toEqual(['com.apple.container.hydra']);
    expect((await rejectionOf(host({ supervisor: 'embedded' }))).details.pid).toBe(pid);
    await first.stop();
    expect((await json('system', 'status')).jobs).toEqual([]);
  });

  it('is not needed by a host, unless that insists on it', async () => {
    await using alone = await host();
    expect(alone.supervisor).toBeDefined();
    await alone.stop();
    expect((await rejectionOf(host({ supervisor: 'daemon' }))).code).toBe('ERR_SERVER_NOT_RUNNING');
  });

  it('launchd case 58: killed, it is replaced on the same directory, and clients go on at the next', async () => {
    const { pid } = await json('system', 'start');
    await using patient = new SupervisorClient({
      bootstrap: join(directory, 'run/bootstrap'),
      reconnectTimeout: 40_000,
    });
    expect(await patient.info()).toMatchObject({ pid });
    process.kill(pid as number, 'SIGKILL');
    await eventually('the end of the daemon', () => !isRunning(pid as number));
    expect(sockets()).toContain('com.launchport.supervisor');
    // Asked while none runs: answered by the next.
    const list = patient.list({ timeout: 40_000 });
    const next = await json('system', 'start');
    expect(next).toMatchObject({ started: true });
    expect(next.pid).not.toBe(pid);
    expect(await list).toEqual([]);
    expect(await patient.info()).toMatchObject({ pid: next.pid });
  });

  it('tells events to other processes', async () => {
    await json('system', 'start');
    await using control = await host();
    await using client = new SupervisorClient({ bootstrap: join(directory, 'run/bootstrap') });
    const events = client.events();
    const first = events.next();
    let isTold = false;
    void first.then(() => {
      isTold = true;
    });
    // Events begin when the stream does, and nobody says when that is.
    while (!isTold) {
      await control.harness.load('hydra');
      await control.harness.unload('hydra');
    }
    expect((await first).value).toMatchObject({ label: 'com.apple.container.hydra' });
    await events.return();
  });

  it('says why it does not start, and leaves nothing behind', async () => {
    mkdirSync(join(directory, 'run'), { mode: 0o755 });
    const failed = await launchport('system', 'start');
    expect(failed.code).toBe(3);
    expect(failed.stderr).toContain('ERR_LAUNCHD_PERMISSION');
    expect(failed.stderr).toContain('chmod 700');
    expect(existsSync(join(directory, 'run/lock'))).toBe(false);
  });

  it('refuses a directory of a host that is no daemon, by pid', async () => {
    await using own = await host({ supervisor: 'embedded' });
    const failed = await launchport('system', 'start', '--json', '--timeout', '20');
    expect(JSON.parse(failed.stderr)).toMatchObject({
      error: { code: 'ERR_SUPERVISOR_RUNNING', details: { pid: process.pid } },
    });
    await own.stop();
  });

  it('SIGTERM ends it in good order', async () => {
    const { pid } = await json('system', 'start', '--plugin-dir', PLUGINS);
    process.kill(pid as number, 'SIGTERM');
    await eventually('the end of the daemon', () => !isRunning(pid as number));
    expect(sockets()).toEqual([]);
    expect((await launchport('system', 'logs', '-n', '1')).stdout).toContain('stopped');
  });

  it('keeps its log within bounds', async () => {
    const { log } = await json(
      'system',
      'start',
      '--debug',
      '--log-size',
      '300',
      '--log-files',
      '2',
      '--plugin-dir',
      PLUGINS,
    );
    await launchport('plugin', 'load', 'hydra');
    await json('system', 'restart', '--log-size', '300', '--log-files', '2', '--plugin-dir', PLUGINS);
    await json('system', 'stop');
    const path = log as string;
    expect([path, `${path}.1`, `${path}.2`, `${path}.3`].map((each) => existsSync(each))).toEqual([
      true,
      true,
      true,
      false,
    ]);
    // One line may be longer than the bound.
    for (const each of [path, `${path}.1`]) expect(statSync(each).size).toBeLessThan(1000);
  });
});
