/** Removes directories that Node cannot: deeper, or with longer paths, than the system takes in one call. */

/** Milliseconds. */
const TIMEOUT = 300_000;

/** `rm -rf`, which goes down step by step. Links are not followed. @throws Error with what rm(1) said */
export async function removeByCommand(path: string): Promise<void> {
  // Loaded when needed: every plugin loads this layer, and hardly any removes anything.
  const [{ execFile }, { promisify }] = await Promise.all([
    import('node:child_process'),
    import('node:util'),
  ]);
  await promisify(execFile)('rm', ['-rf', '--', path], { timeout: TIMEOUT });
}
