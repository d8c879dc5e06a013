/** The programs that a sandbox on Linux is made with. */
import { delimiter, dirname, join } from 'node:path';
import { LaunchportError } from '../../../../base/index.js';
import { findProgram, isExecutable } from '../../../../base/programs/index.js';
import { addonPaths } from '../../../../native/index.js';

/** Where they are. */
export interface Programs {
  readonly bubblewrap: string;
  /** Ours, built beside the addon. */
  readonly helper: string;
}

const USUAL_DIRECTORIES = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/local/sbin', '/usr/sbin', '/sbin'];

/** @throws LaunchportError ERR_UNSUPPORTED when one is missing, with what to install */
export function findPrograms(environment: NodeJS.ProcessEnv = process.env): Programs {
  const bubblewrap = findProgram('bwrap', [environment.PATH, ...USUAL_DIRECTORIES].join(delimiter));
  if (bubblewrap === undefined) {
    throw new LaunchportError(
      'ERR_UNSUPPORTED',
      'sandboxes need bubblewrap, and there is no bwrap on this system',
      {
        hint: 'Install it: `apt-get install bubblewrap`, `dnf install bubblewrap` or `apk add bubblewrap`.',
      },
    );
  }
  const helper = addonPaths(environment)
    .map((path) => join(dirname(path), 'launchport-sandbox'))
    .find(isExecutable);
  if (helper === undefined) {
    throw new LaunchportError(
      'ERR_UNSUPPORTED',
      'launchport-sandbox, which is built with the addon, is missing',
      {
        hint: 'Run `npm rebuild launchport` with a C++20 compiler and Python 3 installed, on x86-64 or arm64.',
      },
    );
  }
  return { bubblewrap, helper };
}
