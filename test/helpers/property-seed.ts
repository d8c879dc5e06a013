/**
 * Property tests draw other values in every run, so that they go on finding things, but not in CI: there a run says
 * something about the change at hand, and can be repeated.
 */
import { configureGlobal } from 'fast-check';

if (process.env.CI) configureGlobal({ seed: 20_261_124 });
