/** A process of the mock world: what it holds, and how it ends. */
import type { PeerCredentials } from '../targets.js';
import type { Identity } from './requirement.js';
import type { ListeningSocket } from './socket.js';

/** How a process ended. */
export interface ProcessEnd {
  readonly exitCode: number;
  /** 0 for a normal exit. */
  readonly signal: number;
}

/** What a process holds, closed with it. */
export interface ProcessResource {
  close(): void;
  /** How many shared memories it has, if it has any. */
  readonly memories?: number;
}

/** What the world keeps of a process. */
export class ProcessState implements Identity {
  readonly credentials: PeerCredentials;
  readonly executable: string | undefined;
  /** Message ports and supervisor ports, closed when the process ends. */
  readonly ports = new Set<ProcessResource>();
  /** Listening sockets it was started with, by name. */
  readonly listeners = new Map<string, ListeningSocket>();
  /** Ports that say it is busy. */
  readonly busyPorts = new Set<object>();
  readonly #checkedIn = new Set<string>();
  /** Called for a signal; true means handled, otherwise the default action is taken. */
  onSignal: ((signal: NodeJS.Signals) => boolean) | undefined;
  /** Called once, after everything the process held is closed. */
  onEnd: ((end: ProcessEnd) => void) | undefined;
  #end: ProcessEnd | undefined;

  constructor(credentials: PeerCredentials, executable?: string) {
    this.credentials = credentials;
    this.executable = executable;
  }

  get pid(): number {
    return this.credentials.pid;
  }

  get isAlive(): boolean {
    return this.#end === undefined;
  }

  /** Takes the listening socket it was started with for `name`; one listener at a time has it. */
  checkIn(name: string): ListeningSocket | undefined {
    const socket = this.#checkedIn.has(name) ? undefined : this.listeners.get(name);
    if (socket !== undefined) this.#checkedIn.add(name);
    return socket;
  }

  giveBack(name: string): void {
    this.#checkedIn.delete(name);
  }

  /** Closes all it holds, then reports. A second end is ignored. */
  finish(end: ProcessEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    for (const port of [...this.ports]) port.close();
    for (const socket of this.listeners.values()) socket.release();
    this.listeners.clear();
    this.onEnd?.(end);
  }
}
