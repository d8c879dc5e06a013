/** Reads unit files as systemd does (systemd.syntax(7)), written anew so that it shares no mistake with the writer. */

/** Settings of a unit by section and key; a key may come several times. */
export type ReadUnit = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;

export function readUnit(text: string): ReadUnit {
  const unit = new Map<string, Map<string, string[]>>();
  let settings = new Map<string, string[]>();
  let pending = '';
  for (const raw of text.split('\n')) {
    const line = pending + raw;
    pending = '';
    if (line.endsWith('\\')) {
      pending = `${line.slice(0, -1)} `;
      continue;
    }
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith(';')) continue;
    const title = /^\[(.*)\]$/.exec(trimmed);
    if (title !== null) {
      settings = unit.get(title[1] ?? '') ?? new Map();
      unit.set(title[1] ?? '', settings);
      continue;
    }
    const at = trimmed.indexOf('=');
    if (at < 1) throw new Error(`not a setting: ${line}`);
    const key = trimmed.slice(0, at).trimEnd();
    settings.set(key, [...(settings.get(key) ?? []), trimmed.slice(at + 1).trimStart()]);
  }
  return unit;
}

/** The words of a setting: quotes, C escapes, then specifiers. A bare `;` or an unknown specifier is an error. */
export function readWords(value: string): string[] {
  const words: string[] = [];
  let at = 0;
  while (at < value.length) {
    while (/\s/.test(value[at] ?? '')) at++;
    if (at >= value.length) break;
    if (value[at] === ';' && (at + 1 === value.length || /\s/.test(value[at + 1] ?? '')))
      throw new Error('a second command');
    let word = '';
    let quote = '';
    for (; at < value.length; at++) {
      const character = value[at] as string;
      if (character === '\\') {
        const [text, length] = readEscape(value.slice(at));
        word += text;
        at += length - 1;
      } else if (quote === character) quote = '';
      else if (quote === '' && (character === '"' || character === "'")) quote = character;
      else if (quote === '' && /\s/.test(character)) break;
      else word += character;
    }
    if (quote !== '') throw new Error('an open quote');
    words.push(word);
  }
  return words.map(readSpecifiers);
}

/** `%%` is the only specifier that stands for itself. */
export function readSpecifiers(text: string): string {
  return text.replaceAll(/%(.?)/gs, (whole, character: string) => {
    if (character === '%') return '%';
    throw new Error(`specifier ${whole}`);
  });
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '"': '"',
  "'": "'",
  '\\': '\\',
  s: ' ',
};

function readEscape(text: string): [string, number] {
  const hex = /^\\x([0-9a-f]{2})|^\\u([0-9a-f]{4})/.exec(text);
  if (hex !== null) {
    const code = Number.parseInt(hex[1] ?? hex[2] ?? '', 16);
    // A byte above 0x7f is no character; NUL is refused.
    if (code === 0 || (hex[1] !== undefined && code > 0x7f)) throw new Error(`escape ${hex[0]}`);
    return [String.fromCharCode(code), hex[0].length];
  }
  const plain = ESCAPES[text[1] ?? ''];
  if (plain === undefined) throw new Error(`escape ${text.slice(0, 2)}`);
  return [plain, 2];
}
