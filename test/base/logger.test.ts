/** Lines of a log: one per message, fit for a terminal whatever file names and peers put into it. */
import { expect, it } from 'vitest';
import { jsonLogger, lineLogger } from '../../src/base/index.js';

/** The one line that `log` makes of a message, less its time. */
function lineOf(message: string, fields?: Record<string, unknown>): string {
  const lines: string[] = [];
  lineLogger((line) => lines.push(line)).info(message, fields);
  expect(lines).toHaveLength(1);
  return lines.join('').replace(/^\S+ /, '');
}

it('shows control characters instead of obeying them', () => {
  const nasty = '\u001b[2J\n2026 info forged \u009b31m\u202e';
  const line = lineOf(`cannot read /p/${nasty}`, { path: nasty, n: 5n, error: new Error('odd') });
  expect(line).toBe(
    'info cannot read /p/\\u001b[2J\\u000a2026 info forged \\u009b31m\\u202e ' +
      '{"path":"\\u001b[2J\\n2026 info forged \\u009b31m\\u202e","n":"5","error":"odd"}\n',
  );
});

it('never throws, whatever the fields', () => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  expect(lineOf('x', circular)).toContain('info x');
});

it('as JSON writes one whole value a line, whatever the facts are', () => {
  const lines: string[] = [];
  const logger = jsonLogger((line) => lines.push(line), 'warn');
  logger.info('too little');
  logger.warn('a\nb\u001b[2J', { n: 10n, error: new Error('bad') });
  logger.error('clash', { level: 3 });
  const loop: Record<string, unknown> = {};
  loop.self = loop;
  logger.error('loop', loop);
  expect(lines.map((line) => line.split('\n').length)).toEqual([2, 2, 2]);
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { time: expect.any(String), level: 'warn', message: 'a\nb\u001b[2J', n: '10', error: 'bad' },
    { time: expect.any(String), level: 'error', message: 'clash', fields: { level: 3 } },
    { time: expect.any(String), level: 'error', message: 'loop', unwritable: expect.any(String) },
  ]);
});
