/** The API server as a job of launchd, as `system start` makes it on macOS. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { daemonPlace } from '../../src/cli/daemon/place.js';
import { startWithLaunchd, stopWithLaunchd } from '../../src/cli/daemon/with-launchd.js';
import { parseJobPlist } from '../../src/launchd/index.js';
import { FakeControl } from '../helpers/fake-control.js';
import { useDirectory } from '../plugin/bundles.js';

const directory = useDirectory();
const place = () =>
  daemonPlace({
    environment: { HOME: '/home/me', CONTAINER_APP_ROOT: 'app', SECRET: 'x' },
    cwd: directory(),
  });

it('loads the server under the prefix, once, and takes it out again', async () => {
  const control = new FakeControl();
  const options = { args: ['system', 'run'], prefix: 'org.example.', control };
  const started = await startWithLaunchd(place(), options);
  const label = 'org.example.apiserver';
  expect(started).toMatchObject({ started: true, target: `${control.domain}/${label}` });
  expect(started.plist).toBe(join(directory(), 'app/apiserver', `${label}.plist`));
  const { definition } = parseJobPlist(readFileSync(started.plist));
  expect(definition).toMatchObject({
    Label: label,
    MachServices: { [label]: true },
    RunAtLoad: true,
    StandardErrorPath: place().log,
    EnvironmentVariables: { HOME: '/home/me', CONTAINER_APP_ROOT: join(directory(), 'app') },
  });
  expect(definition.ProgramArguments?.slice(2)).toEqual(['system', 'run']);
  expect(JSON.stringify(definition)).not.toContain('SECRET');
  expect(await startWithLaunchd(place(), options)).toMatchObject({ started: false, pid: started.pid });
  expect(await stopWithLaunchd(options)).toEqual({ stopped: true });
  expect(control.jobs.size).toBe(0);
  expect(await stopWithLaunchd(options)).toEqual({ stopped: false });
});
