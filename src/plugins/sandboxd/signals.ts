/** Signals by the names and numbers that clients send. */
import { constants } from 'node:os';
import { routeError } from '../../sdk/index.js';

/** The highest signal of Linux; macOS has fewer. */
const HIGHEST = 64;

/**
 * The number of a signal: `SIGTERM`, `TERM`, `term` or `15`.
 * @throws LaunchportError `invalidArgument` for what is none
 */
export function signalNumber(text: string): number {
  const name = text.trim().toUpperCase();
  if (/^\d{1,2}$/.test(name)) {
    const number = Number(name);
    if (number >= 1 && number <= HIGHEST) return number;
  }
  const known: Readonly<Record<string, number>> = constants.signals;
  const number = known[name.startsWith('SIG') ? name : `SIG${name}`] ?? realTime(name);
  if (number !== undefined) return number;
  throw routeError('invalidArgument', `no signal is called ${JSON.stringify(text.slice(0, 64))}`);
}

/** `RTMIN+n` and `RTMAX-n`, as kill(1) knows them on Linux. */
function realTime(name: string): number | undefined {
  const match = /^(?:SIG)?RT(MIN|MAX)(?:([+-])(\d{1,2}))?$/.exec(name);
  if (match === null || process.platform !== 'linux') return undefined;
  const base = match[1] === 'MIN' ? 34 : HIGHEST;
  const number = base + (match[2] === '-' ? -1 : 1) * Number(match[3] ?? 0);
  return number >= 34 && number <= HIGHEST ? number : undefined;
}
