/** `launchport doctor`: whether this machine can run launchport, and what to do where it cannot. */
import { printable } from '../../base/index.js';
import type { Capability } from '../../native/index.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { type Check, type CheckStatus, type Diagnosis, examine } from '../doctor/checks.js';
import { type Machine, thisMachine } from '../doctor/machine.js';
import { ExitStatus } from '../failure.js';
import { writeJson } from '../output/json.js';
import { type Column, writeTable } from '../output/table.js';

const MARKS: Readonly<Record<CheckStatus, string>> = {
  ok: 'ok',
  note: '-',
  warning: 'warning',
  failed: 'FAILED',
};
const MARK_WIDTH = 9;
const NAME_WIDTH = 21;

const COLUMNS: readonly Column<Capability>[] = [
  { heading: 'FUNCTION', cell: ({ name }) => name },
  { heading: 'SINCE', cell: ({ since }) => (since === '' ? 'Linux' : `macOS ${since}`) },
  { heading: 'AVAILABLE', cell: ({ isAvailable }) => (isAvailable ? 'yes' : 'no') },
];

/**
 * Writes what was found.
 * @param machine default: this one
 * @throws ExitStatus 1 when something that is needed is missing
 */
export async function doctor(
  context: CliContext,
  options: GlobalOptions,
  machine: Machine = thisMachine(context.environment),
): Promise<void> {
  const diagnosis = await examine(machine, context.signal);
  if (options.json) writeJson(context, diagnosis);
  else writeReport(context, diagnosis);
  if (!diagnosis.isUsable) throw new ExitStatus(1);
}

function writeReport(context: CliContext, { checks, capabilities, isUsable }: Diagnosis): void {
  for (const check of checks) writeCheck(context, check);
  if (capabilities.length > 0) {
    context.stdout.write('\n');
    writeTable(context, COLUMNS, capabilities);
  }
  const failed = checks.filter(({ status }) => status === 'failed').map(({ name }) => name);
  context.stdout.write(isUsable ? '\nlaunchport can be used.\n' : `\nFailed: ${failed.join(', ')}.\n`);
}

function writeCheck(context: CliContext, { name, status, finding, advice }: Check): void {
  const [first = '', ...rest] = finding.split('\n');
  const lines = advice === undefined ? rest : [...rest, `→ ${advice}`];
  context.stdout.write(`${MARKS[status].padEnd(MARK_WIDTH)}${name.padEnd(NAME_WIDTH)} ${printable(first)}\n`);
  const indent = ' '.repeat(MARK_WIDTH + NAME_WIDTH + 1);
  for (const line of lines) context.stdout.write(`${indent}${printable(line)}\n`);
}
