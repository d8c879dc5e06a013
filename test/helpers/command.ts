/** The command line as a process of its own, with a home and a runtime directory of its own. */
import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';

/** The built command. */
export const MAIN = resolve(import.meta.dirname, '../../dist/cli/main.js');

/** How a command ended. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The environment of a user whose home is `directory`, and nothing of this process's own but PATH. */
export const commandEnvironment = (directory: string) => ({
  PATH: process.env.PATH,
  HOME: directory,
  LAUNCHPORT_RUNTIME_DIR: join(directory, 'run'),
});

/** Networks without interfaces: a server under it leaves those of this machine alone, whoever runs it. */
export const NO_INTERFACES = { CONTAINER_BRIDGE_INTERFACES: 'none' } as const;

/** Runs `launchport ARGS` for the user of `directory`, for at most `timeout` milliseconds; `more` outweighs the environment. */
export function runCommand(
  directory: string,
  args: readonly string[],
  timeout: number,
  more: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const options = { env: { ...commandEnvironment(directory), ...more }, timeout };
  return new Promise((done) => {
    execFile(process.execPath, [MAIN, ...args], options, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
    );
  });
}
