/** The options of `run`, one by one: what each makes of the container's configuration, and what it refuses. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type ConfigurationOptions,
  containerConfiguration,
} from '../../src/cli/containers/container-configuration.js';
import { parsePorts } from '../../src/cli/containers/ports.js';
import { parseSize, sizeText } from '../../src/cli/containers/sizes.js';
import type { StoredImage } from '../../src/oci/index.js';
import { captureContext } from '../helpers/cli-context.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lp-options-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const IMAGE: StoredImage = {
  reference: 'docker.io/library/app:1',
  digest: `sha256:${'b'.repeat(64)}`,
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  size: 7,
  totalSize: 70,
  platform: { os: 'linux', architecture: 'amd64' },
  diffIds: [],
  config: {
    Entrypoint: ['/entry', '--serve'],
    Cmd: ['all'],
    Env: ['PATH=/app/bin', 'MODE=image', 'SECRET'],
    WorkingDir: '/app',
    User: 'app:staff',
    StopSignal: 'SIGQUIT',
    Labels: {},
    ExposedPorts: [],
    Volumes: [],
  },
};

const NONE: ConfigurationOptions = {
  env: [],
  envFile: [],
  ulimit: [],
  volume: [],
  mount: [],
  tmpfs: [],
  network: [],
  publish: [],
  capAdd: [],
  capDrop: [],
  label: [],
  dns: [],
  dnsOption: [],
  dnsSearch: [],
};

const configure = (
  options: Partial<ConfigurationOptions> = {},
  command: readonly string[] = [],
  image = IMAGE,
  environment: NodeJS.ProcessEnv = {},
) =>
  containerConfiguration(
    captureContext(environment, root),
    { id: 'web', image, command, runtime: 'sandboxd', defaultNetwork: undefined },
    { ...NONE, ...options },
  );

const refusal = (options: Partial<ConfigurationOptions>) =>
  expect(configure(options)).rejects.toMatchObject({
    code: expect.stringMatching(/^ERR_(USAGE|PLUGIN_INSTANCE|UNSUPPORTED)$/),
  });

describe('the process', () => {
  it("is the image's when nothing is said", async () => {
    const { initProcess, stopSignal, resources, dns } = await configure();
    expect(initProcess).toMatchObject({
      executable: '/entry',
      arguments: ['--serve', 'all'],
      environment: ['PATH=/app/bin', 'MODE=image'],
      workingDirectory: '/app',
      user: { raw: { userString: 'app:staff' } },
      terminal: false,
    });
    expect(stopSignal).toBe('SIGQUIT');
    expect(resources).toEqual({ cpus: 4, memoryInBytes: 1024 ** 3, cpuOverhead: 1 });
    expect(dns).toEqual({ nameservers: [], searchDomains: [], options: [] });
  });

  it.each([
    [{}, ['one'], '/entry', ['--serve', 'one']],
    [{ entrypoint: '/bin/sh' }, [], '/bin/sh', []],
    [{ entrypoint: '/bin/sh' }, ['-c', 'x'], '/bin/sh', ['-c', 'x']],
    [{ entrypoint: '' }, ['x', 'y'], 'x', ['y']],
  ] as const)(
    'joins entrypoint and command as docker does: %j %j',
    async (options, command, executable, rest) => {
      expect((await configure(options, command)).initProcess).toMatchObject({ executable, arguments: rest });
    },
  );

  it('has to be said when the image does not say it', async () => {
    await expect(configure({ entrypoint: '' })).rejects.toThrow('does not say what to run');
  });

  it('gets root, a PATH, and / when the image says nothing', async () => {
    const config = { Entrypoint: [], Cmd: [], Env: [], Labels: {}, ExposedPorts: [], Volumes: [] };
    const { initProcess, stopSignal } = await configure({}, ['x'], { ...IMAGE, config });
    expect(initProcess).toMatchObject({ user: { id: { uid: 0, gid: 0 } }, workingDirectory: '/' });
    expect(initProcess.environment).toEqual([expect.stringMatching(/^PATH=.*\/usr\/bin/)]);
    expect(stopSignal).toBeUndefined();
  });

  it('takes variables from files and options, the last one counts, and only named ones from the user', async () => {
    writeFileSync(join(root, 'vars'), '# comment\n\n  A=file\nB=file=2\nFROM_USER\nNOT_SET\n');
    const { initProcess } = await configure(
      { envFile: ['vars'], env: ['A=option', 'EMPTY=', 'HOME', 'ALSO_NOT_SET'] },
      [],
      IMAGE,
      { FROM_USER: 'u', HOME: '/home/me', SECRET: 's' },
    );
    expect(initProcess.environment).toEqual([
      'PATH=/app/bin',
      'MODE=image',
      'A=option',
      'B=file=2',
      'FROM_USER=u',
      'EMPTY=',
      'HOME=/home/me',
    ]);
  });

  it.each([
    [{ user: 'me' }, { user: { raw: { userString: 'me' } } }],
    [{ uid: 5, gid: 6 }, { user: { id: { uid: 5, gid: 6 } } }],
    [{ uid: 5 }, { user: { raw: { userString: '5' } } }],
    [{ gid: 6 }, { user: { raw: { userString: 'app:staff' } }, supplementalGroups: [6] }],
  ] as const)('runs as %j', async (options, expected) => {
    expect((await configure(options)).initProcess).toMatchObject(expected);
  });

  it('has limits, and no limit is infinite', async () => {
    const { initProcess } = await configure({ ulimit: ['nofile=10:20', 'CORE=unlimited', 'nproc=-1'] });
    expect(initProcess.rlimits).toEqual([
      { limit: 'RLIMIT_NOFILE', soft: 10, hard: 20 },
      { limit: 'RLIMIT_CORE', soft: Number.POSITIVE_INFINITY, hard: Number.POSITIVE_INFINITY },
      { limit: 'RLIMIT_NPROC', soft: Number.POSITIVE_INFINITY, hard: Number.POSITIVE_INFINITY },
    ]);
  });

  it.each([
    { ulimit: ['nofile'] },
    { ulimit: ['files=1'] },
    { ulimit: ['nofile=2:1'] },
    { ulimit: ['nofile=1', 'NOFILE=2'] },
    { env: ['=x'] },
    { envFile: ['missing'] },
    { workdir: 'relative' },
    { stopSignal: 'NOSUCH' },
  ])('refuses %j', (options) => refusal(options));
});

describe('mounts', () => {
  it('are directories of this machine, memory, and read-only when that is said', async () => {
    mkdirSync(join(root, 'data'));
    const { mounts } = await configure({
      volume: ['./data:/data:ro', `${root}:/root/`],
      mount: ['type=bind,src=./data,dst=/b,readonly', 'type=tmpfs,target=/t,size=1m,mode=1777'],
      tmpfs: ['/run:size=64k'],
    });
    const virtiofs = { virtiofs: {} };
    expect(mounts).toEqual([
      { type: { tmpfs: {} }, source: 'tmpfs', destination: '/run', options: ['size=65536'] },
      { type: virtiofs, source: join(root, 'data'), destination: '/data', options: ['ro'] },
      { type: virtiofs, source: root, destination: '/root', options: [] },
      { type: virtiofs, source: join(root, 'data'), destination: '/b', options: ['ro'] },
      { type: { tmpfs: {} }, source: 'tmpfs', destination: '/t', options: ['size=1048576', 'mode=1777'] },
    ]);
  });

  it.each([
    { volume: ['./missing:/x'] },
    { volume: ['named:/x'] },
    { volume: ['/only'] },
    { volume: ['.:relative'] },
    { volume: ['.:/x:what'] },
    { volume: ['.:/x', '.:/x/'] },
    { mount: ['type=nfs,target=/x'] },
    { mount: ['type=bind,target=/x'] },
    { mount: ['type=tmpfs,source=.,target=/x'] },
    { mount: ['bogus=1'] },
    { tmpfs: ['/x:size=huge'] },
  ])('refuses %j', (options) => refusal(options));
});

describe('networks, names and ports', () => {
  it('attaches to each network with the container as its name there', async () => {
    const { networks } = await configure({ network: ['lan,mac=02:00:00:00:00:0A,mtu=1500', 'wan'] });
    expect(networks).toEqual([
      { network: 'lan', options: { hostname: 'web', macAddress: '02:00:00:00:00:0a', mtu: 1500 } },
      { network: 'wan', options: { hostname: 'web' } },
    ]);
    expect(
      (await configure({ network: ['lan'], hostname: 'db.example' })).networks[0]?.options.hostname,
    ).toBe('db.example');
  });

  it('asks the name servers that are given, and leaves the resolver alone with --no-dns', async () => {
    const options = { dns: ['1.1.1.1', '::1'], dnsDomain: 'x', dnsSearch: ['y'], dnsOption: ['ndots:2'] };
    expect((await configure(options)).dns).toEqual({
      nameservers: ['1.1.1.1', '::1'],
      domain: 'x',
      searchDomains: ['y'],
      options: ['ndots:2'],
    });
    expect((await configure({ dns: false })).dns).toBeUndefined();
  });

  it('publishes ports and ranges', () => {
    expect(parsePorts(['8080:80', '127.0.0.1:53:53/udp', '[::1]:9000-9002:9100-9102/TCP'])).toEqual([
      { hostAddress: '0.0.0.0', hostPort: 8080, containerPort: 80, proto: 'tcp', count: 1 },
      { hostAddress: '127.0.0.1', hostPort: 53, containerPort: 53, proto: 'udp', count: 1 },
      { hostAddress: '::1', hostPort: 9000, containerPort: 9100, proto: 'tcp', count: 3 },
    ]);
  });

  it.each([
    { network: ['none', 'lan'] },
    { network: ['lan', 'lan'] },
    { network: ['lan,mtu=10'] },
    { network: ['lan,mac=zz'] },
    { network: ['lan,x=1'] },
    { network: [''] },
    { hostname: 'a b' },
    { hostname: '-a' },
    { dns: ['example.com'] },
    { dns: false as const, dnsSearch: ['x'] },
    { publish: ['80'] },
    { publish: ['1-2:3'] },
    { publish: ['70000:1'] },
    { publish: ['x:1:1'] },
    { publish: ['1:1/sctp'] },
    { publish: ['80:1', '127.0.0.1:80:2'] },
    { publish: Array.from({ length: 65 }, (_, index) => `${index + 1}:1`) },
  ])('refuses %j', (options) => refusal(options));
});

describe('resources and rights', () => {
  it('counts memory in whole mebibytes, and capabilities in one spelling', async () => {
    const configuration = await configure({
      cpus: 2,
      memory: '1.5m',
      shmSize: '64M',
      capAdd: ['net_raw', 'ALL'],
      capDrop: ['CAP_CHOWN'],
      readOnly: true,
      init: true,
      label: ['a=1'],
    });
    expect(configuration).toMatchObject({
      resources: { cpus: 2, memoryInBytes: 1024 ** 2 },
      shmSize: 64 * 1024 ** 2,
      capAdd: ['CAP_NET_RAW', 'ALL'],
      capDrop: ['CAP_CHOWN'],
      readOnly: true,
      useInit: true,
      labels: { a: '1' },
    });
  });

  it.each([{ memory: '512k' }, { memory: '0' }, { shmSize: 'x' }, { capAdd: ['FLY'] }, { label: ['=1'] }])(
    'refuses %j',
    (options) => refusal(options),
  );

  it.each([
    ['512', 512],
    ['64k', 65_536],
    ['1.5G', 1.5 * 1024 ** 3],
    ['1GiB', 1024 ** 3],
    ['2gb', 2 * 1024 ** 3],
  ])('reads the size %s', (text, bytes) => {
    expect(parseSize('--memory', text)).toBe(bytes);
  });

  it('writes sizes with the unit that suits', () => {
    expect([0, 1023, 1024, 1.5 * 1024 ** 2].map(sizeText)).toEqual(['0 B', '1023 B', '1.00 KiB', '1.50 MiB']);
  });
});
