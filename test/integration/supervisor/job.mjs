// A job for the tests of the supervisor: serves every service it was given and notes its start.
//   node job.mjs [--stubborn]
// Requests: { n } is echoed with the pid; { fail: 'SIGKILL' } ends the job without an answer; { exit: 3n } after one.
import { appendFileSync } from 'node:fs';
import { XpcTransport } from '../../../dist/xpc/index.js';

if (process.env.STARTS) appendFileSync(process.env.STARTS, `${process.pid}\n`);
if (process.argv.includes('--stubborn')) process.on('SIGTERM', () => {});

const services = (process.env.LISTEN_FDNAMES ?? '').split(':').filter((name) => name !== '');
const transport = XpcTransport.default();
for (const service of services) {
  transport.listen(service, () => ({
    request(message) {
      if (typeof message.fail === 'string') process.kill(process.pid, message.fail);
      if (typeof message.exit === 'bigint') setImmediate(() => process.exit(Number(message.exit)));
      return { ...message, pid: BigInt(process.pid) };
    },
  }));
}
