/** `launchport bench` on the command line: what it takes, and what it refuses before it measures. */
import { describe, expect, it } from 'vitest';
import { BENCH_GROUPS } from '../../src/bench/index.js';
import { run } from '../../src/cli/run.js';
import { captureContext } from '../helpers/cli-context.js';

async function launchport(...args: readonly string[]) {
  const context = captureContext({});
  const code = await run(args, context);
  return { code, output: context.output(), errors: context.errors() };
}

describe('launchport bench', () => {
  it('tells every group and examples in its help', async () => {
    const { code, output } = await launchport('bench', '--help');
    expect(code).toBe(0);
    for (const group of BENCH_GROUPS) expect(output).toMatch(new RegExp(`^  ${group} {2,}\\S`, 'm'));
    expect(output).toContain('launchport bench --quick');
  });

  it.each([
    [['--only', 'latency,nothing'], 'Choose from latency, throughput'],
    [['--only', ''], 'Choose from latency, throughput'],
    [['--rounds', '0'], 'Give a whole number from 1 to 100.'],
    [['--rounds', '1.5'], 'Give a whole number from 1 to 100.'],
    [['--clients', '65'], 'Give a whole number from 1 to 64.'],
    [['extra'], 'too many arguments'],
  ])('refuses %j', async (args, message) => {
    const { code, output, errors } = await launchport('bench', ...args);
    expect({ code, output }).toEqual({ code: 2, output: '' });
    expect(errors).toContain(message);
  });

  it('completes its options and groups', async () => {
    expect((await launchport('complete', '--', 'ben')).output).toBe('bench\n');
    expect((await launchport('complete', '--', 'bench', '--q')).output).toBe('--quick\n');
    expect((await launchport('complete', '--', 'bench', '--only', 'fan')).output).toBe('fan-in\nfan-out\n');
  });

  it('measures nothing when it is interrupted before', async () => {
    const context = captureContext({});
    context.abort();
    expect(await run(['bench', '--quick'], context)).toBe(130);
    expect(context.output()).toBe('');
  });
});
