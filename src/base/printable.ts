/** Text of files and peers, fit for a terminal or a line of a log. */

/** Control characters, line separators, and what turns the direction of text. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** The text with what could drive a terminal or forge a line written as `\uXXXX`, but for the characters in `kept`. */
export function printable(text: string, kept = ''): string {
  return text.replace(UNPRINTABLE, (character) =>
    kept.includes(character) ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
