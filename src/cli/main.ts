#!/usr/bin/env node
/** Entry of the `launchport` command. */
import { processContext } from './context.js';
import { run } from './run.js';

process.exitCode = await run(process.argv.slice(2), processContext());
