/** `launchport doctor` on machines that lack one thing or another. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LaunchportError } from '../../src/base/index.js';
import { doctor } from '../../src/cli/commands/doctor.js';
import type { Diagnosis } from '../../src/cli/doctor/checks.js';
import type { Machine } from '../../src/cli/doctor/machine.js';
import { ExitStatus } from '../../src/cli/failure.js';
import { run } from '../../src/cli/run.js';
import { createMockWorld } from '../../src/native/mock/index.js';
import { inspectStateDirectory } from '../../src/supervisor/index.js';
import { XpcTransport } from '../../src/xpc/index.js';
import { captureContext } from '../helpers/cli-context.js';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'lp-doctor-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const world = createMockWorld();

/** A Linux machine on which all is well. */
function machine(changes: Partial<Machine> = {}): Machine {
  const directory = join(home, 'run');
  return {
    platform: 'linux',
    arch: 'x64',
    node: '22.3.1',
    minimumNode: '20.17',
    uid: 501,
    environment: {},
    findBinding: () => ({
      found: { path: '/package/launchport.node', binding: world.binding(1) },
      attempts: [{ path: '/package/prebuilt.node', problem: 'no such file' }],
    }),
    capabilities: async (binding) => {
      const transport = new XpcTransport(binding);
      const capabilities = transport.capabilities();
      await transport.close();
      return capabilities;
    },
    runtimeDirectory: directory,
    inspectRuntimeDirectory: () => inspectStateDirectory(directory),
    bootstrapDirectory: join(directory, 'bootstrap'),
    managerName: async () => 'Aqua',
    ...changes,
  };
}

async function examined(changes: Partial<Machine> = {}) {
  const context = captureContext();
  const status = await doctor(context, { json: true }, machine(changes)).then(
    () => 0,
    (error: unknown) => {
      if (error instanceof ExitStatus) return error.status;
      throw error;
    },
  );
  const diagnosis = JSON.parse(context.output()) as Diagnosis;
  const check = (name: string) => diagnosis.checks.find((each) => each.name === name);
  return { status, diagnosis, check };
}

describe('a machine with everything', () => {
  it('is usable: exit status 0, and each capability is told', async () => {
    const { status, diagnosis } = await examined();
    expect(status).toBe(0);
    expect(diagnosis).toMatchObject({
      isUsable: true,
      platform: 'linux',
      arch: 'x64',
      node: '22.3.1',
      addon: '/package/launchport.node',
      bindingVersion: world.binding(1).version,
    });
    expect(diagnosis.checks.filter(({ status }) => status === 'failed')).toEqual([]);
    expect(diagnosis.capabilities).toEqual(world.binding(1).capabilities());
    expect(diagnosis.capabilities.length).toBeGreaterThan(0);
  });

  it('is told as lines and a table', async () => {
    const context = captureContext();
    await doctor(context, {}, machine());
    expect(context.output()).toMatch(/^ok +system +linux x64$/m);
    expect(context.output()).toMatch(/^ok +addon +\/package\/launchport\.node$/m);
    expect(context.output()).toMatch(/^FUNCTION +SINCE +AVAILABLE$/m);
    expect(context.output()).toMatch(/\nlaunchport can be used\.\n$/);
  });

  it('that is a Mac has launchctl and a domain instead of directories', async () => {
    const { status, check } = await examined({ platform: 'darwin', arch: 'arm64' });
    expect(status).toBe(0);
    expect(check('launchctl')?.finding).toContain('the session is Aqua, its domain gui/501');
    expect(check('runtime directory')).toBeUndefined();
  });
});

