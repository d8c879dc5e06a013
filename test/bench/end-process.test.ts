/** Processes of a benchmark: heard, waited for with a deadline, and ended whatever they do. */
import { afterEach, describe, expect, it } from 'vitest';
import { EndProcess, reasonIn } from '../../src/bench/end-process.js';

const PATIENCE_MS = 50_000;

let started: EndProcess | undefined;
afterEach(() => started?.end());

function start(script: string, signal = new AbortController().signal): EndProcess {
  const what = 'the end';
  started = new EndProcess([process.execPath, '-e', script], { what, environment: process.env, signal });
  return started;
}

describe('an end', () => {
  it('is heard line by line, and goes on when it is told', async () => {
    const end = start(`
      console.log('{"ready":true}');
      process.stdin.once('data', (text) => { console.log(JSON.stringify({ got: String(text) })); process.exit(0); });
    `);
    expect(await end.next(PATIENCE_MS)).toEqual({ ready: true });
    end.go();
    expect(await end.next(PATIENCE_MS)).toEqual({ got: 'go\n' });
    await end.ended();
  });

  it('that fails tells why', async () => {
    const end = start('throw new TypeError("no such thing")');
    await expect(end.next(PATIENCE_MS)).rejects.toMatchObject({
      code: 'ERR_INTERNAL',
      message: 'the end ended: TypeError: no such thing',
    });
    expect(end.failure).toBe('TypeError: no such thing');
  });

  it('that says nothing and ends tells its status', async () => {
    await expect(start('process.exit(3)').next(PATIENCE_MS)).rejects.toThrow('the end ended: status 3');
  });

  it('that cannot be started says so', async () => {
    const signal = new AbortController().signal;
    const end = new EndProcess(['/nonexistent'], { what: 'the end', environment: {}, signal });
    await expect(end.next(PATIENCE_MS)).rejects.toThrow(/the end ended: .*ENOENT/);
    await end.end();
  });

  it('that hangs runs into the deadline, and is ended', async () => {
    const end = start('setInterval(() => {}, 1000)');
    await expect(end.next(10)).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    await end.end();
  });

  it('is not waited for after an abort', async () => {
    const controller = new AbortController();
    const end = start('setInterval(() => {}, 1000)', controller.signal);
    const line = end.next(PATIENCE_MS);
    controller.abort();
    await expect(line).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    await end.ended();
  });

  it('that does not heed SIGTERM is killed', async () => {
    const end = start('process.on("SIGTERM", () => {}); console.log("{}"); setInterval(() => {}, 1000)');
    await end.next(PATIENCE_MS);
    await end.end();
  });
});

it('the reason is the line that names an error, else the last one', () => {
  const report =
    'file:///x.js:3\nthrow new RangeError("off");\n^\n\nRangeError: off\n    at x\n\nNode.js v20\n';
  expect(reasonIn(report)).toBe('RangeError: off');
  expect(reasonIn('one\ntwo\n')).toBe('two');
  expect(reasonIn('')).toBeUndefined();
});
