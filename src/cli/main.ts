#!/usr/bin/env node
/** Entry of the `launchport` command. */
import { packageVersion } from './version.js';

const args = process.argv.slice(2);
// Answered before anything else is loaded: scripts ask for the version often.
if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
  // A reader that went away wants no answer.
  process.stdout.on('error', () => {}).write(`${packageVersion()}\n`);
} else {
  const { launch } = await import('./launch.js');
  process.exitCode = await launch(args);
}
