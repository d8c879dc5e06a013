/** `launchport completion SHELL`: scripts that ask the program itself which words may come next. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { LaunchportError } from '../../base/index.js';
import { PluginCatalog, pluginDirectories, resolveRoots } from '../../plugin/index.js';
import { splitCommandLine } from '../cli-plugins/command-line.js';
import { cliPlugins, isBuiltIn } from '../cli-plugins/help.js';
import type { CliContext } from '../context.js';
import { imageNames } from '../images.js';
import { containerWords, networkNames, networkWords, takesContainers } from './completion-container.js';
import { jobWords, positionals } from './completion-job.js';

// bash: not compgen -W, which runs what it finds in the words; plugins may be called anything.
const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `_launchport() {
  local word
  COMPREPLY=()
  while IFS= read -r word; do
    COMPREPLY+=("$(printf '%q' "$word")")
  done < <(launchport complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _launchport launchport
`,
  zsh: `#compdef launchport
_launchport() {
  local -a candidates
  candidates=("\${(@f)$(launchport complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -a candidates
}
compdef _launchport launchport
`,
  fish: `complete -c launchport -f -a '(launchport complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
};

/** Writes the script for `shell`. @throws LaunchportError ERR_USAGE for another shell */
export function completion(context: CliContext, shell: string): void {
  const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
  if (script === undefined) {
    throw new LaunchportError('ERR_USAGE', `no completion for the shell ${JSON.stringify(shell)}`, {
      hint: `Choose one of ${Object.keys(SCRIPTS).join(', ')}.`,
    });
  }
  context.stdout.write(script);
}

/** Writes the candidates for the last of `words`, one a line. Never fails: no candidates is an answer. */
export async function complete(
  context: CliContext,
  program: Command,
  words: readonly string[],
): Promise<void> {
  const current = words.at(-1) ?? '';
  const all = words.slice(0, -1);
  const { pluginDir, rest: typed } = splitCommandLine(all);
  const isHelp = typed[0] === 'help';
  const [word] = typed;
  // What comes behind a plugin's name is the plugin's own.
  if (word !== undefined && !word.startsWith('-') && !isBuiltIn(program, word)) return;
  const command = commandOf(program, isHelp ? typed.slice(1) : typed);
  // bash makes three words of --option=value.
  const previous = typed.at(-1) === '=' ? typed.at(-2) : typed.at(-1);
  const valued = command.options.find(
    (option) => option.required && (option.long === previous || option.short === previous),
  );
  const isName = command === program && !current.startsWith('-');
  const candidates: readonly string[] = isHelp
    ? [
        ...namesOf(command),
        ...(isName ? await pluginNames(context, [...pluginDir, ...typedDirectories(typed)]) : []),
      ]
    : valued !== undefined
      ? valued.long === '--network'
        ? await networkNames(context)
        : // Without choices, nothing: the shell then offers files.
          (valued.argChoices ?? [])
      : current.startsWith('-')
        ? command.options.flatMap((option) =>
            [option.long, option.short].filter((flag) => flag !== undefined),
          )
        : [
            ...(await wordsAfter(context, command, typed)),
            ...(isName ? await pluginNames(context, pluginDir) : []),
          ];
  for (const candidate of candidates.filter((word) => word.startsWith(current)))
    context.stdout.write(`${candidate}\n`);
}

function commandOf(program: Command, typed: readonly string[]): Command {
  let command = program;
  for (const word of typed) {
    const next = command.commands.find((child) => child.name() === word || child.aliases().includes(word));
    if (next === undefined) break;
    command = next;
  }
  return command;
}

function namesOf(command: Command): readonly string[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((child) => child.name());
}

/** CLI plugins, which are run by their names. */
async function pluginNames(context: CliContext, typed: readonly string[]): Promise<readonly string[]> {
  const plugins = await cliPlugins(
    context,
    typed.map((directory) => absolute(context, directory)),
  );
  return plugins.map(({ name }) => name);
}

async function wordsAfter(
  context: CliContext,
  command: Command,
  typed: readonly string[],
): Promise<readonly string[]> {
  const children = namesOf(command);
  if (children.length > 0) return children;
  if (command.name() === 'completion') return Object.keys(SCRIPTS);
  if (command.parent?.name() === 'job') return jobWords(context, command, typed);
  if (command.parent?.name() === 'image' && ['inspect', 'rm'].includes(command.name()))
    return imageNames(context);
  if (command.parent?.name() === 'network') return networkWords(context, command, typed);
  if (takesContainers(command)) return containerWords(context, command, typed);
  if (command.name() === 'run' || command.name() === 'create')
    return positionals(command, typed).length === 0 ? imageNames(context) : [];
  if (command.parent?.name() !== 'plugin') return [];
  const { environment } = context;
  const extra = typedDirectories(typed).map((directory) => absolute(context, directory));
  const directories = pluginDirectories(resolveRoots({}, environment), { extra }, environment);
  const { plugins } = await new PluginCatalog({ directories }).scan();
  return plugins.map((plugin) => plugin.name);
}

/** The values of `--plugin-dir` so far, in both spellings and as bash splits them. */
function typedDirectories(typed: readonly string[]): readonly string[] {
  return typed.flatMap((word, index) => {
    if (word.startsWith('--plugin-dir=')) return [word.slice('--plugin-dir='.length)];
    if (word !== '--plugin-dir') return [];
    const value = typed[index + 1] === '=' ? typed[index + 2] : typed[index + 1];
    return value === undefined ? [] : [value];
  });
}

/** As the shell will make it, which has not looked at the word yet. */
function absolute({ cwd, environment }: CliContext, directory: string): string {
  const home = environment.HOME;
  const expanded = home !== undefined && /^~(?=\/|$)/.test(directory) ? home + directory.slice(1) : directory;
  return resolve(cwd, expanded);
}
