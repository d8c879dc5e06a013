/** Bars: a table that is a picture at the same time, best first, with a whisker from the worst to the best round. */
import { isLessBetter, type Series } from '../model.js';
import { figure, times } from './format.js';
import type { BarGroup } from './groups.js';
import { html, type Markup } from './html.js';
import type { TransportStyle } from './page/shapes.js';
import { isFloor } from './palette.js';
import { roundsTable, rowClass } from './tables.js';

/** Where the longest bar or whisker ends, in per cent. */
const LONGEST = 98;

/** One workload over its transports. */
export function barTable(
  group: BarGroup,
  caption: string,
  styleOf: (series: Series) => TransportStyle,
): Markup {
  const { unit } = group;
  const sign = isLessBetter(unit) ? 1 : -1;
  const series = [...group.series].sort((a, b) => sign * (a.median - b.median));
  const most = Math.max(...series.flatMap(({ median, rounds }) => [median, ...rounds])) || 1;
  const scale = (value: number) => Math.max(0, Math.min(100, (value / most) * LONGEST));
  const floor = series.find(({ transport }) => isFloor(transport));
  const line = (one: Series) => {
    const { color, dash } = styleOf(one);
    return html`<tr${rowClass(one)}>
<th scope="row">${one.transport}</th>
<td class="bar">${bar(scale(one.median), one.rounds.map(scale), `t${color} d${dash}`)}</td>
<td class="number"><b>${figure(one.median, unit)}</b></td>
${floor ? html`<td class="number">${one === floor ? '' : times(one.median / floor.median)}</td>` : null}
</tr>`;
  };
  return html`<table class="bars">
<caption>${caption} <small>${unit}, ${isLessBetter(unit) ? 'less' : 'more'} is better</small></caption>
<thead><tr><th scope="col"><span class="quiet">Transport</span></th><th scope="col"><span class="quiet">Bar</span></th>
<th scope="col" class="number">${unit === 'count' ? 'median' : unit}</th>
${floor ? html`<th scope="col" class="number">÷ floor</th>` : null}</tr></thead>
<tbody>${series.map(line)}</tbody>
</table>
<details><summary>Rounds</summary>${roundsTable(caption, series)}</details>`;
}

function bar(width: number, rounds: readonly number[], look: string): Markup {
  const [from, until] = [Math.min(...rounds), Math.max(...rounds)];
  const hasSpread = rounds.length > 1 && until - from > 0.3;
  const at = (value: number) => `${value.toFixed(2)}%`;
  return html`<svg class="${look}" aria-hidden="true" width="100%" height="16"><rect x="0" y="2" height="12" width="${at(
    Math.max(width, 0.2),
  )}"/>${
    hasSpread
      ? html`<g class="whisker"><line x1="${at(from)}" x2="${at(until)}" y1="8" y2="8"/><line x1="${at(from)}" x2="${at(
          from,
        )}" y1="4.5" y2="11.5"/><line x1="${at(until)}" x2="${at(until)}" y1="4.5" y2="11.5"/></g>`
      : null
  }</svg>`;
}
