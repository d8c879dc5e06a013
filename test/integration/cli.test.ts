/** The command line against a real API server: what a person types, in order. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { commandEnvironment, MAIN, runCommand } from '../helpers/command.js';
import { DAEMON_TOML, makeBundle, useDirectory } from '../plugin/bundles.js';

const VALID = resolve(import.meta.dirname, '../../fixtures/plugins/valid');
const directory = useDirectory();

const launchport = (...args: readonly string[]) => runCommand(directory(), args, 110_000);

it.runIf(process.platform === 'linux')(
  'serves, lists, loads, calls, restarts, unloads, and leaves nothing',
  async () => {
    const plugins = join(directory(), 'plugins');
    mkdirSync(plugins);
    const crasher = makeBundle(plugins, 'crasher', {
      files: { 'config.toml': DAEMON_TOML.replace('true', 'false') },
    });
    writeFileSync(join(crasher, 'bin', 'crasher'), '#!/bin/sh\nexit 3\n', { mode: 0o755 });
    expect(await launchport('system', 'status')).toMatchObject({ code: 3, stdout: '' });

    const args = ['system', 'run', '--json', '--plugin-dir', plugins, '--plugin-dir', VALID];
    const server = spawn(process.execPath, [MAIN, ...args], {
      env: commandEnvironment(directory()),
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      const [line] = (await once(server.stdout, 'data')) as [Buffer];
      expect(JSON.parse(line.toString())).toMatchObject({
        service: 'com.apple.container.apiserver',
        pid: server.pid,
      });

      expect(await launchport('plugin', 'load', 'echo', 'crasher')).toMatchObject({ code: 0 });
      const idle = await launchport('plugin', 'list');
      expect(idle.stdout).toMatch(/^echo +auxiliary +not running +- /m);

      const call = await launchport(
        'plugin',
        'call',
        'echo',
        'echo',
        'text=hello',
        'n:int64=-9007199254740993',
      );
      expect(call).toMatchObject({ code: 0, stderr: '' });
      expect(JSON.parse(call.stdout)).toEqual({ text: 'hello', n: '-9007199254740993' });

      const { plugins: rows } = JSON.parse((await launchport('plugin', 'list', '--json')).stdout) as {
        plugins: { name: string; state?: string; pid?: number }[];
      };
      const echo = rows.find(({ name }) => name === 'echo');
      expect(echo).toMatchObject({ state: 'running', pid: expect.any(Number) });

      expect(await launchport('plugin', 'restart', 'echo')).toMatchObject({ code: 0 });
      const crash = await launchport('plugin', 'call', 'crasher', 'any');
      expect(crash.code).toBe(3);
      expect(crash.stderr).toMatch(/crasher.*exited with status 3.*ERR_PLUGIN_EXITED/s);

      expect(await launchport('plugin', 'unload', 'echo')).toMatchObject({ code: 0 });
      const gone = await launchport('plugin', 'call', 'echo', 'echo', '--plugin-dir', VALID);
      expect(gone).toMatchObject({ code: 4, stderr: expect.stringContaining('launchport plugin load echo') });
    } finally {
      server.kill('SIGTERM');
    }
    expect(await once(server, 'exit')).toEqual([0, null]);
    expect(await launchport('plugin', 'load', 'echo')).toMatchObject({ code: 3 });
  },
);
