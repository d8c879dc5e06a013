/** `launchport plugin verify BUNDLE`: the conformance kit, as a table or as JSON. */
import { resolve } from 'node:path';
import { printable } from '../../base/index.js';
import type { ServiceType } from '../../plugin/index.js';
import { type CheckResult, verifyBundle } from '../../verify/index.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { ExitStatus } from '../failure.js';
import { writeJson } from '../output/json.js';
import { writeTable } from '../output/table.js';

/** Options of `plugin verify`. */
export interface PluginVerifyOptions extends GlobalOptions {
  readonly type?: ServiceType;
  /** Seconds. */
  readonly timeout: number;
  readonly only?: readonly string[];
}

/** Verifies and tells. @throws ExitStatus 1 when a required check failed */
export async function pluginVerify(
  context: CliContext,
  bundle: string,
  options: PluginVerifyOptions,
): Promise<void> {
  const report = await verifyBundle(resolve(context.cwd, bundle), {
    timeout: options.timeout * 1000,
    signal: context.signal,
    environment: context.environment,
    ...(options.type === undefined ? {} : { type: options.type }),
    ...(options.only === undefined ? {} : { only: options.only }),
  });
  if (options.json) writeJson(context, report);
  else {
    writeResults(context, report.checks);
    const count = (wanted: CheckResult['result']) =>
      report.checks.filter(({ result }) => result === wanted).length;
    context.stdout.write(
      `\n${printable(report.name ?? report.bundle)}: ${report.passed ? 'passed' : 'FAILED'}; ` +
        `${count('pass')} passed, ${count('fail')} failed, ${count('skip')} skipped\n`,
    );
  }
  if (!report.passed) throw new ExitStatus(1);
}

function writeResults(context: CliContext, checks: readonly CheckResult[]): void {
  writeTable(
    context,
    [
      { heading: 'CHECK', cell: ({ id }) => id },
      { heading: 'RESULT', cell: resultText },
      { heading: 'WHAT', cell: ({ title }) => title },
    ],
    checks,
  );
  for (const { id, result, detail, advice } of checks) {
    if (result === 'pass' || detail === undefined) continue;
    context.stdout.write(`\n${id}: ${printable(detail)}\n`);
    if (advice !== undefined) context.stdout.write(`  ${printable(advice)}\n`);
  }
}

function resultText({ result, severity }: CheckResult): string {
  if (result !== 'fail') return result;
  return severity === 'required' ? 'FAIL' : 'advice';
}
