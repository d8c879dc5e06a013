/** Programs that stand between two peers: started for one benchmark, gone with it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Its input closes when our process is gone, however that ended: then the program goes, too. */
const KEEPER = '"$@" </dev/null & exec >&- 2>&-; read -r _; kill "$!"; wait "$!"';
/** Milliseconds until a program that says nothing is given up. */
const START_TIMEOUT_MS = 30_000;

/** A running program. */
export interface Broker {
  /** What it printed when it was ready. */
  readonly greeting: string;
  close(): Promise<void>;
}

/** Starts `command` and waits for the first line it prints, on stdout or stderr, that `isReady` takes. */
export async function startBroker(
  command: readonly [string, ...string[]],
  isReady: (line: string) => boolean,
): Promise<Broker> {
  const keeper = spawn('/bin/sh', ['-c', KEEPER, 'sh', ...command], { stdio: ['pipe', 'pipe', 'pipe'] });
  // It may be gone already when its input is closed.
  keeper.stdin.on('error', () => {});
  const close = async () => {
    const ended = keeper.exitCode === null && keeper.signalCode === null ? once(keeper, 'exit') : undefined;
    keeper.stdin.end();
    await ended;
  };
  try {
    return { greeting: await firstLine(keeper, isReady, command[0]), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function firstLine(child: ChildProcess, isReady: (line: string) => boolean, name: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const said: string[] = [];
    const fail = (why: string) => reject(new Error(`${name} ${why}: ${said.join(' ') || 'it said nothing'}`));
    const timer = setTimeout(() => fail('was not ready in time'), START_TIMEOUT_MS);
    let open = 0;
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      open++;
      createInterface({ input: stream })
        .on('line', (line) => {
          if (isReady(line)) {
            clearTimeout(timer);
            resolve(line);
          } else if (said.length < 20) said.push(line);
        })
        // Nobody holds them but the program.
        .on('close', () => {
          if (--open > 0) return;
          clearTimeout(timer);
          fail('ended');
        });
    }
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}
