/** A new runtime plugin: the container's process runs as a process of the host, where a sandbox is to be put. */
import { daemonMain, type PluginSources, type SourceKit } from './template.js';

/** Its sources. */
export function runtimeSources(kit: SourceKit): PluginSources {
  const { ts } = kit;
  return {
    plugin: `/** The container of this process. It is no sandbox yet: put yours where \`spawn\` is called. */
import { ${ts('type ChildProcess, ')}spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { containerConfiguration, containerCreateOptions, decodeJson, encodeJson } from 'launchport/compat';
import { definePlugin, LaunchportError, routeError } from 'launchport/sdk';
import {${ts(`
  type ContainerConfiguration,`)}
  RUNTIME_CONFIGURATION_FILE,
  runtimeConfiguration,
  runtimeService,
} from 'launchport/sdk/services';

let container${ts(': ContainerConfiguration | undefined')};
/** Standard streams of the first process until it starts. */
let streams${ts(': number[] | undefined')};
let child${ts(': ChildProcess | undefined')};
let isStopped = false;
let end = (_exit${ts(': { exitCode: number; exitedAt: Date }')}) => {};
/** How the first process ended. */
const exited = new Promise${ts('<{ exitCode: number; exitedAt: Date }>')}((resolve) => {
  end = resolve;
});

/** Reads what the API server left, and leaves for it what it expects of every runtime. */
async function readContainer(root${ts(': string | undefined')}) {
  if (root === undefined) throw new LaunchportError('ERR_USAGE', '--root is missing: which container is this?');
  const text = await readFile(join(root, RUNTIME_CONFIGURATION_FILE), 'utf8');
  const { containerConfiguration: found, options = { autoRemove: false } } = decodeJson(runtimeConfiguration, text);
  if (found === undefined) throw routeError('invalidArgument', 'there is no containerConfiguration');
  await writeFile(join(root, 'config.json'), encodeJson(containerConfiguration, found));
  await writeFile(join(root, 'options.json'), encodeJson(containerCreateOptions, options));
  return found;
}

function kill(signal${ts(': string')}) {
  const name = /^\\d+$/.test(signal) ? Number(signal) : (/^SIG/.test(signal) ? signal : \`SIG\${signal}\`);
  child?.kill(name${ts(' as NodeJS.Signals')});
}

export const plugin = definePlugin({
  name: ${kit.name},
  services: {
    runtime: runtimeService({
      bootstrap: async ({ stdin, stdout, stderr, networkBootstrapInfos }, { plugin }) => {
        if (container !== undefined) throw routeError('invalidState', 'the container is booted already');
        if (networkBootstrapInfos.length > 0) throw routeError('unsupported', 'this runtime has no networks');
        container = await readContainer(plugin.root);
        // Taken, for they are to live longer than this request.
        streams = [stdin, stdout, stderr].map((stream) => stream?.take() ?? -1);
      },
      start: ({ id }) => {
        if (container === undefined || streams === undefined) throw routeError('invalidState', 'not booted, or started before');
        if (id !== container.id) throw routeError('notFound', \`no process \${id}\`);
        const { executable, arguments: args, environment, workingDirectory } = container.initProcess;
        const env = Object.fromEntries(environment.map((each) => each.split(/=(.*)/s, 2)));
        const stdio = streams.map((stream) => (stream < 0 ? ${ts("('ignore' as const)") || "'ignore'"} : stream));
        child = spawn(executable, args, { cwd: workingDirectory, env, stdio });
        for (const stream of streams) if (stream >= 0) closeSync(stream);
        streams = undefined;
        const ended = (exitCode${ts(': number')}) => {
          isStopped = true;
          end({ exitCode, exitedAt: new Date() });
        };
        child.on('error', () => ended(127));
        child.on('exit', (code, signal) => ended(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
      },
      wait: ({ id }, { plugin }) => (id === plugin.instance ? exited : { exitCode: -1, exitedAt: new Date() }),
      kill: async ({ id, signal }, { plugin }) => {
        if (id !== plugin.instance || child === undefined) throw routeError('notFound', \`no process \${id}\`);
        kill(signal);
        if (/^(SIG)?KILL$|^9$/.test(signal)) await exited;
      },
      state: () => ({
        snapshot: { status: child === undefined || isStopped ? 'stopped' : 'running', networks: [], containers: [] },
      }),
      stop: async ({ stopOptions }) => {
        if (child === undefined || isStopped) return;
        kill(stopOptions.signal ?? 'SIGTERM');
        const timer = setTimeout(() => kill('SIGKILL'), stopOptions.timeoutInSeconds * 1000);
        await exited;
        clearTimeout(timer);
      },
    }),
  },
  stop: async () => {
    if (child === undefined || isStopped) return;
    kill('SIGKILL');
    await exited;
  },
});
`,
    main: daemonMain(kit),
    test: `import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { RuntimeHelperClient } from 'launchport/compat';
import { startPlugin, testPlugin } from 'launchport/sdk/testing';
import { plugin } from '${kit.module('plugin')}';

/** What the API server leaves in a container's directory. */
function configuration(id${ts(': string')}, executable${ts(': string')}, ...args${ts(': string[]')}) {
  const root = { type: { virtiofs: {} }, source: '/', destination: '/', options: [] };
  const descriptor = { mediaType: 'application/vnd.oci.image.index.v1+json', digest: 'sha256:0', size: 0 };
  return JSON.stringify({
    path: 'file:///',
    initialFilesystem: root,
    containerRootFilesystem: root,
    kernel: {
      path: 'file:///none',
      platform: { os: 'linux', architecture: 'amd64' },
      commandLine: { kernelArgs: [], initArgs: [] },
    },
    options: { autoRemove: false },
    containerConfiguration: {
      id,
      image: { reference: 'test', descriptor },
      initProcess: {
        executable,
        arguments: args,
        environment: ['PATH=/usr/bin:/bin'],
        workingDirectory: '/',
        terminal: false,
        user: { id: { uid: 0, gid: 0 } },
        supplementalGroups: [],
        rlimits: [],
      },
    },
  });
}

test('is stopped before it is booted, and knows no other process', async () => {
  const running = await testPlugin(plugin, { args: ['start', '--root', '/nowhere', '--uuid', 'c1'] });
  try {
    const { transport } = running;
    const runtime = await RuntimeHelperClient.open(running.client('runtime').raw, { transport });
    assert.equal((await runtime.state()).status, 'stopped');
    assert.equal((await runtime.wait('nobody')).exitCode, -1);
    await runtime.close();
  } finally {
    await running.close();
  }
});

test('runs a process as a job of launchd: its output and its exit code', async () => {
  const job = await startPlugin(${kit.bundle}, {
    instance: 'c1',
    prepare: (root) =>
      writeFileSync(join(root, 'runtime-configuration.json'), configuration('c1', '/bin/sh', '-c', 'echo hello; exit 7')),
  });
  try {
    const file = join(job.stateRoot, 'output');
    const stdout = openSync(file, 'w');
    const runtime = await RuntimeHelperClient.open(job.client('runtime'), { transport: job.transport });
    await runtime.bootstrap({ stdio: { stdout }, networkBootstrapInfos: [] });
    closeSync(stdout);
    const end = runtime.wait('c1');
    await runtime.start('c1');
    assert.equal((await end).exitCode, 7);
    assert.equal(readFileSync(file, 'utf8'), 'hello\\n');
    await runtime.close();
    assert.deepEqual(await job.stop(), { code: 0 });
  } finally {
    await job.close();
  }
});
`,
    readme: `It runs a container's process as a process of the machine, **without any isolation**: put your sandbox where \`spawn\` is
called in \`src/plugin\`.`,
  };
}
