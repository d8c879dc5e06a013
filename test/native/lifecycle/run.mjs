/**
 * Proves rules in a process of its own: `node run.mjs ADDON [NAME…]`, without names all of them. One line of JSON per
 * rule, written as soon as it is known: a rule may end the process.
 */
import { writeSync } from 'node:fs';
import { createRequire } from 'node:module';

const [path, ...names] = process.argv.slice(2);
const addon = createRequire(import.meta.url)(path);
for (const name of names.length > 0 ? names : addon.names()) {
  writeSync(1, `${JSON.stringify({ name, problem: addon.run(name) })}\n`);
}
