/** The browser of this machine, for tests that look at pages. */
import { delimiter, join } from 'node:path';
import { isExecutable } from '../../src/base/programs/index.js';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** Path of a Chromium; undefined where there is none. */
export const browserPath: string | undefined = (process.env.PATH ?? '')
  .split(delimiter)
  .flatMap((folder) => NAMES.map((name) => join(folder, name)))
  .find(isExecutable);

/** As root it has no sandbox of its own, and a container's /dev/shm is too small for it. */
export const BROWSER_ARGUMENTS: readonly string[] = [
  '--no-sandbox',
  '--disable-dev-shm-usage',
  '--disable-gpu',
];
