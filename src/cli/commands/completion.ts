/** `launchport completion SHELL`: scripts that ask the program itself which words may come next. */
import type { Command } from 'commander';
import { LaunchportError } from '../../base/index.js';
import { PluginCatalog, pluginDirectories, resolveRoots } from '../../plugin/index.js';
import type { CliContext } from '../context.js';

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
  let command = program;
  for (const word of words.slice(0, -1)) {
    const next = command.commands.find((child) => child.name() === word || child.aliases().includes(word));
    if (next === undefined) break;
    command = next;
  }
  const previous = words.at(-2);
  const valued = command.options.find(
    (option) => option.required && (option.long === previous || option.short === previous),
  );
  // Without choices, nothing: the shell then offers files.
  const candidates =
    valued !== undefined
      ? (valued.argChoices ?? [])
      : current.startsWith('-')
        ? command.options.flatMap((option) =>
            [option.long, option.short].filter((flag) => flag !== undefined),
          )
        : await wordsAfter(context, command);
  for (const candidate of candidates.filter((word) => word.startsWith(current)))
    context.stdout.write(`${candidate}\n`);
}

async function wordsAfter(context: CliContext, command: Command): Promise<readonly string[]> {
  const children = command.createHelp().visibleCommands(command);
  if (children.length > 0) return children.map((child) => child.name());
  if (command.name() === 'completion') return Object.keys(SCRIPTS);
  if (command.parent?.name() !== 'plugin') return [];
  const directories = pluginDirectories(resolveRoots({}, context.environment), {}, context.environment);
  const { plugins } = await new PluginCatalog({ directories }).scan();
  return plugins.map((plugin) => plugin.name);
}
