/** Boot: takes in the containers that earlier servers left, and goes on with those that still run. */
import { errorText } from '../base/index.js';
import { boundedMap, type RegistrationRecord } from '../plugin/index.js';
import { routeError } from '../routes/index.js';
import { ContainerEntry, type ContainerExit } from './container-entry.js';
import type { ContainerHost, ContainerLifecycle } from './container-lifecycle.js';
import { problemOf } from './problem.js';
import { RuntimeSession } from './runtime-session.js';

/** Runtimes that are asked at the same time: each answers from its memory, and one that hangs holds up one place. */
const CONCURRENCY = 16;

/**
 * Fills the table from disk; then looks after each container in the background, side by side and each within its
 * deadlines, until `settled`. What cannot be read, or has no runtime plugin any more, is kept and marked. Rejects only
 * when the directory of containers cannot be read.
 */
export async function restoreContainers(
  host: ContainerHost,
  lifecycle: ContainerLifecycle,
  signal: AbortSignal,
): Promise<{ readonly settled: Promise<void> }> {
  const { store, table, instances, logger, events } = host;
  const containers = await store.load();
  const records = await instances.records('container');
  const entries: ContainerEntry[] = [];
  const waiting = new Map<ContainerEntry, () => void>();
  for (const container of containers) {
    if ('problem' in container) {
      const { id, directory, problem } = container;
      logger.error('container cannot be read; nothing was deleted', { id, directory, problem });
      events.emit({ kind: 'container problem', id, problem });
      table.add(container);
    } else {
      const entry = new ContainerEntry(container);
      // Until its runtime has been asked, nobody may start it a second time.
      if (records.has(entry.id)) entry.status = 'unknown';
      entry.restoring = new Promise((resolve) => {
        waiting.set(entry, () => {
          entry.restoring = undefined;
          resolve();
        });
      });
      entries.push(entry);
      table.add(entry);
    }
  }
  const settled = boundedMap(entries, CONCURRENCY, (entry) => {
    const record = records.get(entry.id);
    return lifecycle
      .exclusive(entry.id, signal, () => restore(host, lifecycle, entry, record, signal))
      .catch((error: unknown) => mark(host, entry, error))
      .finally(() => waiting.get(entry)?.());
  }).then(() => reap(host, records));
  return { settled };
}

/** One container; the caller has its lock. */
async function restore(
  host: ContainerHost,
  lifecycle: ContainerLifecycle,
  entry: ContainerEntry,
  record: RegistrationRecord | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { instances, timeouts, store, logger } = host;
  const bounds = { timeout: timeouts.launchd, signal };
  const found = record === undefined ? undefined : await instances.running(record, bounds);
  if (found !== undefined) {
    const session = await RuntimeSession.open(host, found.instance, signal);
    try {
      const { snapshot } = await session.routes.call('state', {}, { timeout: timeouts.start, signal });
      if (snapshot.status === 'running' || snapshot.status === 'stopping') {
        await lifecycle.adopt(entry, session);
        await lifecycle.markRunning(entry, entry.startedAt ?? new Date());
        logger.info('container found running', { id: entry.id, pid: entry.pid });
        host.events.emit({ kind: 'container found', id: entry.id });
        return;
      }
      await session.routes.call('shutdown', {}, { timeout: timeouts.call }).catch(() => {});
    } finally {
      if (entry.run?.session !== session) await session.close();
    }
  }
  // It ended while no server was there, or was never started.
  const wasRunning = entry.startedAt !== undefined && entry.exit === undefined;
  entry.status = 'stopped';
  if (record !== undefined) await instances.deregister(record, bounds);
  // A bootstrap clears what the run before left; so a runtime's word is of a run that this state does not know yet.
  const left = await store.readExit(entry.directory);
  if (wasRunning || (record !== undefined && left !== undefined)) {
    const exit: ContainerExit = left ?? { at: new Date() };
    entry.exit = exit;
    await store.writeState(entry);
    const code = exit.code === undefined ? {} : { code: exit.code };
    logger.info('container ended while no server was there', { id: entry.id, ...code });
    host.events.emit({ kind: 'container exited', id: entry.id, ...code });
  }
  if (entry.autoRemove && entry.exit !== undefined) return lifecycle.remove(entry);
  await instances.plugin('container', entry.configuration.runtimeHandler);
}

/** The container stays as it is. Its next start, or its deletion, shows whether the problem has gone. */
function mark({ events, logger }: ContainerHost, entry: ContainerEntry, error: unknown): void {
  entry.problem = problemOf(error);
  logger.error('container not restored; nothing was deleted', { id: entry.id, error: errorText(error) });
  events.emit({ kind: 'container problem', id: entry.id, problem: entry.problem });
}

/**
 * A runtime that an earlier server left and that does not answer is not started over: its container may well run.
 * @throws LaunchportError, code `invalidState` on the wire
 */
export function assertKnown({ id, status, problem }: ContainerEntry): void {
  if (status !== 'unknown') return;
  throw routeError('invalidState', `nobody knows whether container ${id} runs: ${problem?.message ?? ''}`, {
    hint: `Stop it first, which ends its runtime: launchport stop ${id}`,
  });
}

/** Boots out a runtime that does not answer; the container has then stopped. @throws LaunchportError of launchd */
export async function abandonRuntime(
  { instances, timeouts, store, events }: ContainerHost,
  lifecycle: ContainerLifecycle,
  entry: ContainerEntry,
): Promise<void> {
  await lifecycle.exclusive(entry.id, undefined, async () => {
    if (entry.status !== 'unknown') return;
    const record = (await instances.records('container')).get(entry.id);
    if (record !== undefined) await instances.deregister(record, { timeout: timeouts.launchd });
    entry.status = 'stopped';
    entry.exit = (await store.readExit(entry.directory)) ?? { at: new Date() };
    await store.writeState(entry);
    entry.problem = undefined;
    events.emit({ kind: 'container exited', id: entry.id });
    if (entry.autoRemove) await lifecycle.remove(entry);
  });
}

/** Boots out runtimes whose container is not there any more: its removal, or its creation, was cut short. */
async function reap(
  { table, instances, timeouts, logger }: ContainerHost,
  records: ReadonlyMap<string, RegistrationRecord>,
): Promise<void> {
  for (const [id, record] of records) {
    if (table.find(id) !== undefined || table.findBroken(id) !== undefined) continue;
    await instances.deregister(record, { timeout: timeouts.launchd }).then(
      () => logger.info('runtime without a container booted out', { id }),
      (error: unknown) =>
        logger.warn('runtime without a container not booted out', { id, error: errorText(error) }),
    );
  }
}
