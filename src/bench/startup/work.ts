/** The work that is measured from inside: in a process of its own, whose memory and descriptors are its alone. */
import { readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LaunchportError } from '../../base/index.js';
import { PluginHost } from '../../harness/index.js';
import { writeJobPlist } from '../../launchd/index.js';
import { PluginCatalog } from '../../plugin/index.js';
import { RouteClient } from '../../routes/index.js';
import { Supervisor } from '../../supervisor/index.js';
import { ROUTE, STARTED } from './bundles.js';
import type { StartupOrder, StartupResult } from './order.js';

/** Milliseconds that a start, or the end of all jobs, may take on a busy machine. */
const TIMEOUT_MS = 60_000;

/** Does what is ordered. @throws LaunchportError of what failed */
export function measure(order: StartupOrder): Promise<StartupResult> {
  switch (order.work) {
    case 'discovery':
      return discover(order);
    case 'registration':
      return register(order);
    case 'cold start':
      return startCold(order);
  }
}

async function discover({
  bundles,
  count,
  rounds,
}: Extract<StartupOrder, { work: 'discovery' }>): Promise<StartupResult> {
  const catalog = new PluginCatalog({ directories: [bundles] });
  return inRounds(rounds, async () => {
    const begin = performance.now();
    const { plugins } = await catalog.scan();
    const elapsed = performance.now() - begin;
    if (plugins.length !== count)
      throw new LaunchportError('ERR_INTERNAL', `found ${plugins.length} of ${count} bundles`);
    return elapsed;
  });
}

async function register({
  directory,
  count,
  rounds,
}: Extract<StartupOrder, { work: 'registration' }>): Promise<StartupResult> {
  await mkdir(directory, { recursive: true });
  const labels = Array.from({ length: count }, (_, index) => `com.launchport.bench.${index}`);
  const plists = labels.map((label) => join(directory, `${label}.plist`));
  for (const [index, label] of labels.entries())
    await writeJobPlist(plists[index] as string, {
      Label: label,
      ProgramArguments: [process.execPath],
      MachServices: { [label]: true },
    });
  let descriptors = Number.NaN;
  const result = await inRounds(rounds, async () => {
    const supervisor = await Supervisor.start({ directory: join(directory, 'run') });
    try {
      const domain = await supervisor.defaultDomain();
      const before = openDescriptors();
      const begin = performance.now();
      for (const plist of plists) await supervisor.bootstrap(domain, plist);
      const elapsed = performance.now() - begin;
      descriptors = (openDescriptors() - before) / count;
      return elapsed;
    } finally {
      await supervisor.stop({ timeout: TIMEOUT_MS });
    }
  });
  return { ...result, descriptors };
}

async function startCold({
  directory,
  bundles,
  rounds,
}: Extract<StartupOrder, { work: 'cold start' }>): Promise<StartupResult> {
  await using host = await PluginHost.start({
    pluginDirectories: [bundles],
    directory: join(directory, 'run'),
    roots: { app: join(directory, 'app'), install: join(directory, 'install') },
    ...(process.platform === 'darwin'
      ? { prefix: `com.launchport.bench-${process.pid}.` }
      : { supervisor: 'embedded' as const }),
  });
  const plugin = await host.catalog.find(STARTED);
  // Awaited: the host lives as long as this.
  return await inRounds(rounds, async () => {
    const registration = await host.registrar.register(plugin, { timeout: TIMEOUT_MS });
    const service = registration?.services[0];
    if (registration === undefined || service === undefined)
      throw new LaunchportError('ERR_INTERNAL', 'nothing was registered');
    try {
      await using connection = host.transport.connect(service, { bootstrap: host.bootstrap });
      const client = new RouteClient(connection);
      const begin = performance.now();
      await client.callRaw(ROUTE, {}, { timeout: TIMEOUT_MS });
      return performance.now() - begin;
    } finally {
      // Ends its process too: each round starts another.
      await host.registrar.deregister(registration, { timeout: TIMEOUT_MS });
    }
  });
}

/** The first round warms up. */
async function inRounds(count: number, round: () => Promise<number>): Promise<StartupResult> {
  const rounds: number[] = [];
  for (let i = -1; i < count; i++) {
    const elapsed = await round();
    if (i >= 0) rounds.push(elapsed);
  }
  return { rounds };
}

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}
