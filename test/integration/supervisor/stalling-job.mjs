// A job that stops accepting: serves one request and, still in it, blocks its thread until a file appears, then dies.
//   node stalling-job.mjs FILE
// Where FILE exists from the start it answers everything with its pid.
import { appendFileSync, existsSync } from 'node:fs';
import { XpcTransport } from '../../../dist/xpc/index.js';

const [file] = process.argv.slice(2);
const isSecondRun = existsSync(file);
appendFileSync(process.env.STARTS, `${process.pid}\n`);
const clock = new Int32Array(new SharedArrayBuffer(4));
XpcTransport.default().listen(process.env.LISTEN_FDNAMES, () => ({
  request(message) {
    if (isSecondRun) return { ...message, pid: BigInt(process.pid) };
    appendFileSync(`${file}.stalled`, '');
    while (!existsSync(file)) Atomics.wait(clock, 0, 0, 5);
    process.kill(process.pid, 'SIGKILL');
    return {};
  },
}));
