/** `launchport demo`: the whole story with two real plugins, each line read back from the system, nothing assumed. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LaunchportError, packageRoot } from '../../base/index.js';
import { PluginHost } from '../../harness/index.js';
import { machServiceName, type Plugin, type Registration } from '../../plugin/index.js';
import { RouteClient } from '../../routes/index.js';
import type { XpcDictionary } from '../../xpc/index.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { writeJson } from '../output/json.js';
import { valueToJson } from '../output/xpc-value.js';

/** The bundles that come with the package. */
const bundles = () => join(packageRoot(), 'fixtures/plugins/valid');

/** Round trips timed once the plugin runs, and as many before them, while Node compiles the way. */
const ROUND_TRIPS = 1000;

/** What one step found, told as a line or collected for --json. */
type Tell = (step: string, facts: string | Readonly<Record<string, unknown>>) => void;

/** Runs the demo in a directory of its own, which is removed again. */
export async function demo(context: CliContext, options: GlobalOptions): Promise<void> {
  const steps: { step: string; facts: unknown }[] = [];
  const tell: Tell = (step, facts) => {
    steps.push({ step, facts });
    if (!options.json) context.stdout.write(`${step.padEnd(16)} ${toText(facts)}\n`);
  };
  const directory = await mkdtemp(join(tmpdir(), 'launchport-demo-'));
  try {
    await using host = await PluginHost.start({
      pluginDirectories: [bundles()],
      directory: join(directory, 'run'),
      roots: { app: join(directory, 'app'), install: join(directory, 'install') },
      environment: {
        ...context.environment,
        CONTAINER_APP_ROOT: undefined,
        CONTAINER_INSTALL_ROOT: undefined,
      },
    });
    tell('control', host.control.kind);
    await tellStory(host, 'hydra', { route: 'describe', fields: {} }, tell, context.signal);
    await tellStory(
      host,
      'echo',
      { route: 'echo', fields: { text: 'hello', number: 42n } },
      tell,
      context.signal,
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  if (options.json) writeJson(context, steps);
}

async function tellStory(
  host: PluginHost,
  name: string,
  request: { readonly route: string; readonly fields: XpcDictionary },
  tell: Tell,
  signal: AbortSignal,
): Promise<void> {
  const plugin = await host.catalog.find(name);
  tell('bundle found', `${plugin.bundlePath} (${plugin.format})`);
  tell('configuration', { ...plugin.config.servicesConfig });
  const registration = await host.registrar.register(plugin, { signal });
  if (registration === undefined) throw unexpected(name, 'has no service to register');
  tell('label', registration.label);
  for (const service of registration.services) tell('Mach service', service);
  tell('plist', `${registration.plistPath}\n${indent(await readFile(registration.plistPath, 'utf8'))}`);
  tell('registered', registration.target);
  await expectPid(host, registration, false, tell);

  await callServices(host, plugin, request, tell, signal);
  const pid = await expectPid(host, registration, true, tell);

  await host.registrar.deregister(registration, { signal });
  const after = await host.control.print(registration.target);
  if (after !== undefined)
    throw unexpected(name, `is still loaded after it was deregistered: ${after.state}`);
  tell('deregistered', `${registration.label}; process ${pid} ${isAlive(pid) ? 'STILL RUNS' : 'is gone'}`);
  if (isAlive(pid)) throw unexpected(name, `left process ${pid} behind`);
}

async function callServices(
  host: PluginHost,
  plugin: Plugin,
  request: { readonly route: string; readonly fields: XpcDictionary },
  tell: Tell,
  signal: AbortSignal,
): Promise<void> {
  for (const { type } of plugin.config.servicesConfig?.services ?? []) {
    const service = machServiceName(type, plugin.name);
    await using connection = host.transport.connect(service, { bootstrap: host.bootstrap });
    const client = new RouteClient(connection);
    const begin = performance.now();
    const reply = await client.callRaw(request.route, request.fields, { signal, timeout: 30_000 });
    tell('first call', `${service} ${request.route} in ${(performance.now() - begin).toFixed(1)} ms`);
    tell('reply', JSON.stringify(valueToJson(reply)));
    const times: number[] = [];
    for (let i = -ROUND_TRIPS; i < ROUND_TRIPS; i++) {
      const start = performance.now();
      await client.callRaw(request.route, request.fields, { signal, timeout: 30_000 });
      if (i >= 0) times.push((performance.now() - start) * 1000);
    }
    times.sort((a, b) => a - b);
    const at = (share: number) => (times[Math.floor(times.length * share)] ?? 0).toFixed(1);
    tell('round trip', `p50 ${at(0.5)} µs, p99 ${at(0.99)} µs over ${ROUND_TRIPS} calls`);
  }
}

/** Reads the job's state back and checks it against what the story says. */
async function expectPid(
  host: PluginHost,
  registration: Registration,
  isExpected: boolean,
  tell: Tell,
): Promise<number> {
  const status = await host.control.print(registration.target);
  if (status === undefined) throw unexpected(registration.label, 'is not loaded');
  tell(
    isExpected ? 'pid present' : 'pid absent',
    `${status.state}, pid ${status.pid ?? '-'}, runs ${status.runs}`,
  );
  if ((status.pid !== undefined) !== isExpected) {
    throw unexpected(
      registration.label,
      isExpected ? 'answered but has no process' : 'runs before its first message',
    );
  }
  return status.pid ?? 0;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function unexpected(name: string, problem: string): LaunchportError {
  return new LaunchportError('ERR_INTERNAL', `demo: ${name} ${problem}`, {
    hint: 'This is a bug in launchport. Please report it with the output above.',
  });
}

function toText(facts: string | Readonly<Record<string, unknown>>): string {
  return typeof facts === 'string' ? facts : JSON.stringify(facts);
}

function indent(text: string): string {
  return text.trimEnd().replaceAll(/^/gm, '                 ');
}
