/** Waits for something that may take too long, without giving it up. */

/** Whether it settles within `ms` milliseconds. */
export async function within(ms: number, settled: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), Math.min(ms, 0x7fff_ffff));
  });
  const result = await Promise.race([settled.then(() => true), late]);
  clearTimeout(timer);
  return result;
}
