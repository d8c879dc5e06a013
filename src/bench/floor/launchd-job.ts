/** The server of the floor on macOS: a Mach service must belong to a job of launchd. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LaunchControl, sessionLimit, writeJobPlist } from '../../launchd/index.js';

/**
 * Loads a job that serves a name of its own while `work` runs, and boots it out however that ends. It is started by the
 * first message, and is another job each time: launchd holds back one that is started twice in ten seconds.
 * @throws LaunchportError of launchd, and what `work` throws
 */
export async function withLaunchdJob<T>(
  program: string,
  control: LaunchControl,
  signal: AbortSignal | undefined,
  work: (service: string) => Promise<T>,
): Promise<T> {
  const label = `dev.launchport.bench.${process.pid}.${randomBytes(4).toString('hex')}`;
  const folder = await mkdtemp(join(await realpath(tmpdir()), 'launchport-bench-'));
  const options = signal === undefined ? {} : { signal };
  try {
    const domain = await control.defaultDomain(options);
    const session = sessionLimit(domain);
    const plist = join(folder, `${label}.plist`);
    await writeJobPlist(plist, {
      Label: label,
      ProgramArguments: [program, 'serve', '--service', label],
      MachServices: { [label]: true },
      ProcessType: 'Interactive',
      ...(session === undefined ? {} : { LimitLoadToSessionType: session }),
    });
    const target = await control.bootstrap(domain, plist, options);
    try {
      return await work(label);
    } finally {
      // Without the signal: the job must go when the work was given up, too.
      await control.bootout(target);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
