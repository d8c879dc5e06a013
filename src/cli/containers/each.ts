/** One change to several containers or networks: all are tried, and all failures told at the end. */
import { errorText, LaunchportError, printable } from '../../base/index.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { writeJson } from '../output/json.js';

/** How many are changed at once. */
const AT_ONCE = 8;

/** What became of one; more facts go into the JSON. */
export interface Outcome {
  readonly id: string;
  readonly [fact: string]: unknown;
}

/**
 * Changes each of `names` once and writes the names of those that were changed as they are done; with `json` an array
 * of what became of them, in the order they were given.
 * @throws LaunchportError the failure when it is one, else one that holds them all in `details.failures`
 */
export async function changeEach(
  context: CliContext,
  options: GlobalOptions,
  names: readonly string[],
  change: (name: string) => Promise<Omit<Outcome, 'id'> | undefined>,
): Promise<void> {
  const waiting = [...new Set(names)];
  const order = new Map(waiting.map((name, index) => [name, index]));
  const done: Outcome[] = [];
  const failures: LaunchportError[] = [];
  const worker = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      try {
        done.push({ id: name, ...(await change(name)) });
        if (!options.json) context.stdout.write(`${printable(name)}\n`);
      } catch (error) {
        failures.push(coded(error));
      }
      if (context.signal.aborted) return;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  if (options.json) {
    writeJson(
      context,
      done.sort((a, b) => (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0)),
    );
  }
  if (failures.length > 0) throw together(failures);
}

/** The names given, or all of them with `--all`. @throws LaunchportError ERR_USAGE for both or neither */
export async function chosen(
  what: string,
  names: readonly string[],
  isAll: boolean | undefined,
  all: () => Promise<readonly string[]>,
): Promise<readonly string[]> {
  if (names.length > 0 !== (isAll ?? false)) return isAll ? all() : names;
  throw new LaunchportError('ERR_USAGE', isAll ? `--all and names of ${what}s` : `no ${what} is named`, {
    hint: `Name each ${what}, or give --all.`,
  });
}

/** One error of several. Its code is theirs when they agree. */
export function together(failures: readonly LaunchportError[]): LaunchportError {
  const [first] = failures;
  if (first === undefined) throw new RangeError('no failures');
  if (failures.length === 1) return first;
  const code = failures.every((failure) => failure.code === first.code) ? first.code : 'ERR_REMOTE';
  const hints = new Set(failures.map(({ hint }) => hint));
  return new LaunchportError(code, failures.map(({ message }) => message).join('\n'), {
    ...(hints.size === 1 && first.hint !== undefined ? { hint: first.hint } : {}),
    details: { failures: failures.map((failure) => failure.toJSON()) },
    cause: new AggregateError(failures),
  });
}

function coded(error: unknown): LaunchportError {
  if (error instanceof LaunchportError) return error;
  return new LaunchportError('ERR_INTERNAL', errorText(error), { cause: error });
}
