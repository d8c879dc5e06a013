/** Runs one command line and settles with its exit status; never throws, never calls process.exit. */
import { EXIT_CODES } from '../base/index.js';
import type { CliContext } from './context.js';
import { ExitStatus, reportFailure } from './failure.js';
import { packageVersion } from './version.js';

/** @param args what stands behind the command's name */
export async function run(args: readonly string[], context: CliContext): Promise<number> {
  // Answered before the command table is loaded: scripts ask for the version often.
  if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
    context.stdout.write(`${packageVersion()}\n`);
    return 0;
  }
  const { CommanderError } = await import('commander');
  const { buildProgram } = await import('./program.js');
  const { dispatch } = await import('./cli-plugins/dispatch.js');
  try {
    const program = buildProgram(context, packageVersion());
    await program.parseAsync([...(await dispatch(context, program, args))], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_CODES.usage;
    if (error instanceof ExitStatus) return error.status;
    return reportFailure(context, error, args.includes('--json'));
  }
}
