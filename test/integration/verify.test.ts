/** The conformance kit against real processes: good plugins pass, and each bad one fails the check that is about it. */
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CHECKS, type CheckResult, type VerifyOptions, verifyBundle } from '../../src/verify/index.js';
import { runCommand } from '../helpers/command.js';
import { useDirectory } from '../plugin/bundles.js';

const PLUGINS = resolve(import.meta.dirname, '../../fixtures/plugins');
const directory = useDirectory();

/** A busy machine may be slow; nothing here waits so long unless it fails. */
const PATIENT: VerifyOptions = { timeout: 60_000, exitTimeout: 60_000 };

const failed = (checks: readonly CheckResult[]) =>
  checks.filter(({ result }) => result === 'fail').map(({ id }) => id);

/** What each bad plugin fails; waits are short where silence is what is waited for. */
const BAD: readonly (readonly [plugin: string, check: string, detail: RegExp, options: VerifyOptions])[] = [
  ['silent', 'unknown-route', /not answered within/, { answerTimeout: 10_000 }],
  ['agreeable', 'unknown-route', /as if it had succeeded/, {}],
  ['routeless', 'missing-route', /not answered/, {}],
  ['mumbling', 'error-shape', /not JSON/, {}],
  ['wrong-code', 'error-shape', /"badRequest" is none/, {}],
  ['fragile', 'garbage', /a route that is a number; it wrote: route\.startsWith/, {}],
  ['forgetful', 'second-client', /the first gets no answer/, { answerTimeout: 10_000 }],
  ['clinging', 'disconnect', /the process ended after a client left/, {}],
  ['overwhelmed', 'flood', /the process ended after \d+ requests/, {}],
  ['stubborn', 'exit-sigterm', /still runs 1000 ms after SIGTERM/, { exitTimeout: 1_000 }],
  ['sulking', 'exit-status', /exited with status 7/, {}],
  ['parent', 'no-children', /sleep 300/, {}],
  ['talkative', 'quiet-stdout', /ready/, {}],
  ['strict-debug', 'argv-debug', /status 64.*unknown option --debug/, {}],
  ['strict-resources', 'argv-resources', /status 64.*unknown option --resources/, {}],
  ['strict-arguments', 'argv-unknown', /status 64.*--launchport-verify/, {}],
  ['needy', 'no-output', /status 74/, {}],
  ['strict-lookup', 'network-lookup', /notFound: no such host: verify-nobody/, {}],
  ['eager', 'runtime-state', /it is running/, {}],
  ['unwell', 'check-in', /exited with status 78 before it checked in; it wrote: cannot find/, {}],
  ['deaf', 'check-in', /in time/, { timeout: 2_000 }],
];

const START = /^(argv|no-output)/;
const END = /^(exit|no-children|restart|quiet)/;
const LOAD = /^(flood|garbage|disconnect|second-client)$/;

/** What is run to find one: where waits are short, other checks would be late on a busy machine. */
const besides = (check: string, { answerTimeout, exitTimeout }: VerifyOptions): readonly string[] =>
  answerTimeout === undefined && exitTimeout === undefined ? near(check) : [check];

/** The checks near one: starts and floods cost much, and a plugin that is bad at something else is spared them. */
function near(check: string): readonly string[] {
  const ids = CHECKS.map(({ id }) => id);
  if (START.test(check)) return ids.filter((id) => START.test(id) || /^(check-in|exit)/.test(id));
  if (END.test(check)) return ids.filter((id) => !START.test(id) && !LOAD.test(id));
  return ids.filter((id) => !START.test(id));
}

describe.runIf(process.platform === 'linux')('plugin verify', { timeout: 180_000 }, () => {
  it.concurrent.each(['echo', 'hydra'])('passes %s', async (name) => {
    const { checks, passed } = await verifyBundle(resolve(PLUGINS, 'valid', name), PATIENT);
    expect(failed(checks)).toEqual([]);
    expect(passed).toBe(true);
  });

  it.concurrent.each(BAD)(
    'finds that %s fails %s, and nothing else',
    async (name, check, detail, options) => {
      const bundle = resolve(PLUGINS, 'bad-behaviour', name);
      const { checks } = await verifyBundle(bundle, {
        ...PATIENT,
        ...options,
        only: besides(check, options),
      });
      expect(failed(checks)).toEqual([check]);
      expect(checks.find(({ id }) => id === check)).toMatchObject({
        detail: expect.stringMatching(detail),
        advice: expect.any(String),
      });
    },
  );

  it('tells all as JSON, and ends with 1 when a required check fails', async () => {
    const bundle = resolve(PLUGINS, 'bad-behaviour/unwell');
    const { code, stdout } = await runCommand(directory(), ['plugin', 'verify', '--json', bundle], 120_000);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ name: 'unwell', passed: false, types: ['auxiliary'] });
  });
});
