/** Checks of how a job starts: on demand, and with every command line that a host may give it. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BundleJobOptions } from '../harness/index.js';
import type { Plugin } from '../plugin/index.js';
import type { JobCheck } from './check.js';
import { CheckFailure } from './outcome.js';
import { explain, type Subject } from './subject.js';

const CHECK_IN_ADVICE = 'Listen on every Mach service of the configuration as soon as the process starts.';

/** Made first, for the others build on it. */
export const CHECK_IN: JobCheck = {
  id: 'check-in',
  title: 'is started by its first message and checks in',
  severity: 'required',
  needs: 'nothing',
  async run({ failure, job }) {
    if (failure !== undefined) throw new CheckFailure(failure, CHECK_IN_ADVICE);
    return [...job.services.values()].join(', ') || 'it has no services, and runs';
  },
};

/** A start that differs in one thing from the plain one, which has succeeded by then. */
function startCheck(
  info: Pick<JobCheck, 'id' | 'title' | 'severity'>,
  advice: string,
  variation: (subject: Subject) => Promise<readonly [Plugin, BundleJobOptions]>,
): JobCheck {
  return {
    ...info,
    async run(subject) {
      const job = await subject.load(...(await variation(subject)));
      try {
        await subject.demand(job);
      } catch (error) {
        throw new CheckFailure(await explain(error, job), advice);
      } finally {
        // One that ignores SIGTERM would be waited for.
        if (subject.end === undefined) await job.kill('SIGKILL').catch(() => {});
        await job.unload();
      }
      return undefined;
    },
  };
}

/** Each with a job of its own; the shared one is unloaded before. */
export const START_CHECKS: readonly JobCheck[] = [
  startCheck(
    { id: 'argv-debug', title: 'starts with --debug', severity: 'required' },
    'A host that is started with --debug passes it on: accept it.',
    async ({ plugin }) => [plugin, { debug: true }],
  ),
  startCheck(
    { id: 'argv-resources', title: 'starts with --resources DIRECTORY', severity: 'required' },
    'Accept --resources: every host passes it when the bundle has an entry "resources".',
    async ({ plugin, bench }) => {
      const resourcesPath = plugin.resourcesPath ?? join(bench.directory, 'resources');
      if (plugin.resourcesPath === undefined) await mkdir(resourcesPath, { recursive: true });
      return [{ ...plugin, resourcesPath }, {}];
    },
  ),
  startCheck(
    {
      id: 'argv-unknown',
      title: 'starts with arguments it does not know at the end',
      severity: 'recommended',
    },
    'Ignore what you do not know: newer hosts may pass more.',
    async ({ plugin }) => [withArguments(plugin, ['--launchport-verify', 'unknown', 'trailing']), {}],
  ),
  startCheck(
    { id: 'no-output', title: 'starts with its output going nowhere', severity: 'required' },
    'Do without standard output and error: launchd discards both.',
    async ({ plugin }) => [plugin, { hasOutput: false }],
  ),
];

function withArguments(plugin: Plugin, more: readonly string[]): Plugin {
  const { servicesConfig } = plugin.config;
  if (servicesConfig === undefined) return plugin;
  const defaultArguments = [...servicesConfig.defaultArguments, ...more];
  return { ...plugin, config: { ...plugin.config, servicesConfig: { ...servicesConfig, defaultArguments } } };
}
