/** The ends of processes and workers, where handlers have a thread of their own as on macOS. */

// Read when a port is opened, here and in every process started from here.
process.env.LAUNCHPORT_DISPATCH_QUEUE = '1';

await import('./workers.test.js');
await import('./exit.test.js');
