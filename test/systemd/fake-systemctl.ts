/** A user manager in memory behind `systemctl --user`: it knows the units in a directory once they were reloaded. */
import { readdirSync } from 'node:fs';
import type { CommandResult, CommandRunner } from '../../src/launchd/index.js';

/** One answer; `hang` never answers, so the runner kills it when its time is up. */
export type Answer = { readonly exit?: number; readonly stdout?: string; readonly stderr?: string } | 'hang';

interface Unit {
  active: string;
  sub: string;
  pid: number;
  code: number;
  status: number;
  result: string;
  starts: number;
}

/** What a program that runs does when it is started: goes on, ends with a code, or cannot be executed. */
export type Behaviour = 'runs' | 'cannot start';

export class FakeSystemctl {
  /** What was run, without `show`: `start -- a.socket`. */
  readonly commands: string[] = [];
  readonly units = new Map<string, Unit>();
  readonly masked = new Set<string>();
  readonly installed = new Set<string>();
  /** Answers that outweigh the manager's own, by verb; each is given once. */
  readonly scripted = new Map<string, Answer[]>();
  behaviour: Behaviour = 'runs';
  time = 0;
  readonly clock = {
    now: () => this.time,
    delay: async (ms: number) => {
      this.time += ms;
    },
  };
  readonly #directory: string;
  #known = new Set<string>();
  #nextPid = 100;

  constructor(directory: string) {
    this.#directory = directory;
  }

  unit(name: string): Unit {
    const unit = this.units.get(name) ?? {
      active: 'inactive',
      sub: 'dead',
      pid: 0,
      code: 0,
      status: 0,
      result: 'success',
      starts: 0,
    };
    this.units.set(name, unit);
    return unit;
  }

  readonly runner: CommandRunner = async (file, args, { timeout, signal }): Promise<CommandResult> => {
    signal?.throwIfAborted();
    const [user, quiet, ...rest] = args;
    if (file !== 'systemctl' || user !== '--user' || quiet !== '--no-ask-password')
      throw new Error(`ran ${file} ${args.join(' ')}`);
    const words = rest.filter((word) => word !== '--quiet' && word !== '--no-block');
    const verb = words[0] ?? '';
    if (verb !== 'show') this.commands.push(rest.join(' '));
    const at = words.indexOf('--');
    const names = at < 0 ? [] : words.slice(at + 1);
    const answer = this.scripted.get(verb)?.shift() ?? this.#act(verb, names);
    if (answer === 'hang') {
      this.time += timeout;
      return { exitStatus: undefined, signal: 'SIGKILL', isTimedOut: true, stdout: '', stderr: '' };
    }
    const { exit = answer.stderr === undefined ? 0 : 1, stdout = '', stderr = '' } = answer;
    return { exitStatus: exit, signal: undefined, isTimedOut: false, stdout, stderr };
  };

  #act(verb: string, names: readonly string[]): Answer {
    switch (verb) {
      case 'show':
        return {
          stdout: names.length === 0 ? 'Version=252\n' : names.map((name) => this.#show(name)).join('\n'),
        };
      case 'daemon-reload':
        this.#known = new Set(this.#files());
        return {};
      case 'start':
      case 'restart':
        return this.#start(names, verb === 'restart');
      case 'stop':
        for (const name of names) Object.assign(this.unit(name), { active: 'inactive', sub: 'dead', pid: 0 });
        return names.every((name) => this.#known.has(name)) ? {} : { exit: 5, stderr: 'Unit not loaded.\n' };
      case 'enable':
        for (const name of names) this.installed.add(name);
        return {};
      case 'disable':
        for (const name of names) this.installed.delete(name);
        return {};
      case 'mask':
        for (const name of names) this.masked.add(name);
        return {};
      case 'unmask':
        for (const name of names) this.masked.delete(name);
        return {};
      case 'reset-failed':
      case 'kill':
        return {};
      default:
        throw new Error(`no such verb: ${verb}`);
    }
  }

  #start(names: readonly string[], isRestart: boolean): Answer {
    for (const name of names) {
      if (!this.#known.has(name))
        return { exit: 5, stderr: `Failed to start ${name}: Unit ${name} not found.\n` };
      const unit = this.unit(name);
      if (!name.endsWith('.service')) Object.assign(unit, { active: 'active', sub: 'listening' });
      else if (this.behaviour === 'cannot start') {
        Object.assign(unit, {
          active: 'failed',
          sub: 'failed',
          pid: 0,
          code: 1,
          status: 203,
          result: 'exit-code',
        });
        return {
          exit: 1,
          stderr: `Job for ${name} failed because the control process exited with error code.\n`,
        };
      } else if (unit.pid === 0 || isRestart) {
        Object.assign(unit, {
          active: 'active',
          sub: 'running',
          pid: this.#nextPid++,
          starts: unit.starts + 1,
        });
      }
    }
    return {};
  }

  #show(name: string): string {
    const unit = this.unit(name);
    const load = this.masked.has(name) ? 'masked' : this.#known.has(name) ? 'loaded' : 'not-found';
    return [
      `Id=${name}`,
      `LoadState=${load}`,
      `ActiveState=${unit.active}`,
      `SubState=${unit.sub}`,
      `MainPID=${unit.pid}`,
      `Result=${unit.result}`,
      `ExecMainCode=${unit.code}`,
      `ExecMainStatus=${unit.status}`,
      `ExecMainStartTimestampMonotonic=${unit.starts > 0 ? 12345 : 0}`,
      'NRestarts=0',
      '',
    ].join('\n');
  }

  #files(): string[] {
    return readdirSync(this.#directory).filter((name) => !name.endsWith('.pending'));
  }
}
