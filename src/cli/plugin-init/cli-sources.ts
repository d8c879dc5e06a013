/** A new plugin that is a command: it is run by its name, and needs nothing but Node. */
import type { PluginSources, SourceKit } from './template.js';

/** Its sources. */
export function cliSources(kit: SourceKit): PluginSources {
  return {
    main: `/** The program: \`launchport ${kit.name.slice(1, -1)} ARGS…\` runs it with these arguments. */
import { parseArgs } from 'node:util';

const USAGE = \`Usage: launchport \${${kit.name}} [--shout] [name]

Says hello.
\`;

/** Runs the command; resolves to its exit code. */
function run(args${kit.ts(': readonly string[]')})${kit.ts(': number')} {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { help: { type: 'boolean', short: 'h' }, shout: { type: 'boolean' } },
    allowPositionals: true,
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const text = \`Hello, \${positionals[0] ?? 'world'}!\`;
  console.log(values.shout ? text.toUpperCase() : text);
  return 0;
}

try {
  process.exitCode = run(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
`,
    test: `import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const binary = join(${kit.bundle}, 'bin', ${kit.name});
const run = (...args${kit.ts(': string[]')}) => spawnSync(binary, args, { encoding: 'utf8' });

test('says hello', () => {
  const { status, stdout } = run('--shout', 'Ada');
  assert.equal(stdout, 'HELLO, ADA!\\n');
  assert.equal(status, 0);
});

test('tells its usage, and refuses what it does not know', () => {
  assert.match(run('--help').stdout, /^Usage: /);
  assert.equal(run('--no-such-option').status, 2);
});
`,
    readme: 'It says hello.',
  };
}
