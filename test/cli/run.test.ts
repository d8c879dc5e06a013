import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LaunchportError } from '../../src/base/index.js';
import { EXIT_INTERRUPTED, reportFailure } from '../../src/cli/failure.js';
import { writeJson } from '../../src/cli/output/json.js';
import { writeTable } from '../../src/cli/output/table.js';
import { run } from '../../src/cli/run.js';
import { packageVersion } from '../../src/cli/version.js';
import { captureContext } from '../helpers/cli-context.js';
import { makeBundle } from '../plugin/bundles.js';

const FIXTURES = resolve(import.meta.dirname, '../../fixtures/plugins/valid');

let home: string;
let environment: NodeJS.ProcessEnv;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'lp-cli-'));
  environment = { HOME: home, LAUNCHPORT_RUNTIME_DIR: join(home, 'run') };
});
afterEach(() => rm(home, { recursive: true, force: true }));

describe('the command line', () => {
  it('tells its version without loading the commands', async () => {
    const context = captureContext();
    expect(await run(['--version'], context)).toBe(0);
    expect(context.output()).toBe(`${packageVersion()}\n`);
  });

  it('lists every command in its help, and the exit codes', async () => {
    const context = captureContext();
    expect(await run(['--help'], context)).toBe(0);
    for (const word of [
      'plugin',
      'job',
      'plist',
      'events',
      'system',
      'doctor',
      'demo',
      'completion',
      'help',
      'Exit codes',
    ])
      expect(context.output()).toContain(word);
  });

  it.each([
    [['plugn'], 'Did you mean plugin?'],
    [['plugin', 'list', '--jsn'], 'Did you mean --json?'],
    [['plugin', 'list', '--type', 'foo'], 'Allowed choices are runtime, network, core, auxiliary'],
    [['plugin', 'inspect'], "missing required argument 'names'"],
    [['plugin', 'load', 'x', '--timeout', 'soon'], 'number of seconds'],
  ])('refuses %j with exit status 2', async (args, text) => {
    const context = captureContext(environment);
    expect(await run(args, context)).toBe(2);
    expect(context.errors()).toContain(text);
    expect(context.output()).toBe('');
  });

  it('lists the plugins of a directory as a table, as names and as JSON', async () => {
    const table = captureContext(environment);
    expect(await run(['plugin', 'list', '--plugin-dir', FIXTURES], table)).toBe(0);
    expect(table.output()).toMatch(/^NAME +SERVICES +STATE +PID +CONFIG +BUNDLE\n/);
    expect(table.output()).toMatch(/^hydra +runtime,network +- +- +plugin\.json +\//m);
    const quiet = captureContext(environment);
    await run(['plugin', 'list', '-q', '--type', 'network', '--plugin-dir', FIXTURES], quiet);
    expect(quiet.output()).toContain('hydra\n');
    expect(quiet.output()).not.toContain('echo');
    const json = captureContext(environment);
    await run(['plugin', 'list', '--json', '--plugin-dir', FIXTURES], json);
    const names = (JSON.parse(json.output()) as { plugins: { name: string }[] }).plugins.map(
      (plugin) => plugin.name,
    );
    expect(names).toEqual([...names].sort());
    expect(names).toContain('echo');
  });

  it('warns of a --plugin-dir that is not there', async () => {
    const context = captureContext(environment);
    expect(await run(['plugin', 'list', '--plugin-dir', join(home, 'nowhere')], context)).toBe(0);
    // From sources, launchport's own directory of plugins is no directory of bundles, and is warned of too.
    expect(context.errors().split('\n')).toContain(`warning: ${join(home, 'nowhere')}: no such directory`);
  });

  it('inspects plugins, and tells every missing name with exit status 4', async () => {
    const context = captureContext(environment);
    expect(
      await run(['plugin', 'inspect', 'hydra', 'nix', 'nada', '--json', '--plugin-dir', FIXTURES], context),
    ).toBe(4);
    expect(JSON.parse(context.output())).toMatchObject([
      {
        name: 'hydra',
        label: 'com.apple.container.hydra',
        machServices: ['com.apple.container.runtime.hydra', 'com.apple.container.network.hydra'],
      },
    ]);
    expect(context.errors()).toContain('nix');
    expect(context.errors()).toContain('nada');
  });

  it.each(['bash', 'zsh', 'fish'])('prints a completion script for %s', async (shell) => {
    const context = captureContext(environment);
    expect(await run(['completion', shell], context)).toBe(0);
    expect(context.output()).toContain('launchport complete');
  });

  it.each(['tcsh', 'constructor'])('refuses to complete for %s', async (shell) => {
    const context = captureContext(environment);
    expect(await run(['completion', shell], context)).toBe(2);
    expect(context.errors()).toContain('bash, zsh, fish');
  });

  it('inspects a command whose name is no label', async () => {
    const plugins = join(home, 'plugins');
    makeBundle(plugins, 'a b');
    const context = captureContext(environment);
    expect(await run(['plugin', 'inspect', 'a b', '--json', '--plugin-dir', plugins], context)).toBe(0);
    expect(JSON.parse(context.output())).toMatchObject([{ name: 'a b', machServices: [] }]);
  });

  it('completes in bash what a plugin is called, and runs none of it', async () => {
    const script = captureContext(environment);
    await run(['completion', 'bash'], script);
    const marker = join(home, 'ran');
    const names = ['plain', `x$(touch ${marker})`, 'a b', '*'];
    const { stdout } = await promisify(execFile)(
      'bash',
      [
        '--norc',
        '-c',
        `${script.output()}\nCOMP_WORDS=(launchport plugin inspect '')\nCOMP_CWORD=3\n_launchport\nprintf '%s\\n' "\${COMPREPLY[@]}"`,
      ],
      {
        env: {
          PATH: process.env.PATH,
          'BASH_FUNC_launchport%%': `() { cat <<'END'\n${names.join('\n')}\nEND\n}`,
        },
      },
    );
    expect(existsSync(marker)).toBe(false);
    expect(stdout.split('\n')).toEqual([
      'plain',
      expect.stringMatching(/^x\\\$\\\(touch/),
      'a\\ b',
      '\\*',
      '',
    ]);
  });

  it('completes commands, options and plugin names', async () => {
    const complete = async (...words: string[]) => {
      const context = captureContext({ ...environment, CONTAINER_INSTALL_ROOT: home });
      await run(['complete', '--', ...words], context);
      return context.output().split('\n').filter(Boolean);
    };
    expect(await complete('pl')).toEqual(['plugin', 'plist']);
    expect(await complete('plugin', 'in')).toEqual(['inspect', 'init']);
    expect(await complete('plugin', 'list', '--j')).toEqual(['--json']);
    expect(await complete('plugin', 'list', '--type', 'r')).toEqual(['runtime']);
    expect(await complete('plugin', 'call', '--plugin-dir', '')).toEqual([]);
    expect(await complete('completion', '')).toEqual(['bash', 'zsh', 'fish']);
    expect(await complete('help', 'plugin', 'c')).toEqual(['call']);
    expect(await complete('doc')).toEqual(['doctor']);
    expect(await complete('doctor', '-')).toEqual(['--json']);
  });

  it('completes plugins of a --plugin-dir that was typed before', async () => {
    makeBundle(join(home, 'mine'), 'found');
    const complete = async (...typed: string[]) => {
      const context = captureContext({ ...environment, CONTAINER_INSTALL_ROOT: home }, home);
      await run(['complete', '--', 'plugin', 'inspect', ...typed], context);
      return context.output().split('\n').filter(Boolean);
    };
    expect(await complete('')).toEqual([]);
    expect(await complete('--plugin-dir', 'mine', '')).toEqual(['found']);
    expect(await complete('--plugin-dir', join(home, 'mine'), 'f')).toEqual(['found']);
    expect(await complete('--plugin-dir=~/mine', '')).toEqual(['found']);
    // As bash splits it.
    expect(await complete('--plugin-dir', '=', 'mine', '')).toEqual(['found']);
    expect(await complete('--plugin-dir', '=', 'm')).toEqual([]);
  });

  it.each([
    [['help'], 'Usage: launchport [options]'],
    [['help', 'plugin'], 'Usage: launchport plugin [options]'],
    [['help', 'plugin', 'call'], 'Usage: launchport plugin call'],
    [['help', 'plugin', 'ls'], 'Usage: launchport plugin list'],
    [['help', 'doctor'], 'Usage: launchport doctor'],
  ])('%j is the help of that command', async (args, usage) => {
    const context = captureContext(environment);
    expect(await run(args, context)).toBe(0);
    expect(context.output()).toContain(usage);
  });

  it('help for what is no command is wrong usage', async () => {
    const context = captureContext(environment);
    expect(await run(['help', 'plugin', 'cal'], context)).toBe(2);
    expect(context.errors()).toContain("plugin has no command 'cal'");
  });
});

describe('failures', () => {
  it('are one line, a hint and an exit status by kind', () => {
    const context = captureContext();
    const error = new LaunchportError('ERR_PLUGIN_NOT_FOUND', 'plugin \u001b[31mx not found', {
      hint: 'Look elsewhere.',
    });
    expect(reportFailure(context, error, false)).toBe(4);
    expect(context.errors()).toBe(
      'launchport: plugin \\u001b[31mx not found [ERR_PLUGIN_NOT_FOUND]\n  Look elsewhere.\n',
    );
  });

  it('are an object with --json', () => {
    const context = captureContext();
    expect(reportFailure(context, new Error('odd'), true)).toBe(1);
    expect(JSON.parse(context.errors())).toEqual({
      error: { code: 'ERR_INTERNAL', message: 'odd', details: {} },
    });
  });

  it('after an interrupt are status 130', () => {
    const context = captureContext();
    context.abort();
    expect(reportFailure(context, new Error('odd'), false)).toBe(EXIT_INTERRUPTED);
  });
});

it('JSON holds no control character that a terminal obeys, and loses none', () => {
  const context = captureContext();
  const text = '\u001b[2J\u009b31m\u007f\u202e';
  writeJson(context, { text });
  expect(context.output()).toMatch(/^[\n\x20-\x7e]*$/);
  expect(JSON.parse(context.output())).toEqual({ text });
});

describe('tables', () => {
  it('align columns, cut nothing and print control characters visibly', () => {
    const context = captureContext();
    const rows = [
      { a: 'x', b: 'long text' },
      { a: 'yyyy', b: 'n\nl' },
    ];
    writeTable(
      context,
      [
        { heading: 'A', cell: (r) => r.a },
        { heading: 'B', cell: (r) => r.b },
      ],
      rows,
    );
    expect(context.output()).toBe('A     B\nx     long text\nyyyy  n\\u000al\n');
  });
});
