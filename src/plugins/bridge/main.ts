/** The program of the bundle: one process per network. */
import { serve } from '../../sdk/index.js';
import { bridgePlugin } from './bridge-plugin.js';

// What makes the start fail has been said, and the exit status set, when this rejects.
await serve(bridgePlugin()).catch(() => {});
