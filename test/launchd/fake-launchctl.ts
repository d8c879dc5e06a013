/** A scripted launchctl: answers by verb, in order, and notes what it was asked. Its clock moves only by waiting. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { BudgetClock } from '../../src/base/index.js';
import type { CommandResult, CommandRunner } from '../../src/launchd/index.js';

/** One answer; `hang` never answers, so the runner kills it when its time is up. */
export type Answer = { exit?: number; stdout?: string; stderr?: string } | 'hang';

const FIXTURES = join(import.meta.dirname, '../../fixtures');

export const ECHO = 'gui/501/com.example.echo';

/** The text of a launchctl fixture. */
export function fixture(name: string): string {
  return readFileSync(join(FIXTURES, 'launchctl', name), 'utf8');
}

/** The path of a plist fixture. Its owner and mode are whatever the checkout made of them. */
export function plistFixture(name: string): string {
  return join(FIXTURES, 'plists', name);
}

/** Copies the plist fixtures to where only this user can write them, until the test file ends. */
export function privatePlists(): (name: string) => string {
  const directory = mkdtempSync(join(tmpdir(), 'lp-'));
  for (const name of readdirSync(join(FIXTURES, 'plists'))) {
    const bytes = readFileSync(plistFixture(name));
    // A program that exists wherever the tests run.
    const text = bytes.toString('latin1').replaceAll('/usr/local/libexec/echo', '/bin/echo');
    const isText = text.startsWith('<?xml');
    writeFileSync(join(directory, name), isText ? Buffer.from(text, 'latin1') : bytes, { mode: 0o600 });
  }
  afterAll(() => rmSync(directory, { recursive: true }));
  return (name) => join(directory, name);
}

/** The answer of `print` with the text of a fixture. */
export function printed(name: string): Answer {
  return { stdout: fixture(`print/${name}`) };
}

export const absent: Answer = {
  exit: 113,
  stderr: 'Could not find service "com.example.echo" in domain for user gui: 501\n',
};

/** `bootstrap` failing as it does on macOS. */
export function bootstrapFailed(number: number, text: string): Answer {
  return { exit: number, stderr: `Bootstrap failed: ${number}: ${text}\n` };
}

const DEFAULTS: Readonly<Record<string, Answer>> = { managername: { stdout: 'Aqua\n' } };

export class FakeLaunchctl {
  /** What was run, without `print`: `bootstrap gui/501 /path`. */
  readonly commands: string[] = [];
  prints = 0;
  readonly clock: BudgetClock & { time: number };
  readonly #script: Map<string, Answer[]>;

  /** The last answer of each verb repeats. A verb without a script fails the test. */
  constructor(script: Readonly<Record<string, readonly Answer[]>>) {
    this.#script = new Map(Object.entries(script).map(([verb, answers]) => [verb, [...answers]]));
    const clock = {
      time: 0,
      now: () => clock.time,
      delay: async (ms: number) => {
        clock.time += ms;
      },
    };
    this.clock = clock;
  }

  /** For a control on a system that has been up for a day. */
  get options() {
    return { runner: this.runner, clock: this.clock, uptime: () => 86_400, environment: {} };
  }

  readonly runner: CommandRunner = async (file, args, { timeout, signal }): Promise<CommandResult> => {
    signal?.throwIfAborted();
    if (file !== '/bin/launchctl') throw new Error(`ran ${file}`);
    const verb = args[0] ?? '';
    if (verb === 'print') this.prints++;
    else this.commands.push(args.join(' '));
    const answers = this.#script.get(verb);
    const scripted = answers !== undefined && answers.length > 1 ? answers.shift() : answers?.[0];
    const answer = scripted ?? DEFAULTS[verb];
    if (answer === undefined) throw new Error(`no answer for ${args.join(' ')}`);
    if (answer === 'hang') {
      this.clock.time += timeout;
      return { exitStatus: undefined, signal: 'SIGKILL', isTimedOut: true, stdout: '', stderr: '' };
    }
    const { exit = 0, stdout = '', stderr = '' } = answer;
    return { exitStatus: exit, signal: undefined, isTimedOut: false, stdout, stderr };
  };
}
