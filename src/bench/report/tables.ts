/** The tables: targets first, then what stands behind each chart. */
import type { BenchRow, Series } from '../model.js';
import { latencyTableColumns, spreadOf } from './columns.js';
import { bytes, figure, times, withUnit } from './format.js';
import { type CurveGroup, payloadsOf } from './groups.js';
import { type HtmlValue, html, type Markup } from './html.js';
import { isFloor, isOurs } from './palette.js';

/** A table that scrolls by itself where it is wider than the page. */
function scrolling(label: string, head: Markup, body: HtmlValue): Markup {
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0"><table>
<caption class="quiet">${label}</caption>
<thead><tr>${head}</tr></thead>
<tbody>${body}</tbody>
</table></div>`;
}

const numbers = (...titles: readonly string[]) =>
  titles.map((title) => html`<th scope="col" class="number">${title}</th>`);

/** Whether a row reached what it aims at, in a word, a sign and a colour. */
export function verdict(row: BenchRow): Markup {
  if (row.target === null) return html`<span class="verdict none">no target</span>`;
  if (row.isReached === null)
    return html`<span class="verdict open"><i aria-hidden="true">?</i> not compared</span>`;
  return row.isReached
    ? html`<span class="verdict reached"><i aria-hidden="true">✓</i> reached</span>`
    : html`<span class="verdict missed"><i aria-hidden="true">✗</i> missed</span>`;
}

/** All rows: those with a target, then the rest. */
export function rowsTable(rows: readonly BenchRow[], label: string): Markup {
  const line = (row: BenchRow) => html`<tr>
<th scope="row">${row.name}${row.target === null ? null : html`<small>${row.target}</small>`}</th>
<td>${verdict(row)}</td>
<td class="number"><b>${withUnit(row.value, row.unit)}</b><small>${spreadText(row)}</small></td>
<td class="number">${withUnit(row.floor, row.unit)}</td>
<td class="number">${times(row.ratioToFloor)}</td>
<td class="number">${withUnit(row.bestPeer, row.unit)}${
    row.bestPeerName === null ? null : html`<small>${row.bestPeerName}</small>`
  }</td>
<td class="number">${times(row.ratioToBestPeer)}</td>
</tr>`;
  const head = html`<th scope="col">Work, and what is aimed at</th><th scope="col">Target</th>${numbers(
    'Measured',
    'Floor',
    '÷ floor',
    'Best peer',
    '÷ peer',
  )}`;
  return scrolling(label, head, rows.map(line));
}

function spreadText({ spread: [least, most], unit }: BenchRow): string {
  return least === most ? '' : `${figure(least, unit)} to ${figure(most, unit)}`;
}

/** The percentiles behind a pair of distributions. */
export function latencyTable(label: string, series: readonly Series[]): Markup {
  const floor = series.find(({ transport }) => isFloor(transport));
  const columns = latencyTableColumns(floor);
  const head = html`<th scope="col">Transport</th>${numbers(...columns.map(({ title }) => title))}`;
  return scrolling(
    label,
    head,
    series.map(
      (one) =>
        html`<tr${rowClass(one)}><th scope="row">${one.transport}</th>${columns.map(
          ({ textOf }) => html`<td class="number">${textOf(one)}</td>`,
        )}</tr>`,
    ),
  );
}

/** The figures behind a curve: a column for each transport. */
export function curveTable(label: string, { series, unit }: CurveGroup): Markup {
  const transports = [...new Set(series.map(({ transport }) => transport))];
  const cell = (transport: string, payload: number) => {
    const one = series.find((other) => other.transport === transport && other.payload === payload);
    return html`<td class="number">${one ? figure(one.median, unit) : '–'}<small>${one ? spreadOf(one) : ''}</small></td>`;
  };
  return scrolling(
    `${label}, ${unit}`,
    html`<th scope="col">Payload</th>${numbers(...transports)}`,
    payloadsOf(series).map(
      (payload) =>
        html`<tr><th scope="row">${bytes(payload)}</th>${transports.map((transport) => cell(transport, payload))}</tr>`,
    ),
  );
}

/** Every round of a bar chart. */
export function roundsTable(label: string, series: readonly Series[]): Markup {
  const rounds = Math.max(...series.map((one) => one.rounds.length));
  return scrolling(
    `${label}, ${series[0]?.unit}`,
    html`<th scope="col">Transport</th>${numbers(
      'Median',
      ...Array.from({ length: rounds }, (_, index) => `Round ${index + 1}`),
    )}`,
    series.map(
      (one) =>
        html`<tr${rowClass(one)}><th scope="row">${one.transport}</th><td class="number"><b>${figure(
          one.median,
          one.unit,
        )}</b></td>${Array.from({ length: rounds }, (_, index) => html`<td class="number">${figure(one.rounds[index] ?? null, one.unit)}</td>`)}</tr>`,
    ),
  );
}

/** Figures that nothing was measured beside: a line each instead of a bar that is alone. */
export function singlesTable(
  label: string,
  singles: readonly { readonly title: string; readonly series: Series }[],
): Markup {
  return scrolling(
    label,
    html`<th scope="col">${label}</th>${numbers('Measured', 'Lowest and highest round')}`,
    singles.map(
      ({ title, series }) =>
        html`<tr><th scope="row">${title}${
          series.transport === 'launchport' ? null : html`<small>${series.transport}</small>`
        }</th><td class="number"><b>${withUnit(series.median, series.unit)}</b></td><td class="number">${spreadOf(series)}</td></tr>`,
    ),
  );
}

/** Marks the rows that are ours. */
export function rowClass({ transport }: Series): Markup {
  return isOurs(transport) ? html` class="ours"` : html``;
}
