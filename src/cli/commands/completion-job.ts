/** Completion of `launchport job …`: labels of the default domain, and signals. */
import type { Command } from 'commander';
import type { CliContext } from '../context.js';
import { withControl } from '../control.js';
import { signalNames } from '../signals.js';

/** Milliseconds that a person waits for a completion. */
const PATIENCE_MS = 2_000;

/** Words that may come next behind a command of `job`; none when the launchd does not answer in time. */
export async function jobWords(
  context: CliContext,
  command: Command,
  typed: readonly string[],
): Promise<readonly string[]> {
  const verb = command.name();
  if (verb === 'list' || verb === 'bootstrap') return [];
  const isFirst = positionals(command, typed).length === 0;
  if (verb === 'kill' && isFirst) return signalNames();
  if (!isFirst && (verb === 'print' || verb === 'logs')) return [];
  try {
    return await labels(context, verb);
  } catch {
    return [];
  }
}

/** What is loaded; for `enable` what is disabled, and for `disable` what is not. */
function labels(context: CliContext, verb: string): Promise<readonly string[]> {
  const wait = { timeout: PATIENCE_MS, signal: context.signal };
  return withControl(context, async (control) => {
    const loaded = verb === 'enable' ? [] : (await control.list(wait)).map(({ label }) => label);
    if (verb !== 'enable' && verb !== 'disable') return loaded;
    const overrides = await control.overrides(await control.defaultDomain(wait), wait);
    const wanted = verb === 'enable';
    const overridden = [...overrides].filter(([, isDisabled]) => isDisabled === wanted);
    const all = [
      ...loaded.filter((label) => overrides.get(label) !== true),
      ...overridden.map(([label]) => label),
    ];
    return [...new Set(all)].sort();
  });
}

/** The arguments typed behind the command, without options and their values. */
export function positionals(command: Command, typed: readonly string[]): readonly string[] {
  const names = [command.name(), ...command.aliases()];
  const words = typed.slice(typed.findIndex((word) => names.includes(word)) + 1);
  return words.filter((word, index) => {
    const before = words[index - 1] === '=' ? words[index - 2] : words[index - 1];
    const isValue =
      before !== undefined &&
      command.options.some(
        (option) => option.required && (option.long === before || option.short === before),
      );
    return word !== '=' && !word.startsWith('-') && !isValue;
  });
}
