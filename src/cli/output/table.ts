/** Tables for people: a header, aligned columns, nothing cut. */
import { printable } from '../../base/index.js';
import type { CliContext } from '../context.js';

/** One column: its heading and the text of a row's cell. */
export interface Column<Row> {
  readonly heading: string;
  readonly cell: (row: Row) => string;
}

/** Writes `rows` under their headings, two spaces apart; the last column is not padded. */
export function writeTable<Row>(
  context: CliContext,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): void {
  const lines = [
    columns.map((column) => column.heading),
    ...rows.map((row) => columns.map((c) => printable(c.cell(row)))),
  ];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)));
  for (const line of lines) {
    const padded = line.map((cell, index) =>
      index === line.length - 1 ? cell : cell.padEnd(widths[index] ?? 0),
    );
    context.stdout.write(`${padded.join('  ').trimEnd()}\n`);
  }
}
