import { defineConfig } from 'vitest/config';

/**
 * Three projects, by what they need: `unit` runs anywhere on the in-memory mock, `native` needs the built
 * addon, `integration` spawns real processes. Files say which they are by their folder. Deadlines are far beyond what
 * anything takes: they end what hangs, and say nothing about speed on a machine that is busy.
 */
export default defineConfig({
  test: {
    // vitest's own default leaves a core idle, which on two cores is half the machine.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          name: 'unit',
          setupFiles: ['test/helpers/property-seed.ts'],
          // Files share a module graph: loading it anew for each was half the time. They leave nothing behind anyway.
          pool: 'threads',
          isolate: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          include: ['test/**/*.test.ts'],
          exclude: ['test/native/**', 'test/integration/**', '**/node_modules/**'],
        },
      },
      {
        test: {
          name: 'native',
          setupFiles: ['test/helpers/property-seed.ts'],
          include: ['test/native/**/*.test.ts'],
          pool: 'forks',
          testTimeout: 150_000,
          hookTimeout: 150_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: ['test/helpers/build-dist.ts'],
          pool: 'forks',
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
