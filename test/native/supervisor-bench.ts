/** A supervisor port with what it reported, a directory to work in, and shell scripts to start. */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Handle, loadBinding, type SpawnOptions, type SupervisorPort } from '../../src/native/index.js';
import { eventually } from './eventually.js';

/** One report of an ended process. */
export interface Exit {
  readonly process: Handle;
  readonly exitCode: number;
  readonly signal: number;
}

/** Made before each test and closed after it. Active, so that a test's waits end. */
export class SupervisorBench {
  readonly directory = mkdtempSync(join(tmpdir(), 'lp-'));
  readonly port: SupervisorPort;
  readonly demands: number[] = [];
  readonly exits: Exit[] = [];
  readonly #opened: number[] = [];

  constructor() {
    const { openSupervisor } = loadBinding();
    if (openSupervisor === undefined) throw new Error('the binding has no supervisor');
    this.port = openSupervisor({
      demand: (descriptor) => this.demands.push(descriptor),
      exit: (process, exitCode, signal) => this.exits.push({ process, exitCode, signal }),
    });
    this.port.setActive(true);
  }

  /** Opens a file for as long as the test takes. */
  open(path: string, flags: string): number {
    const descriptor = openSync(path, flags);
    this.#opened.push(descriptor);
    return descriptor;
  }

  socketPath(name = 'com.example.service'): string {
    return join(this.directory, name);
  }

  /** A shell that ends at once, its streams on nothing. */
  options(overrides: Partial<SpawnOptions> = {}): SpawnOptions {
    const nothing = this.open('/dev/null', 'r+');
    return {
      file: '/bin/sh',
      args: ['sh', '-c', 'exit 0'],
      env: ['PATH=/usr/bin:/bin'],
      cwd: this.directory,
      stdio: [nothing, nothing, nothing],
      listeners: [],
      ...overrides,
    };
  }

  /** Runs a shell script to its end, and gives what it wrote. */
  async run(script: string, overrides: Partial<SpawnOptions> = {}): Promise<string> {
    const path = join(this.directory, 'output');
    const output = this.open(path, 'w');
    const base = this.options(overrides);
    const { process } = this.port.spawn({
      ...base,
      args: ['sh', '-c', script],
      stdio: overrides.stdio ?? [base.stdio[0], output, output],
    });
    await eventually('exit', () => this.exits.some((exit) => exit.process === process));
    return readFileSync(path, 'utf8');
  }

  close(): void {
    this.port.close();
    for (const descriptor of this.#opened) closeSync(descriptor);
    rmSync(this.directory, { recursive: true });
  }
}
