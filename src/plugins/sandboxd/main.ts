/** The program of the runtime plugin: launchd starts one for each container. */
import { serve } from '../../sdk/index.js';
import { systemEnvironment } from './environment.js';
import { sandboxd } from './plugin.js';
import { createSandbox } from './sandbox/index.js';

await serve(sandboxd({ environment: systemEnvironment(createSandbox) })).catch(() => {
  // Told on standard error, and the process ends with the code of the failure.
});
