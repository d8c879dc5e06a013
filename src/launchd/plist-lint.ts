/** Says of a job plist what would keep it from working, before launchd does, or silently does not. */
import { basename } from 'node:path';
import { isLaunchportError } from '../base/index.js';
import { inspectJobPlist } from './plist.js';
import type { LintOptions, PlistFinding } from './plist-finding.js';
import { definitionFindings } from './plist-lint-definition.js';
import { fileFindings, pathFindings } from './plist-lint-files.js';
import { ignoredKeys } from './plist-lint-keys.js';

const ORDER = { error: 0, warning: 1, info: 2 } as const;

/**
 * Checks a job plist, and the files it names, without loading anything. Findings come errors first; none means that
 * nothing is known to be wrong. Never throws for what is wrong with the plist.
 * @param bytes the content, XML or binary
 * @param path the file, which must have been read from there for its owner and mode to be checked; undefined for a
 *   plist that comes from no file
 */
export async function lintJobPlist(
  bytes: string | Uint8Array,
  path: string | undefined,
  options: LintOptions,
): Promise<readonly PlistFinding[]> {
  const uid = options.uid ?? process.geteuid?.() ?? 0;
  const findings: PlistFinding[] = path === undefined ? [] : await fileFindings(path, uid, options.system);
  try {
    const { definition, notes } = inspectJobPlist(bytes);
    findings.push(
      ...notes.map(({ key, text }): PlistFinding => ({ severity: 'warning', key, message: text })),
      ...(path === undefined ? [] : labelFindings(definition.Label, path)),
      ...definitionFindings(definition, options),
      ...ignoredKeys(definition, options),
      ...(await pathFindings(definition)),
    );
  } catch (error) {
    if (!isLaunchportError(error, 'ERR_LAUNCHD_PLIST')) throw error;
    const { key } = error.details;
    findings.push({
      severity: 'error',
      ...(typeof key === 'string' ? { key } : {}),
      message: error.message.replace(/^bad job plist: /, ''),
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
  return findings.sort((a, b) => ORDER[a.severity] - ORDER[b.severity]);
}

function labelFindings(label: string, path: string): PlistFinding[] {
  const name = basename(path);
  if (name === `${label}.plist`) return [];
  return [
    {
      severity: 'warning',
      key: 'Label',
      message: `Label ${label} and the file name ${name} differ`,
      hint: `Name the file ${label}.plist, so that people and tools find it.`,
    },
  ];
}
