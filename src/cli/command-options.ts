/** Options that several commands take, and how their values are read. */
import { type Command, InvalidArgumentError } from 'commander';

/** `--json`. */
export function addJson(command: Command): Command {
  return command.option('--json', 'print JSON');
}

/** `--timeout`, in seconds. */
export function addTimeout(command: Command): Command {
  return command.option('--timeout <seconds>', 'give up after this long', parseSeconds, 60);
}

/** `--plugin-dir`. */
export function addSearch(command: Command): Command {
  return command.option(
    '--plugin-dir <directory>',
    'look here for plugins first; may be given several times',
    (directory: string, before: readonly string[]) => [...before, directory],
    [] as readonly string[],
  );
}

/** Seconds as typed, fractions allowed; at most a day. */
export function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== '' && seconds > 0 && seconds <= 86_400) return seconds;
  throw new InvalidArgumentError('Give a number of seconds above 0 and up to 86400.');
}

/** A whole number as typed. */
export function parseCount(text: string): number {
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a whole number.');
}
