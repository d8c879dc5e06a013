/** Checks of the files of a bundle: layout, configuration, executable. Nothing is run. */
import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { errorText, isLaunchportError, LaunchportError } from '../base/index.js';
import {
  assertPluginName,
  isCliPlugin,
  LAYOUTS,
  type LoadedBundle,
  launchdLabel,
  loadBundle,
  type Plugin,
  type PluginDiagnostic,
} from '../plugin/index.js';
import type { CheckInfo } from './check.js';
import type { CheckResult } from './report.js';

/** The checks, in the order of a report. */
export const BUNDLE_CHECKS = {
  layout: { id: 'layout', title: 'is a directory that holds a plugin', severity: 'required' },
  name: { id: 'name', title: 'has a name that labels and services can carry', severity: 'required' },
  config: { id: 'config', title: 'has a configuration that hosts can read', severity: 'required' },
  remarks: { id: 'config-remarks', title: 'has nothing odd in its configuration', severity: 'recommended' },
  binary: { id: 'binary', title: 'has an executable, named as the plugin', severity: 'required' },
  interpreter: { id: 'interpreter', title: 'has an interpreter for its script', severity: 'required' },
} as const satisfies Record<string, CheckInfo>;

/** What was found, with the plugin when it can be run. */
export interface BundleFindings {
  readonly results: readonly CheckResult[];
  readonly plugin?: Plugin;
}

/** Checks the bundle at an absolute path. @throws LaunchportError ERR_PLUGIN_NOT_FOUND when nothing is there */
export async function checkBundle(path: string): Promise<BundleFindings> {
  const status = await stat(path).catch((cause: unknown) => {
    throw new LaunchportError('ERR_PLUGIN_NOT_FOUND', `${path}: ${errorText(cause)}`, {
      hint: 'Give the path of a bundle: the directory with its configuration, or NAME.app.',
      details: { path },
      cause,
    });
  });
  const { layout, name, config, remarks, binary, interpreter } = BUNDLE_CHECKS;
  const skipped = (why: string, ...checks: readonly CheckInfo[]) =>
    checks.map((check): CheckResult => ({ ...check, result: 'skip', detail: why }));
  if (!status.isDirectory()) {
    const results = [fail(layout, 'it is no directory', 'Give the directory of the bundle.')];
    return {
      results: [...results, ...skipped('there is no bundle', name, config, remarks, binary, interpreter)],
    };
  }
  const read = await readBundle(path);
  if (read === undefined) {
    const results = [fail(layout, 'it has none of config.toml, config.json and plugin.json', LAYOUT_ADVICE)];
    return {
      results: [...results, ...skipped('there is no bundle', name, config, remarks, binary, interpreter)],
    };
  }
  const good: CheckResult[] = [{ ...layout, result: 'pass' }];
  if (read instanceof LaunchportError) {
    const isConfig = read.code === 'ERR_PLUGIN_CONFIG';
    const named = checkName(basename(path).replace(/\.app$/, ''), false);
    const failure = fail(isConfig ? config : binary, read.message, read.hint ?? 'Correct it.');
    const rest = isConfig
      ? [failure, ...skipped('the configuration cannot be read', remarks, binary, interpreter)]
      : [
          { ...config, result: 'pass' } as const,
          ...skipped('there is no executable', remarks),
          failure,
          ...skipped('there is no executable', interpreter),
        ];
    return { results: [...good, named, ...rest] };
  }
  const { plugin, diagnostics } = read;
  const script = await checkInterpreter(plugin.binaryPath);
  const results: CheckResult[] = [
    ...good,
    checkName(plugin.name, !isCliPlugin(plugin)),
    { ...config, result: 'pass', detail: plugin.format },
    checkRemarks(diagnostics),
    { ...binary, result: 'pass' },
    script,
  ];
  const isUsable = results.every(({ result, severity }) => result !== 'fail' || severity !== 'required');
  return { results, ...(isUsable ? { plugin } : {}) };
}

const LAYOUT_ADVICE =
  'Put the configuration beside bin/NAME, or, in NAME.app, into Contents/Resources; launchport plugin init writes both.';

function fail(check: CheckInfo, detail: string, advice: string): CheckResult {
  return { ...check, result: 'fail', detail, advice };
}

async function readBundle(path: string): Promise<LoadedBundle | LaunchportError | undefined> {
  let failure: LaunchportError | undefined;
  for (const layout of LAYOUTS) {
    try {
      const bundle = await loadBundle(path, layout);
      if (bundle !== undefined) return bundle;
    } catch (error) {
      if (!isLaunchportError(error)) throw error;
      failure ??= error;
    }
  }
  return failure;
}

function checkName(name: string, isDaemon: boolean): CheckResult {
  try {
    assertPluginName(name);
    if (isDaemon) launchdLabel(name);
    return { ...BUNDLE_CHECKS.name, result: 'pass' };
  } catch (error) {
    return fail(BUNDLE_CHECKS.name, errorText(error), 'Use letters, digits, dots, hyphens and underscores.');
  }
}

function checkRemarks(diagnostics: readonly PluginDiagnostic[]): CheckResult {
  const [first] = diagnostics.filter(({ severity }) => severity !== 'debug');
  if (first === undefined) return { ...BUNDLE_CHECKS.remarks, result: 'pass' };
  return fail(BUNDLE_CHECKS.remarks, first.message, first.hint ?? 'Remove it.');
}

async function checkInterpreter(binary: string): Promise<CheckResult> {
  const check = BUNDLE_CHECKS.interpreter;
  const head = await readHead(binary);
  if (!head.startsWith('#!')) {
    return { ...check, result: 'skip', detail: 'the executable is no script' };
  }
  const line = (head.slice(2).split('\n')[0] ?? '').trim();
  const program = line.split(/\s+/)[0] ?? '';
  if (line.endsWith('\r') || head.split('\n')[0]?.endsWith('\r')) {
    return fail(check, 'its first line ends in a carriage return', 'Save the script with Unix line ends.');
  }
  if (!program.startsWith('/')) {
    return fail(check, `its interpreter is no absolute path: ${JSON.stringify(program)}`, 'Write #!/bin/sh.');
  }
  const exists = await stat(program).then(
    (status) => status.isFile(),
    () => false,
  );
  if (!exists) return fail(check, `its interpreter does not exist: ${program}`, 'Write #!/bin/sh.');
  return { ...check, result: 'pass', detail: program };
}

/** The first bytes, as Latin-1. */
async function readHead(path: string): Promise<string> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return '';
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(256), 0, 256, 0);
    return buffer.subarray(0, bytesRead).toString('latin1');
  } finally {
    await file.close();
  }
}
