/** JSON text with exact integers. */

/** JSON.stringify, with bigints as integers of all their digits. */
export function jsonText(value: unknown, indent?: number): string {
  const integers: string[] = [];
  const text = JSON.stringify(
    value,
    (_key, item: unknown) =>
      typeof item === 'bigint' ? `\u0000${integers.push(item.toString()) - 1}` : item,
    indent,
  ) as string;
  if (integers.length === 0) return text;
  // What looks like a mark and is not one would need a NUL and a number in use; then the last resort is to say no.
  const marks = text.match(MARK)?.length ?? 0;
  if (marks !== integers.length) throw new RangeError('text beside big integers holds a NUL');
  return text.replaceAll(MARK, (_mark, index: string) => integers[Number(index)] as string);
}

const MARK = /"\\u0000(\d+)"/g;
