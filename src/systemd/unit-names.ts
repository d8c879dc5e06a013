/** Names of units: a job's label in the characters that systemd allows. */
import { createHash } from 'node:crypto';
import { assertLabel } from '../launchd/index.js';

/** What all our units begin with, so that no label is ever the name of somebody else's unit. */
export const UNIT_PREFIX = 'launchport.';
/** Before a number: `#`, escaped, which no label holds. Not a colon, at which systemd-analyze splits what it is given. */
const NUMBER = String.raw`\x23`;
/** UNIT_NAME_MAX of systemd is 256 with its NUL; the longest ending here has a number of four digits. */
const MAX_STEM = 255 - `${NUMBER}9999.service`.length;

/**
 * The unit name of a job without its ending. Of a label's characters, `@` would make a template, `+` is not allowed,
 * and `:` splits arguments of systemd-analyze; each becomes `\xHH`, as systemd-escape(1) writes it. A name that gets too
 * long is replaced by a digest.
 * @throws LaunchportError ERR_LAUNCHD_LABEL
 */
export function unitStem(label: string): string {
  assertLabel(label);
  const escaped = label.replaceAll(
    /[^A-Za-z0-9._-]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  const stem = UNIT_PREFIX + escaped;
  if (stem.length <= MAX_STEM) return stem;
  // No label holds the character in front, so a digest is never the name of another job.
  return `${UNIT_PREFIX}${NUMBER}${createHash('sha256').update(label).digest('hex').slice(0, 32)}`;
}

/** The names of `count` units of a kind: `STEM.socket` when there is one, else `STEM\x231.socket`, `STEM\x232.socket`, … */
export function numberedUnits(stem: string, ending: string, count: number): string[] {
  if (count === 1) return [`${stem}.${ending}`];
  return Array.from({ length: count }, (_, index) => `${stem}${NUMBER}${index + 1}.${ending}`);
}

/** Whether a unit belongs to the job with this stem. */
export function isUnitOf(stem: string, unit: string): boolean {
  if (!unit.startsWith(stem)) return false;
  return /^(?:\\x23\d+)?\.(?:service|socket|timer|path)$/.test(unit.slice(stem.length));
}
