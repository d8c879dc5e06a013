/** A sandbox in bubblewrap's words (bwrap(1)), for version 0.8 and later. */
import type { SandboxSpec } from '../sandbox.js';
import { hiddenPathArguments } from './hidden-paths.js';
import { type PlannedMount, planMounts } from './mount-plan.js';
import { rootArguments } from './root-arguments.js';

/** Where launchport-sandbox is in every sandbox; as in native/linux/sandbox/enter.h. */
export const INSIDE_PATH = '/dev/.launchport';

/** What the arguments depend on besides the specification. */
export interface BubblewrapContext {
  readonly helper: string;
  /** Files of the host by path in the sandbox. */
  readonly files: ReadonlyMap<string, string>;
  readonly hasUserNamespace: boolean;
  readonly hasCgroupNamespace: boolean;
}

/** The options, without the command: what is in place before anything runs. */
export async function bubblewrapArguments(spec: SandboxSpec, context: BubblewrapContext): Promise<string[]> {
  const plan = await planMounts(spec, context.files);
  const root = await rootArguments(spec.root, spec.isReadOnly, plan.missing);
  return [
    ...(context.hasUserNamespace ? ['--unshare-user', '--uid', '0', '--gid', '0'] : []),
    ...['--unshare-pid', '--unshare-ipc', '--unshare-uts'],
    ...(spec.network === 'host' ? [] : ['--unshare-net']),
    ...(context.hasCgroupNamespace ? ['--unshare-cgroup'] : []),
    ...(spec.hostname === '' ? [] : ['--hostname', spec.hostname]),
    ...['--as-pid-1', '--die-with-parent', '--new-session', '--clearenv', '--cap-drop', 'ALL'],
    ...root.open,
    ...plan.mounts.flatMap(mountArguments),
    ...(await hiddenPathArguments(spec)),
    ...['--ro-bind', context.helper, INSIDE_PATH],
    ...root.close,
    ...['--chdir', '/'],
  ];
}

function mountArguments(mount: PlannedMount): string[] {
  switch (mount.kind) {
    case 'proc':
    case 'dev':
      return [`--${mount.kind}`, mount.destination];
    case 'bind':
      return [mount.isReadOnly ? '--ro-bind' : '--bind', mount.source, mount.destination];
    case 'tmpfs':
      return [
        ...['--perms', mount.mode],
        ...(mount.size === undefined ? [] : ['--size', mount.size]),
        ...['--tmpfs', mount.destination],
        ...(mount.isReadOnly ? ['--remount-ro', mount.destination] : []),
      ];
  }
}
