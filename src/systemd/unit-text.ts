/** The syntax of unit files: what has to be escaped where (systemd.syntax(7), systemd.service(5), systemd.unit(5)). */
import { LaunchportError } from '../base/index.js';

/** Characters of a word that mean nothing but themselves. */
const PLAIN_WORD = /^[A-Za-z0-9_./,:=@+-]+$/;
/** A path that a whole line holds: no quoting there, blanks at its ends are cut, a final backslash joins lines. */
const LINE_BREAKERS = /[\p{Cc}\p{Surrogate}]|^\s|\s$|\\$/u;

/** A setting of a unit file. */
export type Setting = readonly [key: string, value: string];

/** The text of a section; settings keep their order. */
export function section(name: string, settings: readonly Setting[]): string {
  return `[${name}]\n${settings.map(([key, value]) => `${key}=${value}\n`).join('')}`;
}

/** Doubles percent signs, which start specifiers in nearly every setting. */
export function escapeSpecifiers(text: string): string {
  return text.replaceAll('%', '%%');
}

/**
 * One word of a setting that takes words (`ExecStart=`, `Environment=`): in double quotes with C escapes where it is not
 * plain. Dollar signs stay: they are special in `ExecStart=` only, and not there after its prefix `:`.
 * @throws LaunchportError ERR_LAUNCHD_PLIST for a NUL or for half a surrogate pair, which no unit file can hold
 */
export function quoteWord(text: string, what: string): string {
  if (/[\0\p{Surrogate}]/u.test(text)) throw unfit(what, text, 'holds a NUL or broken Unicode');
  if (PLAIN_WORD.test(text)) return text;
  const escaped = text.replaceAll(/["\\]/g, String.raw`\$&`).replaceAll(/\p{Cc}/gu, escapeControl);
  return `"${escapeSpecifiers(escaped)}"`;
}

/**
 * A value that takes the rest of its line, such as a path.
 * @throws LaunchportError ERR_LAUNCHD_PLIST for one that a line cannot hold: newlines and other control characters,
 * blanks at its ends, a backslash at its end
 */
export function wholeLine(text: string, what: string): string {
  if (LINE_BREAKERS.test(text))
    throw unfit(what, text, 'has a control character, a blank at an end or a backslash at its end');
  return escapeSpecifiers(text);
}

/** The error for a value that has no place in a unit file. */
export function unfit(key: string, value: string, why: string): LaunchportError {
  return new LaunchportError('ERR_LAUNCHD_PLIST', `no systemd unit can hold ${key}: its value ${why}`, {
    hint: 'Choose another value, or use the embedded supervisor.',
    details: { key, value, meaning: 'invalidPlist' },
  });
}

function escapeControl(character: string): string {
  if (character === '\n') return String.raw`\n`;
  if (character === '\t') return String.raw`\t`;
  const code = character.codePointAt(0) ?? 0;
  // Above 0x7f a byte escape would not be the UTF-8 of the character.
  return code > 0x7f
    ? `\\u${code.toString(16).padStart(4, '0')}`
    : `\\x${code.toString(16).padStart(2, '0')}`;
}
