/**
 * A check of XML property lists before they are parsed: tags balance, nesting is bounded, and there are no entities
 * of one's own. The XML library would report such faults on the console of the host, or recurse without end.
 */

const MAX_DEPTH = 64;

// In order: declaration or comment, CDATA, doctype without an internal subset, closing tag, opening tag, text or
// one entity.
const TOKEN =
  /<\?[^>]*\?>|<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<!DOCTYPE[^[\]<>]*>|<\/([A-Za-z]+)\s*>|<([A-Za-z]+)((?:\s+[A-Za-z:]+\s*=\s*(?:"[^"<&]*"|'[^'<&]*'))*)\s*(\/?)>|([^<&]+|&(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)/y;

/** @throws Error saying what is wrong and at which line */
export function assertXmlPlist(xml: string): void {
  const open: string[] = [];
  let hasRoot = false;
  TOKEN.lastIndex = 0;
  for (let at = 0; at < xml.length; at = TOKEN.lastIndex) {
    const token = TOKEN.exec(xml);
    if (token === null) throw faultAt(xml, at, 'bad XML');
    const [, closing, opening, , selfClosing, text] = token;
    if (closing !== undefined) {
      if (open.pop() !== closing) throw faultAt(xml, at, `unexpected </${closing}>`);
    } else if (opening !== undefined) {
      if (open.length === 0 && hasRoot) throw faultAt(xml, at, 'a second root element');
      hasRoot = true;
      if (selfClosing === '') open.push(opening);
      if (open.length > MAX_DEPTH) throw faultAt(xml, at, 'nested too deeply');
    } else if (text !== undefined && open.length === 0 && text.trim() !== '') {
      throw faultAt(xml, at, 'text outside the root element');
    }
  }
  const unclosed = open.pop();
  if (unclosed !== undefined) throw faultAt(xml, xml.length, `<${unclosed}> is not closed`);
}

function faultAt(xml: string, offset: number, what: string): Error {
  return new Error(`${what} at line ${xml.slice(0, offset).split('\n').length}`);
}
