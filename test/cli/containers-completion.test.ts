/** Completion of containers and networks by name. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { run } from '../../src/cli/run.js';
import { ContainerWorld, exampleNetwork } from '../helpers/container-world.js';

let root: string;
let server: ContainerWorld;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lp-complete-'));
  server = new ContainerWorld(root);
  server.add('off', 'stopped');
  server.add('on');
  server.networks.set('lan', exampleNetwork('lan'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await server[Symbol.asyncDispose]();
  rmSync(root, { recursive: true, force: true });
});

it.each([
  [['stop', ''], ['on']],
  [['stop', 'on', ''], ['on']],
  [['start', ''], ['off']],
  [
    ['rm', '-f', 'o'],
    ['off', 'on'],
  ],
  [['exec', ''], ['on']],
  [['exec', 'on', ''], []],
  [['run', '--network', ''], ['lan']],
  [['network', 'connect', ''], ['lan']],
  [
    ['network', 'connect', 'lan', ''],
    ['off', 'on'],
  ],
  [['network', 'create', ''], []],
] as const)('offers what may come next behind %j', async (words, expected) => {
  const context = server.context({ HOME: root });
  expect(await run(['complete', '--', ...words], context)).toBe(0);
  expect(context.output().split('\n').filter(Boolean)).toEqual(expected);
});
