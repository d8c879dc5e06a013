/**
 * A launchctl that plays a script: `node fake-launchctl.mjs SCRIPT.json ARGUMENT…`. The script maps verbs to lists of
 * answers; each run takes the next one, the last repeats. Arguments of every run are added to SCRIPT.json.log.
 */
import { appendFileSync, readFileSync, writeFileSync, writeSync } from 'node:fs';

const [script, ...args] = process.argv.slice(2);
appendFileSync(`${script}.log`, `${JSON.stringify(args)}\n`);
const answers = JSON.parse(readFileSync(script, 'utf8'));
const list = answers[args[0]] ?? [{ exit: 64, stderr: 'usage\n' }];
const answer = list.length > 1 ? list.shift() : list[0];
writeFileSync(script, JSON.stringify(answers));

if (answer.stdout !== undefined) writeSync(1, answer.stdout);
if (answer.stderr !== undefined) writeSync(2, answer.stderr);
if (answer.flood !== undefined) {
  const block = Buffer.alloc(1 << 16, 0x78);
  for (let left = answer.flood; left > 0; left -= block.length) process.stdout.write(block);
}
if (answer.kill !== undefined) process.kill(process.pid, answer.kill);
if (answer.hang) setInterval(() => {}, 1000);
else process.exitCode = answer.exit ?? 0;
