/** Loading and unloading a job as user units: every step is undone when a later one fails. */
import { readFile, rm } from 'node:fs/promises';
import { Budget, type ErrorCode, LaunchportError } from '../base/index.js';
import { type ControlMeaning, type DomainTarget, serviceTarget } from '../launchd/index.js';
import type { CallSubject, SystemctlTool } from './systemctl-tool.js';
import type { UnitFiles } from './unit-files.js';
import { isKnownUnit, serviceState } from './unit-status.js';
import type { SystemdUnits } from './units.js';

/** Milliseconds between two looks at a job that is ending. */
const POLL_MS = 200;
/** Milliseconds for undoing, whatever became of the call's own time. */
const UNDO_MS = 10_000;

/** What loading works with. */
export interface LoadingTools {
  readonly tool: SystemctlTool;
  readonly files: UnitFiles;
  /** Where the job notes its last start. */
  readonly throttleFile: string;
  /** Lists the machine's Unix sockets (proc_net(5), unix). */
  readonly socketTable: string;
}

/** An error about a job, with the facts every such error has. */
export function systemdJobError(
  code: ErrorCode,
  meaning: ControlMeaning,
  subject: { readonly domain: string; readonly label: string },
  what: string,
  hint: string,
  details: Readonly<Record<string, unknown>> = {},
): LaunchportError {
  const target = `${subject.domain}/${subject.label}`;
  return new LaunchportError(code, `job ${subject.label} ${what}`, {
    hint,
    details: { ...subject, target, ...details, meaning },
  });
}

/**
 * Refuses a name that another job or another program serves: systemd would take the socket's path away from it.
 * @throws LaunchportError ERR_LAUNCHD_SERVICE_TAKEN with `details.owner`
 */
export async function assertServicesFree(
  sockets: ReadonlyMap<string, string>,
  subject: { readonly domain: DomainTarget; readonly label: string },
  { files, socketTable }: LoadingTools,
): Promise<void> {
  const taken = (service: string, owner: string) =>
    new LaunchportError('ERR_LAUNCHD_SERVICE_TAKEN', `Mach service ${service} belongs to ${owner}`, {
      hint: 'Unload its owner first, or choose another name.',
      details: { ...subject, service, owner, meaning: 'serviceTaken' },
    });
  for (const kept of (await files.jobs()).values()) {
    if (kept.label === subject.label) continue;
    const shared = kept.endpoints.find(({ name }) => sockets.has(name));
    if (shared !== undefined) throw taken(shared.name, serviceTarget(subject.domain, kept.label));
  }
  const table = await readFile(socketTable, 'utf8').catch(() => '');
  const paths = new Set(
    table
      .split('\n')
      .filter(isListening)
      .map((line) => line.slice(line.indexOf('/'))),
  );
  for (const [service, path] of sockets) {
    if (paths.has(path)) throw taken(service, `whoever listens at ${path}`);
  }
}

/** Of `num refcount protocol flags type state inode path`, with __SO_ACCEPTCON in the flags. */
function isListening(line: string): boolean {
  return line.includes('/') && line.trim().split(/\s+/)[3] === '00010000';
}

/**
 * Writes the units, has them read and starts what is to wait for work, or undoes all of it.
 * @throws LaunchportError of the step that failed; the system's error when the files cannot be written
 */
export async function loadUnits(
  stem: string,
  plan: SystemdUnits,
  subject: CallSubject,
  budget: Budget,
  tools: LoadingTools,
): Promise<void> {
  const { tool, files } = tools;
  const installed = [...plan.triggers, ...(plan.startsAtLoad ? [plan.service] : [])];
  await files.write(stem, plan.units);
  try {
    await tool.demand(['daemon-reload'], budget, subject);
    if (plan.triggers.length > 0) await tool.demand(['start', '--', ...plan.triggers], budget, subject);
    // Not waited for: launchd's bootstrap does not tell either whether the program started.
    if (plan.startsAtLoad) await tool.demand(['start', '--no-block', '--', plan.service], budget, subject);
    if (installed.length > 0) await tool.demand(['--quiet', 'enable', '--', ...installed], budget, subject);
    await files.commit(stem);
  } catch (error) {
    await removeUnits(stem, subject, undoBudget(budget), tools).catch(() => {});
    throw error;
  }
}

/**
 * Stops sockets and service in one go, so that no waiting client starts the service again, and takes the units away.
 * @throws LaunchportError ERR_LAUNCHD_BUSY when the job does not end in time: its units then stay
 */
export async function removeUnits(
  stem: string,
  subject: CallSubject,
  budget: Budget,
  { tool, files, throttleFile }: LoadingTools,
): Promise<void> {
  const service = `${stem}.service`;
  const own = await files.of(stem);
  const units = [...new Set([...own, service])];
  await tool.run(['stop', '--', ...units], budget, subject);
  // It answers with an error for a unit that was never loaded; what counts is what is left.
  await waitForEnd(units, subject, budget, tool);
  if (own.length > 0) await tool.run(['--quiet', 'disable', '--', ...own], budget, subject);
  await files.remove(stem);
  await rm(throttleFile, { force: true });
  await tool.demand(['daemon-reload'], budget, subject);
  await tool.run(['reset-failed', '--', ...units], budget, subject);
}

async function waitForEnd(
  units: readonly string[],
  subject: CallSubject,
  budget: Budget,
  tool: SystemctlTool,
): Promise<void> {
  for (;;) {
    const shown = await tool.show(units, budget, subject);
    const left = [...shown].filter(
      ([, properties]) => isKnownUnit(properties) && serviceState(properties) !== 'not running',
    );
    if (left.length === 0) return;
    const { remaining } = budget;
    if (remaining > POLL_MS && (await budget.pause(POLL_MS)) && budget.remaining > 0) continue;
    throw new LaunchportError(
      'ERR_LAUNCHD_BUSY',
      `units still end: ${left.map(([name]) => name).join(', ')}`,
      {
        hint: 'Wait for their ExitTimeOut and unload the job again.',
        details: { ...subject, units: left.map(([name]) => name), meaning: 'busy' },
      },
    );
  }
}

/** A fresh time, also after an abort: what was begun has to be taken back. */
function undoBudget(budget: Budget): Budget {
  return new Budget(`undoing ${budget.what}`, { timeout: UNDO_MS }, budget.clock);
}
