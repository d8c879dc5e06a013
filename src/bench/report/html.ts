/** HTML as a type of its own: what is not markup already is escaped when it is put into some. */

/** Text that is HTML. Only `html` and `trusted` make it. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What a template takes; `null`, `undefined` and `false` leave nothing. */
export type HtmlValue = string | number | Markup | null | undefined | false | readonly HtmlValue[];

/** Text and attribute values with nothing left that HTML would read. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function textOf(value: HtmlValue): string {
  if (value instanceof Markup) return value.text;
  if (Array.isArray(value)) return value.map(textOf).join('');
  if (value === null || value === undefined || value === false) return '';
  return escapeHtml(String(value));
}

/** A tag for templates: values are escaped, markup and lists of it are not. Attributes must be in double quotes. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Markup {
  return new Markup(strings.map((text, index) => text + textOf(values[index])).join(''));
}

/** Takes text of our own as HTML. */
export function trusted(text: string): Markup {
  return new Markup(text);
}

/** A value as JSON that can stand in a script element: it has no `<`, so nothing in it can end the element. */
export function jsonForScript(value: unknown): Markup {
  return new Markup(
    JSON.stringify(value)
      .replaceAll('<', '\\u003c')
      .replaceAll('\u2028', '\\u2028')
      .replaceAll('\u2029', '\\u2029'),
  );
}
