/** Options of the commands about containers, in the words of apple/container and docker. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { addJson, parseCount } from './command-options.js';
import { PROGRESS_TYPES } from './containers/progress-line.js';

const NONE: readonly string[] = [];
// Before is false behind --no-dns.
const more = (text: string, before: readonly string[] | false): readonly string[] => [
  ...(before || NONE),
  text,
];

/** An option that may be given several times. */
export function addRepeated(command: Command, flags: string, description: string): Command {
  return command.option(flags, `${description}; may be given several times`, more, NONE);
}

/** `--json`, and `--format json` for those who are used to it. */
export function addFormat(command: Command): Command {
  return addJson(command).addOption(
    new Option('--format <format>', 'table, or json as with --json').choices(['table', 'json']),
  );
}

/** Where the API server is. */
export function addServer(command: Command): Command {
  return command.addOption(
    new Option('--prefix <prefix>', "of the API server's name, instead of com.apple.container.").hideHelp(),
  );
}

/** What `run`, `create` and `exec` have in common. */
export function addProcessOptions(command: Command): Command {
  addRepeated(
    command,
    '-e, --env <NAME=VALUE>',
    'set a variable, or NAME to pass on the one of your environment',
  );
  addRepeated(command, '--env-file <file>', 'read variables from a file');
  addRepeated(command, '--ulimit <NAME=SOFT[:HARD]>', 'limit what the process may use, such as nofile=1024');
  return command
    .option('-i, --interactive', 'connect stdin')
    .option('-t, --tty', 'give the process a terminal')
    .option('-u, --user <user>', 'name or number of the user, with :group if you like')
    .option('--uid <uid>', 'number of the user', parseId)
    .option('--gid <gid>', 'number of the group', parseId)
    .option('-w, --workdir <directory>', 'where the process starts')
    .addOption(new Option('--cwd <directory>', 'as --workdir').hideHelp());
}

/** What `run` and `create` say about a container. */
export function addContainerOptions(command: Command): Command {
  command
    .option('--name <name>', 'its name; a new UUID unless given')
    .option('--runtime <plugin>', 'which runtime plugin runs it; sandboxd unless given')
    .option('--rm, --remove', 'remove it once it has stopped')
    .option('--entrypoint <command>', "run this instead of the image's entrypoint; '' for none")
    .option('--read-only', 'let nothing be written to its root directory')
    .option('--hostname <name>', 'its host name; its name unless given')
    .option('-c, --cpus <count>', 'how many cores it may use', parseCores)
    .option('-m, --memory <size>', 'how much memory it may use, such as 512M or 1g')
    .option('--shm-size <size>', 'of /dev/shm')
    .option('--stop-signal <signal>', 'what stop sends first')
    .option('--init', 'run a small init that reaps processes and passes signals on')
    .option('--cidfile <file>', 'write its name to a new file')
    .option('--dns-domain <domain>', 'its own domain');
  addRepeated(command, '-v, --volume <SRC:DST[:ro]>', 'mount a directory of this machine');
  addRepeated(command, '--mount <type=…>', 'mount, such as type=bind,source=DIR,target=DIR,readonly');
  addRepeated(command, '--tmpfs <DST[:size=…]>', 'mount memory');
  addRepeated(command, '--network <NET[,mac=…][,mtu=…]>', 'attach it to a network; none for no network');
  addRepeated(command, '-p, --publish <[IP:]PORT:PORT>', 'offer a port of it on this machine');
  addRepeated(command, '-l, --label <NAME=VALUE>', 'label it');
  addRepeated(command, '--cap-add <capability>', 'give it a capability, such as NET_RAW, or ALL');
  addRepeated(command, '--cap-drop <capability>', 'take a capability from it');
  addRepeated(command, '--dns <address>', 'ask this name server');
  addRepeated(command, '--dns-option <option>', 'option of the resolver');
  addRepeated(command, '--dns-search <domain>', 'look names up in this domain too');
  return command
    .option('--no-dns', 'leave the resolver of the image as it is')
    .option(
      '--platform <os/arch[/variant]>',
      'which of the platforms of the image; the one of this machine unless given',
    )
    .addOption(
      new Option('--progress <type>', 'how progress is shown: color is as ansi')
        .choices([...PROGRESS_TYPES])
        .default('auto'),
    );
}

/** `--all` and names. */
export function addNames(command: Command, what: string, verb: string): Command {
  return command.argument(`[${what}s...]`).option('-a, --all', `${verb} all ${what}s`);
}

/** The number of a user or group. */
function parseId(text: string): number {
  const id = parseCount(text);
  if (id <= 0xffff_ffff) return id;
  throw new InvalidArgumentError('Give a number up to 4294967295.');
}

function parseCores(text: string): number {
  const cores = parseCount(text);
  if (cores > 0 && cores <= 4096) return cores;
  throw new InvalidArgumentError('Give a whole number of cores, at least 1.');
}

/** Seconds between two looks, fractions allowed. */
export function parseInterval(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== '' && seconds > 0 && seconds <= 3600) return seconds;
  throw new InvalidArgumentError('Give a number of seconds above 0.');
}
