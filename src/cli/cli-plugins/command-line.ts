/** What stands before the command on a command line: plugin directories, for commands that are plugins. */
import { LaunchportError } from '../../base/index.js';

/** A command line in two parts. */
export interface CommandLine {
  /** `--plugin-dir` before the command. */
  readonly pluginDir: readonly string[];
  /** The command and what follows it. */
  readonly rest: readonly string[];
}

const FLAG = '--plugin-dir';

/** Takes leading `--plugin-dir` options off; everything behind the command's name is the command's own. */
export function splitCommandLine(args: readonly string[]): CommandLine {
  const pluginDir: string[] = [];
  let index = 0;
  for (; index < args.length; index++) {
    const word = args[index] as string;
    if (word.startsWith(`${FLAG}=`)) pluginDir.push(word.slice(FLAG.length + 1));
    else if (word === FLAG && args[index + 1] !== undefined) pluginDir.push(args[++index] as string);
    else break;
  }
  return { pluginDir, rest: args.slice(index) };
}

/**
 * The command line for a built-in command, whose own `--plugin-dir` stands behind it.
 * @throws LaunchportError ERR_USAGE when the option stands before one that is no plugin
 */
export function builtInLine({ pluginDir, rest }: CommandLine): readonly string[] {
  if (pluginDir.length === 0 || rest[0] === undefined || rest[0].startsWith('-')) return rest;
  if (rest[0] === 'help')
    return ['help', ...pluginDir.flatMap((directory) => [FLAG, directory]), ...rest.slice(1)];
  throw new LaunchportError(
    'ERR_USAGE',
    `${FLAG} stands before ${rest[0]}, which is a command of launchport`,
    {
      hint: `Put ${FLAG} behind the command. Before it, it is for commands that are plugins, and for help.`,
    },
  );
}
