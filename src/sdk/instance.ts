/** What a plugin's process was started as: its command line, read the way apple/container's plugins read theirs. */
import { LaunchportError } from '../base/index.js';

/** A plugin's command line. */
export interface Invocation {
  /** First argument that is no option; launchd jobs have `start`. */
  readonly command?: string;
  /** Container id (`--uuid`) or network name (`--id`) when this process serves one. */
  readonly instance?: string;
  /** State directory of the instance, `--root`. */
  readonly root?: string;
  /** The bundle's resources, `--resources`. */
  readonly resources?: string;
  /** The network's Mach service, `--service-identifier`. */
  readonly serviceIdentifier?: string;
  /** `--debug`. */
  readonly isDebug: boolean;
  /** Everything else in order: further options such as `--mode nat`, and the config's default arguments. */
  readonly rest: readonly string[];
}

const VALUE_OPTIONS = ['--uuid', '--id', '--root', '--resources', '--service-identifier'] as const;
type ValueOption = (typeof VALUE_OPTIONS)[number];

/**
 * Reads arguments, the executable left out. `--option value` and `--option=value` are the same, of a repeated option
 * the last counts, and `--` ends options.
 * @throws LaunchportError ERR_USAGE for an option without its value, or `--uuid` and `--id` that differ
 */
export function parseInvocation(args: readonly string[]): Invocation {
  const values: Partial<Record<ValueOption, string>> = {};
  const rest: string[] = [];
  let command: string | undefined;
  let isDebug = false;
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] as string;
    const [option, inline] = split(arg);
    if (arg === '--') {
      rest.push(...args.slice(index + 1));
      break;
    }
    if (isValueOption(option)) {
      const value = inline ?? args[++index];
      if (value === undefined || value === '') throw usage(`${option} needs a value`);
      values[option] = value;
    } else if (arg === '--debug') isDebug = true;
    else if (index === 0 && !arg.startsWith('-')) command = arg;
    else rest.push(arg);
  }
  const { '--uuid': uuid, '--id': id } = values;
  if (uuid !== undefined && id !== undefined && uuid !== id) {
    throw usage(`--uuid ${uuid} and --id ${id} name two instances`);
  }
  const instance = uuid ?? id;
  return {
    ...(command === undefined ? {} : { command }),
    ...(instance === undefined ? {} : { instance }),
    ...(values['--root'] === undefined ? {} : { root: values['--root'] }),
    ...(values['--resources'] === undefined ? {} : { resources: values['--resources'] }),
    ...(values['--service-identifier'] === undefined
      ? {}
      : { serviceIdentifier: values['--service-identifier'] }),
    isDebug,
    rest,
  };
}

function split(arg: string): readonly [string, string | undefined] {
  const at = arg.indexOf('=');
  return arg.startsWith('--') && at > 0 ? [arg.slice(0, at), arg.slice(at + 1)] : [arg, undefined];
}

function isValueOption(option: string): option is ValueOption {
  return (VALUE_OPTIONS as readonly string[]).includes(option);
}

function usage(message: string): LaunchportError {
  return new LaunchportError('ERR_USAGE', message, {
    hint: 'The host gives these arguments when it registers the plugin; by hand they are rarely needed.',
  });
}
