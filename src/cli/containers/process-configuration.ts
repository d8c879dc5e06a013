/** What runs in a container: the image's configuration with the options of `run`, `create` and `exec` over it. */
import { LaunchportError } from '../../base/index.js';
import type { ProcessConfiguration, ProcessUser } from '../../compat/index.js';
import type { ImageConfig } from '../../oci/index.js';
import type { CliContext } from '../context.js';
import { nameOf, processEnvironment } from './environment.js';
import { parseUlimits } from './limits.js';
import { badValue } from './usage.js';

/** Options about a process, as typed. */
export interface ProcessOptions {
  readonly env: readonly string[];
  readonly envFile: readonly string[];
  readonly workdir?: string;
  readonly user?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly ulimit: readonly string[];
  readonly interactive?: boolean;
  readonly tty?: boolean;
}

/** Where programs are looked for when an image does not say. */
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const ROOT: ProcessUser = { id: { uid: 0, gid: 0 } };

/**
 * The first process of a container.
 * @throws LaunchportError ERR_USAGE, also when neither the image nor the command line says what to run
 */
export async function initProcess(
  context: CliContext,
  image: ImageConfig,
  command: readonly string[],
  options: ProcessOptions & { readonly entrypoint?: string },
): Promise<ProcessConfiguration> {
  const [executable, ...rest] = commandLine(image, command, options.entrypoint);
  if (executable === undefined) {
    throw new LaunchportError('ERR_USAGE', 'the image does not say what to run', {
      hint: 'Give a command behind the image, or --entrypoint.',
    });
  }
  const environment = await processEnvironment(context, {
    image: image.Env ?? [],
    files: options.envFile,
    options: options.env,
  });
  const isTerminal = options.tty ?? false;
  return {
    executable,
    arguments: rest,
    environment: withDefaults(environment, isTerminal),
    workingDirectory: workingDirectory(options.workdir) ?? (image.WorkingDir || '/'),
    terminal: isTerminal,
    ...userOf(options, image.User ? { raw: { userString: image.User } } : ROOT),
    rlimits: parseUlimits(options.ulimit),
  };
}

/** A further process of a running container, made after its first one. @throws LaunchportError ERR_USAGE */
export async function furtherProcess(
  context: CliContext,
  init: ProcessConfiguration,
  [executable = '', ...rest]: readonly string[],
  options: ProcessOptions,
): Promise<ProcessConfiguration> {
  const environment = await processEnvironment(context, {
    image: init.environment,
    files: options.envFile,
    options: options.env,
  });
  const isTerminal = options.tty ?? false;
  const { user, supplementalGroups } = userOf(options, init.user);
  return {
    ...init,
    executable,
    arguments: rest,
    environment: withDefaults(environment, isTerminal),
    workingDirectory: workingDirectory(options.workdir) ?? init.workingDirectory,
    terminal: isTerminal,
    user,
    supplementalGroups: [...init.supplementalGroups, ...supplementalGroups],
    rlimits: options.ulimit.length > 0 ? parseUlimits(options.ulimit) : init.rlimits,
  };
}

/** Entrypoint and command as docker joins them: an entrypoint of one's own drops both of the image. */
function commandLine(
  image: ImageConfig,
  command: readonly string[],
  entrypoint: string | undefined,
): readonly string[] {
  if (entrypoint !== undefined) return entrypoint === '' ? command : [entrypoint, ...command];
  return [...(image.Entrypoint ?? []), ...(command.length > 0 ? command : (image.Cmd ?? []))];
}

function withDefaults(environment: readonly string[], isTerminal: boolean): string[] {
  const has = (name: string) => environment.some((entry) => nameOf(entry) === name);
  return [
    ...(has('PATH') ? [] : [`PATH=${DEFAULT_PATH}`]),
    ...(!isTerminal || has('TERM') ? [] : ['TERM=xterm']),
    ...environment,
  ];
}

function workingDirectory(text: string | undefined): string | undefined {
  if (text === undefined || text.startsWith('/')) return text;
  throw badValue('--workdir', text, 'an absolute path in the container');
}

/** As upstream: a name or number goes as it is, `--uid` with `--gid` as numbers, and a lone `--gid` is a further group. */
function userOf(
  { user, uid, gid }: ProcessOptions,
  fallback: ProcessUser,
): Pick<ProcessConfiguration, 'user' | 'supplementalGroups'> {
  if (user !== undefined && user !== '')
    return { user: { raw: { userString: user } }, supplementalGroups: [] };
  if (uid !== undefined && gid !== undefined) return { user: { id: { uid, gid } }, supplementalGroups: [] };
  if (uid !== undefined) return { user: { raw: { userString: String(uid) } }, supplementalGroups: [] };
  return { user: fallback, supplementalGroups: gid === undefined ? [] : [gid] };
}
