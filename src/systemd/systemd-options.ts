/** How a control reaches the user manager, and where its files are. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type BudgetClock, type Logger, silentLogger } from '../base/index.js';
import { type CommandRunner, type DomainTarget, runCommand } from '../launchd/index.js';
import { bootstrapDirectory, runtimeDirectory } from '../native/index.js';

/** How to reach the user manager, and where things are. All paths absolute. */
export interface SystemdControlOptions {
  /** Runs systemctl; default real processes. */
  readonly runner?: CommandRunner;
  /** Default `systemctl`, looked up in PATH. */
  readonly systemctl?: string;
  /**
   * Where units are written; default `$XDG_DATA_HOME/systemd/user`, which systemd.unit(5) gives to packages: below
   * `~/.config/systemd/user`, so that a mask there outweighs it.
   */
  readonly unitDirectory?: string;
  /** Where `enable` and `disable` are kept; default `$XDG_STATE_HOME/launchport/systemd-disabled.json`. */
  readonly overridesPath?: string;
  /** Directory of the sockets; default the one in which this process's clients look. */
  readonly bootstrap?: string;
  /** Where jobs note their last start; default `throttle` in the runtime directory. */
  readonly throttle?: string;
  /** Gets the warnings about keys without equivalent; default none. */
  readonly logger?: Logger;
  readonly environment?: NodeJS.ProcessEnv;
  /** Default that of this process. */
  readonly uid?: number;
  readonly clock?: BudgetClock;
  /** Default `/proc/net/unix`. */
  readonly socketTable?: string;
}

/** The options with what stands for those not given. */
export interface SystemdSettings
  extends Required<Omit<SystemdControlOptions, 'environment' | 'uid' | 'clock'>> {
  readonly domain: DomainTarget;
  readonly clock: BudgetClock | undefined;
}

/** Looks up the directories (XDG base directory specification). */
export function systemdSettings(options: SystemdControlOptions): SystemdSettings {
  const { environment = process.env } = options;
  const home = environment.HOME || homedir();
  const data = environment.XDG_DATA_HOME || join(home, '.local/share');
  const state = environment.XDG_STATE_HOME || join(home, '.local/state');
  return {
    runner: options.runner ?? runCommand,
    systemctl: options.systemctl ?? 'systemctl',
    unitDirectory: options.unitDirectory ?? join(data, 'systemd/user'),
    overridesPath: options.overridesPath ?? join(state, 'launchport/systemd-disabled.json'),
    bootstrap: options.bootstrap ?? bootstrapDirectory(environment),
    throttle: options.throttle ?? join(runtimeDirectory(environment), 'throttle'),
    logger: options.logger ?? silentLogger,
    domain: `user/${options.uid ?? process.getuid?.() ?? 0}`,
    clock: options.clock,
    socketTable: options.socketTable ?? '/proc/net/unix',
  };
}
