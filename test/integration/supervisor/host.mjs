// A host process: supervises one job in a directory until it is told to end.
//   node host.mjs DIRECTORY PLIST [--stop-on-sigterm]
// Prints "ready" once the job is loaded, or the error's code and details. A line on its input makes it exit.
import { Supervisor } from '../../../dist/supervisor/index.js';

const [directory, plist] = process.argv.slice(2);
try {
  const supervisor = await Supervisor.start({ directory });
  if (process.argv.includes('--stop-on-sigterm')) process.on('SIGTERM', () => supervisor.stop());
  await supervisor.bootstrap(await supervisor.defaultDomain(), plist);
  process.stdin.once('data', () => process.exit(0)).unref();
  process.stdout.write('ready\n');
} catch (error) {
  process.stdout.write(`${error.code} ${JSON.stringify(error.details)}\n`);
  process.exitCode = 1;
}
