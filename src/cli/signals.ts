/** Signals as typed on a command line. */
import { constants } from 'node:os';
import { LaunchportError } from '../base/index.js';

/** The signals of this system without their SIG, most usual first. */
export function signalNames(): readonly string[] {
  const usual = ['TERM', 'KILL', 'HUP', 'INT', 'USR1', 'USR2'];
  const all = Object.keys(constants.signals).map((name) => name.slice('SIG'.length));
  return [...usual, ...all.filter((name) => !usual.includes(name))];
}

/** Reads `TERM`, `SIGTERM`, `term` or `15`. @throws LaunchportError ERR_USAGE for anything else */
export function parseSignal(text: string): NodeJS.Signals {
  const upper = text.toUpperCase();
  const wanted = upper.startsWith('SIG') ? upper : `SIG${upper}`;
  const found = Object.entries(constants.signals).find(
    ([name, number]) => name === wanted || String(number) === text,
  );
  if (found !== undefined) return found[0] as NodeJS.Signals;
  throw new LaunchportError('ERR_USAGE', `no such signal: ${JSON.stringify(text)}`, {
    hint: `Give a number or one of ${signalNames().join(', ')}.`,
    details: { signal: text },
  });
}
