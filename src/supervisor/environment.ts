/** The environment a job starts with: launchd's small base, not a copy of the host's. */
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { delimiter, dirname } from 'node:path';

/** Directories of PATH after the one of the running Node. */
const SYSTEM_PATH = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'];

/** Variables of the user's session that launchd's base environment also has, taken over when set. */
const SESSION_VARIABLES = ['HOME', 'USER', 'LOGNAME', 'SHELL', 'TMPDIR'] as const;

/** Set by the supervisor or by the spawn itself; a job cannot set them. */
const RESERVED = /^(?:XPC_SERVICE_NAME|LAUNCHPORT_BOOTSTRAP|LISTEN_FDS|LISTEN_PID|LISTEN_FDNAMES)$/;

/**
 * PATH of a job. Unlike launchd's, it begins with the directory of the running Node, so that a plugin with
 * `#!/usr/bin/env node` starts under the same Node wherever that is installed.
 */
export function standardPath(executable: string = process.execPath): string {
  return [...new Set([dirname(executable), ...SYSTEM_PATH])].join(delimiter);
}

/** What the job's environment is made of. */
export interface JobEnvironmentInputs {
  readonly label: string;
  /** The bootstrap directory, where the job looks up the services of others. */
  readonly bootstrap: string;
  /** The host's environment. */
  readonly host: NodeJS.ProcessEnv;
  /** The plist's EnvironmentVariables. */
  readonly own: Readonly<Record<string, string>>;
  /** Another user whom the job runs as. */
  readonly user?: string;
}

/**
 * The whole environment of a job, as `KEY=value`: PATH, HOME, USER, LOGNAME, SHELL and TMPDIR of the session, then
 * the job's own variables, which win, then XPC_SERVICE_NAME and LAUNCHPORT_BOOTSTRAP, which nobody overrides. Own
 * variables whose name is reserved or cannot be a name are left out.
 */
export function jobEnvironment({ label, bootstrap, host, own, user }: JobEnvironmentInputs): string[] {
  const variables = new Map<string, string>([['PATH', standardPath()]]);
  const session = user === undefined ? sessionVariables(host) : Object.entries(variablesOf(user));
  for (const [name, value] of session) variables.set(name, value);
  for (const [name, value] of Object.entries(own)) {
    if (isUsableVariable(name, value)) variables.set(name, value);
  }
  variables.set('XPC_SERVICE_NAME', label);
  variables.set('LAUNCHPORT_BOOTSTRAP', bootstrap);
  return [...variables].map(([name, value]) => `${name}=${value}`);
}

/** True for a variable a job may set. */
export function isUsableVariable(name: string, value: string): boolean {
  return name !== '' && !/[=\0]/.test(name) && !value.includes('\0') && !RESERVED.test(name);
}

function sessionVariables(host: NodeJS.ProcessEnv): [string, string][] {
  const account = accountVariables();
  return SESSION_VARIABLES.flatMap((name): [string, string][] => {
    const value = host[name] || account[name];
    return value ? [[name, value]] : [];
  });
}

/** What the password file says; nothing for a uid that has no entry. */
function accountVariables(): Partial<Record<(typeof SESSION_VARIABLES)[number], string>> {
  try {
    const { username, homedir, shell } = userInfo();
    return { HOME: homedir, USER: username, LOGNAME: username, ...(shell ? { SHELL: shell } : {}) };
  } catch {
    return {};
  }
}

/** Of another user; nothing of the host's session is that user's business. */
function variablesOf(user: string): Record<string, string> {
  const entry = passwordFile()
    .split('\n')
    .map((line) => line.split(':'))
    .find(([name]) => name === user);
  const [, , , , , home, shell] = entry ?? [];
  return {
    USER: user,
    LOGNAME: user,
    ...(home ? { HOME: home } : {}),
    ...(shell ? { SHELL: shell } : {}),
  };
}

function passwordFile(): string {
  try {
    return readFileSync('/etc/passwd', 'utf8');
  } catch {
    return '';
  }
}
