/** Network tools that only say what was asked of them, with a little memory of links. */
import { type RunTool, ToolError, type ToolResult } from '../../../src/plugins/bridge/linux/tool.js';

/** A link of the fake system. */
export interface FakeLink {
  readonly ifname: string;
  readonly address: string;
  readonly kind?: string;
  readonly ifalias?: string;
}

/** The fake system. */
export interface FakeTools {
  readonly run: RunTool;
  /** Command lines in their order, with their input behind `<`. */
  readonly commands: string[];
  readonly links: FakeLink[];
}

const done = (stdout = ''): ToolResult => ({ status: 0, stdout, stderr: '' });

/** A system with these links; `answer` comes first, and may leave a command to the system. */
export function fakeTools(
  links: readonly FakeLink[] = [],
  answer: (command: string) => ToolResult | Error | undefined = () => undefined,
): FakeTools {
  const commands: string[] = [];
  const present = [...links];
  const run: RunTool = async (file, args, { input } = {}) => {
    const command = [file, ...args, ...(input ? [`< ${input}`] : [])].join(' ');
    commands.push(command);
    const given = answer(command);
    if (given instanceof Error) throw given;
    if (given !== undefined) return given;
    if (file !== 'ip') throw new ToolError(`there is no ${file} on this system`, true);
    const lines = args.includes('-batch') ? (input ?? '').trim().split('\n') : [args.join(' ')];
    return lines.map((line) => ip(line.split(' '), present)).at(-1) ?? done();
  };
  return { run, commands, links: present };
}

function ip(args: readonly string[], links: FakeLink[]): ToolResult {
  const name = args[args.indexOf('dev') + 1] as string;
  const text = args.join(' ');
  if (text === '-d -j link show') return done(JSON.stringify(links.map(shown)));
  if (text.startsWith('-d -j link show dev')) {
    const found = links.find(({ ifname }) => ifname === name);
    if (found === undefined) return { status: 1, stdout: '', stderr: `Device "${name}" does not exist.` };
    return done(JSON.stringify([{}, shown(found)]));
  }
  if (text.startsWith('-j address show')) return done(JSON.stringify([{}, { addr_info: [] }]));
  if (args[0] === 'link' && args[1] === 'add') {
    const kind = args[args.indexOf('type') + 1] as string;
    links.push({ ifname: name, address: args[args.indexOf('address') + 1] as string, kind });
  }
  if (args[0] === 'link' && args[1] === 'delete') {
    links.splice(
      links.findIndex(({ ifname }) => ifname === name),
      1,
    );
  }
  return done();
}

function shown({ ifname, address, kind, ifalias }: FakeLink) {
  return { ifindex: 7, ifname, address, ifalias, linkinfo: { info_kind: kind } };
}
