/** `launchport plist lint`: what would keep jobs from working, told before they are loaded. */
import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { EXIT_CODES, errorText, printable } from '../../base/index.js';
import {
  type LaunchdSystem,
  type LintOptions,
  lintJobPlist,
  MAX_PLIST_BYTES,
  type PlistFinding,
  parseDomainTarget,
} from '../../launchd/index.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { ExitStatus } from '../failure.js';
import { writeJson } from '../output/json.js';

/** Options of `plist lint`. */
export interface PlistLintOptions extends GlobalOptions {
  readonly system?: LaunchdSystem;
  readonly domain?: string;
}

/** What was found in one file. */
interface FileReport {
  /** As typed. */
  readonly file: string;
  readonly findings: readonly PlistFinding[];
}

/**
 * Writes one line for each finding, with its hint below, and `ok` for a file without any.
 * @throws ExitStatus 6 when a file has an error or cannot be read
 */
export async function plistLint(
  context: CliContext,
  files: readonly string[],
  options: PlistLintOptions,
): Promise<void> {
  const rules: LintOptions = {
    system: options.system ?? (process.platform === 'darwin' ? 'darwin' : 'linux'),
    ...(options.domain === undefined ? {} : { domain: parseDomainTarget(options.domain) }),
  };
  const reports: FileReport[] = [];
  for (const file of files) {
    const report = { file, findings: await lintFile(context, file, rules) };
    reports.push(report);
    if (!options.json) writeReport(context, report);
  }
  if (options.json) writeJson(context, reports);
  const hasError = reports.some(({ findings }) => findings.some(({ severity }) => severity === 'error'));
  if (hasError) throw new ExitStatus(EXIT_CODES.config);
}

async function lintFile(
  context: CliContext,
  file: string,
  rules: LintOptions,
): Promise<readonly PlistFinding[]> {
  const path = file === '-' ? undefined : resolve(context.cwd, file);
  let content: Uint8Array;
  try {
    content = await readAll(path === undefined ? context.stdin() : createReadStream(path));
  } catch (error) {
    if (context.signal.aborted) throw error;
    const hint = 'Check that the file exists and that you may read it.';
    return [{ severity: 'error', message: `cannot be read: ${errorText(error)}`, hint }];
  }
  return lintJobPlist(content, path, rules);
}

/** As much as is needed to see that it is too much. */
async function readAll(source: AsyncIterable<Uint8Array | string>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    chunks.push(bytes);
    size += bytes.length;
    if (size > MAX_PLIST_BYTES) break;
  }
  return Buffer.concat(chunks);
}

function writeReport(context: CliContext, { file, findings }: FileReport): void {
  const write = (text: string) => context.stdout.write(`${printable(text)}\n`);
  if (findings.length === 0) write(`${file}: ok`);
  for (const { severity, key, message, hint } of findings) {
    write(`${file}: ${severity}: ${key === undefined ? '' : `${key}: `}${message}`);
    if (hint !== undefined) write(`  ${hint}`);
  }
}
