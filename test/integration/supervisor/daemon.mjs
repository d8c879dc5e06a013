// A supervisor in daemon mode, and nothing else.
//   node daemon.mjs DIRECTORY [PLIST...]
// Loads the jobs unless they are loaded already. Prints one line of JSON when it is ready: its pid, and the jobs' pids.
// SIGTERM stops it in good order. Logs to the file named by LOG.
import { appendFileSync } from 'node:fs';
import { Supervisor } from '../../../dist/supervisor/index.js';

const [directory, ...plists] = process.argv.slice(2);
const log = (level) => (text, fields) => {
  if (process.env.LOG)
    appendFileSync(process.env.LOG, `${process.pid} ${level} ${text} ${JSON.stringify(fields ?? {})}\n`);
};
const logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
const unattendedMs = Number(process.env.UNATTENDED_MS ?? 60_000);
const supervisor = await Supervisor.start({ directory, logger, recover: { unattendedMs } });
process.on('SIGTERM', () => supervisor.stop());
const domain = await supervisor.defaultDomain();
for (const plist of plists) {
  await supervisor.bootstrap(domain, plist).catch((error) => {
    if (error.code !== 'ERR_LAUNCHD_ALREADY_LOADED') throw error;
  });
}
const jobs = Object.fromEntries((await supervisor.list()).map(({ label, pid }) => [label, pid ?? 0]));
process.stdout.write(`${JSON.stringify({ pid: process.pid, jobs })}\n`);
