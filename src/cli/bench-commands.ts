/** The command table's line for the benchmark. What it measures is loaded when it runs. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { BenchGroup } from '../bench/index.js';
import { addJson } from './command-options.js';
import type { CliContext } from './context.js';

/** Every group, with what it measures. */
const GROUPS: Readonly<Record<BenchGroup, string>> = {
  latency: 'a request and its reply, one at a time',
  throughput: 'many requests at once over one connection',
  payload: 'echo of payloads from 64 bytes to 64 MiB',
  'fan-in': 'many clients of one service',
  'fan-out': 'one client of many services',
  connections: 'a thousand connections: their use, their making, their memory',
  'dispatch-queue': 'deliveries by a dispatch queue, as on macOS',
  startup: 'cold starts, discovery, registration, the command line itself',
};

const WIDTH = Math.max(...Object.keys(GROUPS).map((name) => name.length)) + 2;

const HELP = `
Groups:
${Object.entries(GROUPS)
  .map(([name, what]) => `  ${name.padEnd(WIDTH)}${what}`)
  .join('\n')}

Examples:
  launchport bench --quick                        does everything work?
  launchport bench --only latency,throughput      some groups
  launchport bench --peers --report bench.html    everything, against others, as a page to look at
  launchport bench --json > bench.json            for programs
  launchport bench --from bench.json --report bench.html

A full run takes about five minutes, with peers three times as long. Let the machine do nothing else meanwhile.`;

/** `launchport bench`. */
export function addBenchCommand(command: Command, context: CliContext): void {
  addJson(command)
    .description(
      'measure messages between processes against what the system itself takes, and other ways to talk',
    )
    .addOption(
      new Option('--only <groups>', 'measure these groups, with commas between')
        .choices(Object.keys(GROUPS))
        .argParser(parseGroups),
    )
    .option('--quick', 'little of everything, in less than half a minute: the figures are rough')
    .option(
      '--rounds <count>',
      'measure everything so often, in new processes (default: 5, quick: 2)',
      parsePositive(100),
    )
    .option('--clients <count>', 'processes of the fan-in (default: 8, quick: 4)', parsePositive(64))
    .option('--peers', 'measure other ways to talk, too; what is missing is installed into a private folder')
    .option('--report <file>', 'write a page with pictures, which needs no network')
    .addOption(
      new Option('--from <file>', 'measure nothing: show what --json printed (-: standard input)').conflicts([
        'only',
        'quick',
        'rounds',
        'clients',
        'peers',
      ]),
    )
    .addHelpText('after', HELP)
    .action(async (options) => (await import('./commands/bench.js')).bench(context, options));
}

function parseGroups(text: string): readonly BenchGroup[] {
  const names = text.split(',').map((name) => name.trim());
  const isGroup = (name: string): name is BenchGroup => Object.hasOwn(GROUPS, name);
  if (names.every(isGroup)) return [...new Set(names)];
  throw new InvalidArgumentError(`Choose from ${Object.keys(GROUPS).join(', ')}.`);
}

function parsePositive(most: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (/^\d+$/.test(text) && count >= 1 && count <= most) return count;
    throw new InvalidArgumentError(`Give a whole number from 1 to ${most}.`);
  };
}
