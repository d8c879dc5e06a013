/** A peer as one who takes part: its server and its clients, each in a process of its own. */
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Arena,
  endCommand,
  type Outcome,
  PATIENCE_MS,
  type Participant,
  runClients,
  withServerReason,
} from './contender.js';
import { EndProcess } from './end-process.js';
import type { PeerInfo } from './peers/catalog.js';
import type { Work } from './plan.js';
import type { ReadyLine, Task } from './task.js';

/** Where it is installed, and where its sockets are made. */
export interface PeerPlace {
  readonly folder: string;
  readonly directory: string;
}

/** Another way to talk. */
export class PeerParticipant implements Participant {
  readonly name: string;
  readonly #peer: PeerInfo;
  readonly #arena: Arena;
  readonly #place: PeerPlace;

  constructor(peer: PeerInfo, arena: Arena, place: PeerPlace) {
    this.name = peer.name;
    this.#peer = peer;
    this.#arena = arena;
    this.#place = place;
  }

  tasks({ tasks, clients }: Work): readonly Task[] {
    // A server that its client starts has no other.
    if (clients > 1 && this.#peer.isStartedByClient === true) return [];
    return tasks.filter(({ payload }) => payload <= (this.#peer.largest ?? Number.POSITIVE_INFINITY));
  }

  async measure(work: Work, signal: AbortSignal): Promise<readonly Outcome[]> {
    const { folder, directory } = this.#place;
    // Its own each time: whatever a broker leaves there is in nobody's way.
    const address = join(await mkdtemp(join(directory, 'p-')), 's');
    const order = { transport: this.name, folder, addresses: [address], serverPrefix: [] };
    const { environment } = this.#arena;
    const server = this.#peer.isStartedByClient
      ? undefined
      : new EndProcess(endCommand(this.#arena, work, 'server', order), {
          what: `the server of ${this.name}`,
          environment,
          signal,
        });
    try {
      await server?.next<ReadyLine>(PATIENCE_MS);
      const serverPrefix = this.#arena.pinning.prefix(work.placement, 'server');
      const client = { ...order, serverPrefix, tasks: this.tasks(work) };
      return await runClients(this.#arena, work, client, environment, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw withServerReason(error, server?.failure);
    } finally {
      await server?.end();
    }
  }
}