describe('a machine that lacks', () => {
  const attempts = [
    { path: '/a.node', problem: 'no such file' },
    { path: '/b.node', problem: 'wrong ELF class' },
  ];

  it('the addon: every path that was tried, and how to build it', async () => {
    const { status, diagnosis, check } = await examined({ findBinding: () => ({ attempts }) });
    expect(status).toBe(1);
    expect(diagnosis).toMatchObject({ isUsable: false, addon: null, bindingVersion: null, capabilities: [] });
    expect(check('addon')?.finding).toContain('/a.node: no such file\n/b.node: wrong ELF class');
    expect(check('addon')?.advice).toContain('npm rebuild launchport');
  });

  it('the addon it is told to load: that, and not a build, is the advice', async () => {
    const environment = { LAUNCHPORT_ADDON: '/a.node' };
    const { check } = await examined({ environment, findBinding: () => ({ attempts }) });
    expect(check('addon')?.advice).toContain('Unset LAUNCHPORT_ADDON');
    expect(check('LAUNCHPORT_ADDON')?.finding).toContain('/a.node');
  });

  it.each([
    ['18.19.0', false],
    ['20.16.9', false],
    ['20.17.0', true],
    ['21.0.0', true],
  ])('Node %s is new enough: %s', async (node, isEnough) => {
    const { status, check } = await examined({ node });
    expect(check('node')?.status).toBe(isEnough ? 'ok' : 'failed');
    expect(status).toBe(isEnough ? 0 : 1);
  });

  it('a system that is supported', async () => {
    const { status, check } = await examined({ platform: 'win32', findBinding: () => ({ attempts }) });
    expect(status).toBe(1);
    expect(check('system')?.advice).toContain('macOS or Linux');
  });

  it('a port that opens', async () => {
    const capabilities = async () => Promise.reject(new Error('no loop'));
    const { status, check } = await examined({ capabilities });
    expect(status).toBe(1);
    expect(check('messaging')).toMatchObject({ status: 'failed', finding: 'no loop' });
  });

  it('a private runtime directory: how to close it', async () => {
    mkdirSync(join(home, 'run'), { mode: 0o755 });
    const { status, check } = await examined();
    expect(status).toBe(1);
    expect(check('runtime directory')?.finding).toContain('open to other users');
    expect(check('runtime directory')?.advice).toBe(`Run: chmod 700 ${join(home, 'run')}`);
  });

  it('a directory where the runtime directory is to be', async () => {
    writeFileSync(join(home, 'run'), '');
    const { status, check } = await examined();
    expect(status).toBe(1);
    expect(check('runtime directory')?.advice).toContain('LAUNCHPORT_RUNTIME_DIR');
  });

  it('room in the path of the runtime directory', async () => {
    const long = join(home, 'x'.repeat(100));
    const { status, check } = await examined({
      runtimeDirectory: long,
      inspectRuntimeDirectory: () => inspectStateDirectory(long),
    });
    expect(status).toBe(1);
    expect(check('runtime directory')?.advice).toContain('bytes shorter');
  });

  it('a launchctl that answers: what it said, and its hint', async () => {
    const managerName = async () => {
      throw new LaunchportError('ERR_UNSUPPORTED', 'no launchctl', { hint: 'Get a Mac.' });
    };
    const { status, check } = await examined({ platform: 'darwin', managerName });
    expect(status).toBe(1);
    expect(check('launchctl')).toMatchObject({
      status: 'failed',
      finding: 'no launchctl',
      advice: 'Get a Mac.',
    });
  });

  it('the bootstrap directory it is told to use: usable, with a warning', async () => {
    const { status, check } = await examined({
      environment: { LAUNCHPORT_BOOTSTRAP: join(home, 'nowhere') },
      bootstrapDirectory: join(home, 'nowhere'),
    });
    expect(status).toBe(0);
    expect(check('bootstrap directory')).toMatchObject({ status: 'warning' });
  });
});

it('every failed check and every warning says what to do', async () => {
  const broken = () => {
    throw new Error('broken');
  };
  const { diagnosis } = await examined({
    platform: 'sunos',
    node: '8.0.0',
    findBinding: broken,
    inspectRuntimeDirectory: broken,
    environment: { LAUNCHPORT_FORCE_TRANSCODE: '1', LAUNCHPORT_DISPATCH_QUEUE: '1' },
  });
  const troubled = diagnosis.checks.filter(({ status }) => status === 'failed' || status === 'warning');
  expect(troubled.map(({ name }) => name)).toEqual([
    'system',
    'node',
    'addon',
    'LAUNCHPORT_FORCE_TRANSCODE',
    'LAUNCHPORT_DISPATCH_QUEUE',
    'runtime directory',
  ]);
  for (const { advice } of troubled) expect(advice).toMatch(/\w/);
});

it('tells of a supervisor that runs, and not of one that was killed', async () => {
  const directory = join(home, 'run');
  mkdirSync(directory, { mode: 0o700 });
  const inspectRuntimeDirectory = () => ({ exists: true, problem: undefined, supervisorPid: 77 });
  expect((await examined({ inspectRuntimeDirectory })).check('supervisor')).toMatchObject({
    status: 'ok',
    finding: 'runs as process 77',
  });
  // The pid lives, but nobody holds the lock.
  writeFileSync(join(directory, 'lock'), `${process.pid}\n`);
  if (process.platform === 'linux') expect(inspectStateDirectory(directory).supervisorPid).toBeUndefined();
  writeFileSync(join(directory, 'lock'), '');
  expect((await examined()).check('supervisor')?.finding).toContain('none runs');
});

it('the command tells of this machine, whatever it is', async () => {
  const context = captureContext({
    LAUNCHPORT_RUNTIME_DIR: join(home, 'run'),
    LAUNCHPORT_ADDON: join(home, 'no'),
  });
  expect(await run(['doctor', '--json'], context)).toBe(1);
  const diagnosis = JSON.parse(context.output()) as Diagnosis;
  expect(diagnosis.node).toBe(process.versions.node);
  expect(diagnosis.checks.find(({ name }) => name === 'addon')?.finding).toContain(
    `${join(home, 'no')}: no such file`,
  );
  expect(context.errors()).toBe('');
});
