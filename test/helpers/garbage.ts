/** Collects garbage on demand, for tests of what happens to values that nobody can reach any more. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Collects garbage, and lets what is told of it run, until `condition` holds. Fails after some hundred times. */
export async function collectUntil(what: string, condition: () => boolean): Promise<void> {
  for (let round = 0; round < 300; round++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
    if (condition()) return;
  }
  throw new Error(`garbage was collected 300 times, and still not: ${what}`);
}

/** Collects garbage several times, for what must not be collected. */
export async function collectGarbage(): Promise<void> {
  for (let round = 0; round < 5; round++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
}
