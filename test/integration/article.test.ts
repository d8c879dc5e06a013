/**
 * The story from top to bottom, on the real programs and nothing else: bundles in a user's plugin directory, the
 * system, networks of a custom backend, containers under a custom runtime. Each test is the next command.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandEnvironment } from '../helpers/command.js';
import { busyboxImage, imageFiles, writeArchive } from '../helpers/oci-image.js';
import { launchportInOwnNetwork, noContainersHere } from '../helpers/own-network.js';

const ROOT = resolve(import.meta.dirname, '../..');
const HYDRA = join(ROOT, 'fixtures/plugins/valid/hydra');
const LEDGER = join(import.meta.dirname, 'article/ledger');

const reason = noContainersHere();
if (reason !== undefined) console.log(`skipped: the article from top to bottom: ${reason}`);

describe.skipIf(reason !== undefined)('the article, command by command', { timeout: 300_000 }, () => {
  let home = '';

  const environment = () => ({
    ...commandEnvironment(home),
    CONTAINER_APP_ROOT: join(home, 'app'),
    CONTAINER_LOG_ROOT: join(home, 'log'),
  });

  /** Runs a command in a network of its own: the daemon and its helpers leave the machine's alone. */
  const launchport = (...args: readonly string[]) => launchportInOwnNetwork(environment(), ...args);

  async function succeed(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await launchport(...args);
    expect(`${code} ${stderr}`, `launchport ${args.join(' ')}`).toMatch(/^0 /);
    return stdout;
  }

  const json = async <T = Record<string, unknown>>(...args: readonly string[]) =>
    JSON.parse(await succeed(...args, '--json')) as T;

  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), 'lp-'));
    // Where a bundle finds the SDK, as after `npm install launchport`.
    mkdirSync(join(home, 'node_modules'));
    symlinkSync(ROOT, join(home, 'node_modules', 'launchport'));
  });

  afterAll(async () => {
    if (home === '') return;
    await launchport('system', 'stop');
    rmSync(home, { recursive: true, force: true });
  });

  it('a bundle is a folder in ~/.local/libexec/container/plugin with plugin.json and bin', async () => {
    const folder = join(home, '.local/libexec/container/plugin');
    cpSync(HYDRA, join(folder, 'hydra'), { recursive: true });
    cpSync(LEDGER, join(folder, 'ledger'), { recursive: true });
    const listed = await succeed('plugin', 'list');
    for (const name of ['bridge', 'hydra', 'ledger', 'sandboxd'])
      expect(listed).toMatch(new RegExp(`^${name} `, 'm'));
  });

  it('launchport system start: what says shouldBoot is registered, with its default arguments', async () => {
    await json('system', 'start');
    const status = await json<{ jobs: { label: string }[] }>('system', 'status');
    const labels = status.jobs.map(({ label }) => label);
    expect(labels).toContain('com.apple.container.hydra');
    expect(labels).not.toContain('com.apple.container.ledger');
    const reply = await json('plugin', 'call', 'hydra', 'describe', '--type', 'network');
    expect(JSON.stringify(reply)).toContain('["start","start","with","params"]');
  });

  it('launchport network list', async () => {
    expect(await succeed('network', 'list')).toMatch(/^NETWORK +/);
  });

  it('launchport network connect --plugin ledger backend: a custom backend serves a network', async () => {
    await succeed('network', 'connect', '--plugin', 'ledger', '--subnet', '10.77.3.0/24', 'backend');
    expect(await succeed('network', 'list')).toMatch(/^backend +.*10\.77\.3\.0\/24/m);
    const [network] = await json<Record<string, unknown>[]>('network', 'inspect', 'backend');
    expect(network).toMatchObject({
      id: 'backend',
      configuration: { plugin: 'ledger' },
      status: { ipv4Subnet: '10.77.3.0/24', ipv4Gateway: '10.77.3.1' },
    });
  });

  it('launchport run of an image that is not here says how to get it', async () => {
    const { code, stderr } = await launchport('run', '--runtime', 'sandboxd', 'alpine', 'true');
    expect(code).not.toBe(0);
    expect(stderr).toContain('launchport image import');
  });

  it('launchport image import', async () => {
    const archive = writeArchive(join(home, 'alpine.tar'), imageFiles(busyboxImage(), 'alpine:latest'));
    await succeed('image', 'import', archive, '--name', 'alpine:latest');
    expect(await succeed('image', 'list')).toContain('alpine');
  });

  it('launchport run --runtime sandboxd alpine …: output and exit code are those of the command', async () => {
    const { code, stdout, stderr } = await launchport(
      ...['run', '--rm', '--runtime', 'sandboxd', '--network', 'none', 'alpine'],
      ...['sh', '-c', 'echo "I am $(id -u) on $(uname -s)"; echo aside >&2; exit 7'],
    );
    expect({ code, stdout }).toEqual({ code: 7, stdout: 'I am 0 on Linux\n' });
    expect(stderr).toContain('aside');
  });

  it('a container that was made before is connected, started, and has an address of the backend', async () => {
    const script = 'echo ready; trap "exit 3" TERM; while :; do sleep 1; done';
    await succeed('create', '--name', 'web-1', '--network', 'none', 'alpine', 'sh', '-c', script);
    await succeed('network', 'connect', 'backend', 'web-1');
    await succeed('start', 'web-1');
    const [container] = await json<Record<string, unknown>[]>('inspect', 'web-1');
    expect(container).toMatchObject({
      configuration: { id: 'web-1', runtimeHandler: 'sandboxd' },
      status: {
        state: 'running',
        networks: [{ network: 'backend', ipv4Address: '10.77.3.2/24', variant: 'paper' }],
      },
    });
    const status = await json<{ jobs: { label: string }[] }>('system', 'status');
    const labels = status.jobs.map(({ label }) => label);
    expect(labels).toEqual(
      expect.arrayContaining(['com.apple.container.ledger.backend', 'com.apple.container.sandboxd.web-1']),
    );
  });

  it('launchport ps, exec, logs', async () => {
    expect(await succeed('ps')).toMatch(/^web-1 .*running/m);
    expect(await succeed('exec', 'web-1', 'sh', '-c', 'cat /proc/1/comm; hostname')).toContain('web-1');
    expect((await launchport('exec', 'web-1', 'sh', '-c', 'kill -TERM $$')).code).toBe(143);
    // The command writes in its own time.
    const deadline = Date.now() + 120_000;
    let text = '';
    while (text === '' && Date.now() < deadline) text = await succeed('logs', 'web-1');
    expect(text).toBe('ready\n');
  });

  it('launchport stop, plugin case 61: the command gets its signal and its time', async () => {
    await succeed('stop', '--time', '120', 'web-1');
    expect(await succeed('ps')).not.toContain('web-1');
    expect(await succeed('ps', '--all')).toMatch(/^web-1 .*stopped/m);
    // What has stopped already is stopped.
    await succeed('stop', 'web-1');
  });

  it('launchport rm, network delete: nothing is left', async () => {
    expect((await launchport('network', 'delete', 'backend')).code).not.toBe(0);
    await succeed('rm', 'web-1');
    expect(await succeed('ps', '--all')).not.toContain('web-1');
    expect(existsSync(join(home, 'app/containers/web-1'))).toBe(false);
    await succeed('network', 'delete', 'backend');
    expect(await succeed('network', 'list')).not.toContain('backend');
  });

  it('launchport system stop', async () => {
    await succeed('system', 'stop');
    expect((await launchport('system', 'status')).code).toBe(3);
  });
});
