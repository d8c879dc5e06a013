import { expect, it } from 'vitest';
import { spawnFailureText } from '../../src/supervisor/spawn.js';

it('tells a script without its interpreter from a program that is missing', () => {
  const failure = (path: string) =>
    Object.assign(new Error('no'), { code: 'ENOENT', syscall: 'execve', path });
  const script = import.meta.filename;
  expect(spawnFailureText(failure(script), script)).toBe(
    `ENOENT: ${script} (execve): the interpreter of its first line is missing`,
  );
  expect(spawnFailureText(failure('/no/such'), '/no/such')).toBe('ENOENT: /no/such (execve)');
});
